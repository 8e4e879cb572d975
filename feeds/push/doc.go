// Package push delivers news to those who asked for it: to WebSub subscribers
// (hub.go, topic.go), to the operator's webhooks (webhook.go) and to open
// connections (stream.go).
//
// One mechanism serves them. The watch (push.go) wakes at the store's commits
// and asks which statements they touched. What is posted to an address goes
// through the courier (courier.go), which gives every receiver a line of its
// own with a place in the journal or in a topic, and keeps slow ones from
// holding up the others. Where every line stands is in the store, written in
// batches, so a restart resumes what was due; a receiver may then be told the
// same twice, and never not at all.
//
// Start with Pusher in push.go.
package push
