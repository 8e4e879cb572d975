// Package serve answers the public HTTP listener: feeds in every format, the
// pages that show them to people, single statements, and the lists of what
// there is. Admin answers the other listener.
//
// A request is resolved to a selection (resolve.go), the selection to a
// prepared document (document.go, from render or a page template) which is kept
// until the statements in it change (cache.go), and the document is answered as
// RFC 9110 says (respond.go). Nothing here decides what a statement is.
package serve
