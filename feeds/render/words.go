package render

import "communique/feeds"

// Words gives the title and summary that a copy is shown with, in feeds and on
// pages: plain text, never blank, made from its text where its publisher gave
// none.
func Words(c *feeds.StatedCopy, id feeds.StatementID) (title, summary string) {
	var v view
	v.texts(c, id)
	return v.title, v.summary
}
