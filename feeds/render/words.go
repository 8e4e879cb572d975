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

// Opening gives the first sentences of a plain text, at most so many characters; when
// the first is longer, as many words as fit and an ellipsis.
func Opening(text string, most int) string { return shorten(text, most) }

// Rights gives what is to be shown of whose a copy is, plain text, each once: what
// is said of it, and what is of its feed, or the operator for it.
func Rights(c *feeds.Copy) []string {
	var out []string
	for _, r := range []string{plain(c.Rights), plain(c.Origin.Rights)} {
		if r != "" && (len(out) == 0 || out[0] != r) {
			out = append(out, r)
		}
	}
	return out
}
