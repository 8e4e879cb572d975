package serve

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"communique/feeds/words"
)

// searched gives a search in the form that stands in addresses, titles and
// queries. One without a word stays as it is, and finds nothing.
func searched(text string) (plain string, err error) {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return "", bad("q", "q is not text in UTF-8; want words such as q=border+families").as("reason.not-text")
	}
	asked, err := words.Parse(text)
	if err != nil {
		no := bad("q", "q: "+err.Error())
		if len(text) > words.MaxQuery {
			return "", no.as("reason.search-long", "max", words.MaxQuery)
		}
		if errors.Is(err, words.ErrShort) {
			return "", no.as("reason.search-short", "max", words.MaxShort)
		}
		return "", no.as("reason.search-words", "max", words.MaxParts)
	}
	if len(asked.Clauses) == 0 {
		return text, nil
	}
	return asked.String(), nil
}
