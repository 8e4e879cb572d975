package serve

import (
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"communique/feeds"
	"communique/feeds/words"
)

// searched adds a search to a query and gives it in the form that stands in
// addresses and titles. A search without a word finds nothing.
func searched(q *feeds.Query, text string) (plain string, err error) {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return "", refuse(http.StatusBadRequest, "q is not text in UTF-8; want words such as q=border+families")
	}
	asked, err := words.Parse(text)
	if err != nil {
		return "", refuse(http.StatusBadRequest, "q: "+err.Error())
	}
	if len(asked.Clauses) == 0 {
		q.Words = text
		return text, nil
	}
	plain = asked.String()
	own, err := words.Parse(q.Words)
	if err != nil {
		return "", err
	}
	q.Words = strings.TrimSpace(own.String() + " " + plain)
	if _, err := words.Parse(q.Words); err != nil {
		return "", refuse(http.StatusBadRequest, "q and the words that the feed has already: "+err.Error())
	}
	return plain, nil
}
