// Package words says what a word is: how texts of any language are taken apart
// for searching, which words count as forms of one, and what a person's search
// asks for.
//
// A Reader (split.go) gives the folded words of a text with their places. The
// words of a search are compared with the words that texts have: a word has no
// language, a text has one, so Part.Match takes the text's word and its
// language and asks whether both are forms of one word there (stem.go). What is
// stored are folded words only; stems are worked out when somebody asks.
//
// The syntax of a search is told in docs/search.md. There are no errors of
// syntax: what makes no sense is read as words. Only size is refused.
package words
