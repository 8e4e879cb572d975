// Package websub subscribes at the hubs that sources name, so that their news
// come the moment they are published (W3C WebSub, the subscriber's side).
//
// It asks hubs, answers their verification, takes what they push and renews
// leases. It decides nothing about items: a body whose signature is right goes
// to the engine, which reads it as if it had fetched it. Start with Found and
// ServeHTTP.
package websub
