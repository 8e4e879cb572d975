// Package parse turns the bytes of a feed into a feeds.Document: RSS 0.9x, 1.0
// and 2.0, Atom 0.3 and 1.0, JSON Feed 1.0 and 1.1.
//
// The way of an XML feed, one straight line, one file each:
//
//	charset.go        bytes → UTF-8 text without characters that XML forbids
//	split.go          text → the head, and the range of every item
//	xml.go            hashes the items; those that the caller knows go no further
//	element.go        a range → its child elements, as tolerant as can be
//	skeleton.go       elements → a small, well-formed document that gofeed reads
//	rss.go, atom.go   what gofeed says the elements are → Document and Items
//
// JSON Feed goes its own, shorter way through json.go.
//
// gofeed never sees what a publisher wrote. It reads a skeleton of the feed in
// which every value is the number of the element that it stands for; gofeed
// says what is what (its vocabulary, its dialects), and the element says what
// stands there, byte for byte, with its type, language and base. So hostile
// documents (a million namespaces, comments or levels) cannot reach it, text
// is decoded once, and nothing is lost that gofeed's own types have no room for.
//
// Texts stay raw: sanitising them, resolving references, reading dates and
// deciding on languages is aggregator/normalize's work.
package parse
