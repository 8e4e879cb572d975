// Package render writes statements as Atom 1.0 (RFC 4287), RSS 2.0, JSON Feed
// 1.1 and OPML 2.0, through the extension points of github.com/gorilla/feeds.
// The bytes depend on nothing but the arguments: no clock, no configuration,
// no map order. HTTP (media types aside), caching and choosing statements live
// elsewhere.
//
// A document is made in two steps, so that a server can keep the first:
// Site.Entry turns one statement into a finished fragment of one format, and
// Site.Feed puts a head round fragments. Atom, RSS and JSON do both at once.
//
// Start with view.go, which decides what is said about a statement in whatever
// format; atom.go, rss.go and json.go only spell it. The rules are those of the
// standards plus what the W3C feed validator warns of and what readers were
// seen to trip over; a comment stands where a rule is not plain.
package render
