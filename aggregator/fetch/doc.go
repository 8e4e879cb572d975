// Package fetch makes one polite HTTP GET: it asks with the validators that it
// is given, follows redirects by hand, keeps to the manners of the host, reads
// and decodes a body within limits, and says in types and in words what went
// wrong. It keeps nothing between two visits but open connections.
//
// Start with Fetcher.Get. What is not here: when to ask (schedule), what the
// body means, also whether it is a feed at all or empty (parse), and what is
// remembered of a visit (feeds.Fetched). Durations that an origin asks for
// (Retry-After, max-age) are read here and obeyed by schedule.
//
// Every connection goes through the guard at the moment of dialling, after the
// name was resolved, so neither a redirect nor a name that resolves to another
// address the second time leads into a private network.
package fetch
