// Package tag gives statements their regions, countries, topics and events by
// rules that anybody can read: it compiles them, applies them to a text view,
// explains every tag with the rule and the words that caused it, and gives a
// fingerprint that tells when the rules have changed.
//
// The built-in rules are plain text under data/; an operator's rules (the
// section "taxonomy" of the configuration) are added to them. It does not read
// HTML, guess languages or strip datelines: aggregator/normalize does.
//
// Start with taxonomy.go (what a rule is), then tagger.go (the way of one
// text), mention.go (what a place's name is worth), places.go, topics.go and
// themes.go (how words and a publisher's categories become tags), token.go,
// matcher.go and inflect.go (how words are found).
package tag
