// Package pages draws the pages that people read: what a page shows comes in as
// a value (page.go), what stands around and between it is said in one of the
// site's languages (language.go, messages/), and what comes out is HTML that
// depends on its input alone. It asks no store and answers no request; that is
// feeds/serve.
//
// To translate the site, copy messages/en.json to the new language's tag and
// put each text into that language; the tests say what is missing.
package pages
