// Package docs holds the documents that the program itself shows.
package docs

import _ "embed"

// Partners is the guide for webmasters who show our feeds, in Markdown. Its
// addresses are of https://news.example.org, which stands for the site's own.
//
//go:embed partners.md
var Partners string
