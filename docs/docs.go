// Package docs holds the documents that the program itself shows.
package docs

import "embed"

// Partners is the guide for webmasters who show our feeds, in Markdown. Its
// addresses are of https://news.example.org, which stands for the site's own.
//
//go:embed partners.md
var Partners string

// Operators are the documents for those who run the program, in Markdown.
//
//go:embed *.md decisions/*.md
var Operators embed.FS
