package normalize

import "communique/feeds"

// View makes the text view of a title and a text, which is HTML or plain.
func (n *Normalizer) View(language, title, html string) feeds.TextView {
	return feeds.TextView{Title: title, Body: html}
}
