// Package normalize turns what a publisher wrote (feeds.Item) into what we can
// hold (feeds.Draft): plain titles, sanitised HTML, absolute URLs, UTC times, a
// language, and the text view that dedup and tag read.
//
// It does not fetch, does not decide whether two items are one (dedup) and
// does not tag. It never invents: what the publisher did not say stays empty,
// and whatever had to be repaired or dropped is in the copy's Notes. Start
// with Item in normalize.go; every file beside it is one kind of field.
package normalize
