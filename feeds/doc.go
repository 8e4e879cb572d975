// Package feeds holds the nouns that every other room speaks of: what a
// publisher wrote (Document, Item), what we cleaned (Copy), what we hold
// (Statement), what a node says (Fact) and what a reader asks for (Query).
//
// It has no I/O, no clock, no logging and imports only the standard library.
// Three levels of trust are three types: an Item is what they said, a Copy is
// what we cleaned, a Statement is what we hold. Start with item.go, copy.go
// and statement.go, then fact.go.
package feeds
