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
// # Syntax of a search
//
// All words must stand in the title or text of a statement, in any order and
// in any of its copies. A word finds its other forms (migrants: migrant), with
// or without accents.
//
//	border families      both words
//	"family reunification"   these words in this order, in these forms
//	"migrants"           this form only
//	-detention           not this word; -"in detention" not this phrase
//	floods OR storms     one of them; binds closer than a space
//	migr*                words that begin so, from three letters on
//	COVID-19, S/RES/2254 the parts next to each other
//	难民营                 the characters next to each other
//
// There are no errors of syntax: what makes no sense is read as words. Only
// size is refused.
package words
