package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"communique/aggregator/fetch"
	"communique/aggregator/normalize"
	"communique/aggregator/parse"
	"communique/feeds"
)

// entryLine is an entry as `parse --jsonl` writes it (CONTRACT.md).
type entryLine struct {
	Type       string            `json:"type"`
	ID         string            `json:"id,omitempty"`
	Title      string            `json:"title,omitempty"`
	Link       string            `json:"link,omitempty"`
	Links      []feeds.Link      `json:"links,omitempty"`
	Published  string            `json:"published,omitempty"`
	Updated    string            `json:"updated,omitempty"`
	Authors    []feeds.Person    `json:"authors,omitempty"`
	Summary    string            `json:"summary,omitempty"`
	Content    string            `json:"content,omitempty"`
	Language   string            `json:"language,omitempty"`
	Categories []feeds.Category  `json:"categories,omitempty"`
	Enclosures []feeds.Enclosure `json:"enclosures,omitempty"`
	Image      string            `json:"image,omitempty"`
	Rights     string            `json:"rights,omitempty"`
	Source     *feeds.Origin     `json:"source,omitempty"`
	Notes      []string          `json:"notes,omitempty"`
}

// feedLine is the first line of `parse --jsonl`.
type feedLine struct {
	Type string `json:"type"`
	feeds.Channel
}

func (a *app) parse() *cobra.Command {
	var jsonl bool
	var base, contentType string
	c := &cobra.Command{
		Use:   "parse FILE|URL|-",
		Short: "Read one feed and show what it says, cleaned; nothing is stored",
		Example: `  communique parse --jsonl feed.xml
  curl -s https://example.org/rss.xml | communique parse --base https://example.org/rss.xml -`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if u, err := url.Parse(base); base != "" && (err != nil || u.Host == "") {
				return usageError{fmt.Errorf("--base %q: want a whole URL, such as https://example.org/rss.xml", base)}
			}
			body, err := a.document(c.Context(), args[0], &base, &contentType)
			if err != nil {
				return err
			}
			doc, err := parse.Parse(body, parse.Options{ContentType: contentType, URL: base})
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			n := normalize.New()
			o := normalize.Options{Source: feeds.Source{ID: "parse", URL: base}, URL: base, Now: time.Now()}
			w := bufio.NewWriter(a.stdout)
			if jsonl {
				err = writeLines(w, n, doc, o)
			} else {
				showFeed(w, n, doc, o)
			}
			return errors.Join(err, w.Flush())
		},
	}
	c.Flags().BoolVar(&jsonl, "jsonl", false, "one JSON object a line: the feed, then its entries")
	c.Flags().StringVar(&base, "base", "", "`URL` of the document, for relative links (default: the URL it was fetched from)")
	c.Flags().StringVar(&contentType, "content-type", "", "`TYPE` that HTTP gave (Content-Type), for its charset")
	return c
}

// writeLines writes the feed, then its entries, for programs.
func writeLines(w io.Writer, n *normalize.Normalizer, doc *feeds.Document, o normalize.Options) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	ch := n.Channel(doc, o)
	if err := enc.Encode(feedLine{"feed", ch}); err != nil {
		return err
	}
	for i := range doc.Items {
		d := n.Item(doc, ch, &doc.Items[i], o)
		line := lineOf(&d.Copy)
		line.Links = n.Links(doc, &doc.Items[i], o)
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

// showFeed writes the same for people: what an entry is known by, and what was
// odd about it. What cannot be written, Flush tells.
func showFeed(w io.Writer, n *normalize.Normalizer, doc *feeds.Document, o normalize.Options) {
	ch := n.Channel(doc, o)
	fmt.Fprintf(w, "%s\n  %s\n  %s, %d entries, language %s\n", orNone(printable(ch.Title)), orNone(printable(ch.Link)), ch.Format, len(doc.Items), orNone(ch.Language))
	for _, note := range ch.Notes {
		fmt.Fprintf(w, "  note: %s\n", printable(note))
	}
	for i := range doc.Items {
		d := n.Item(doc, ch, &doc.Items[i], o)
		fmt.Fprintf(w, "\n%s\n  %s\n  published %s, language %s\n", orNone(printable(d.Title)), orNone(printable(d.Link)), orNone(minute(stamp(d.Published))), orNone(d.Language))
		for _, note := range d.Notes {
			fmt.Fprintf(w, "  note: %s\n", printable(note))
		}
	}
}

// document gives the bytes of a file, a URL or stdin, and for a URL fills in
// what the flags left open.
func (a *app) document(ctx context.Context, name string, base, contentType *string) ([]byte, error) {
	switch {
	case name == "-":
		return io.ReadAll(a.stdin)
	case strings.HasPrefix(name, "http://"), strings.HasPrefix(name, "https://"):
		// Whoever types a URL on his own machine may reach his own network.
		everywhere := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
		f, err := fetch.New(fetch.Options{UserAgent: "communique/" + versionNumber, AllowNetworks: everywhere})
		if err != nil {
			return nil, err
		}
		got, err := f.Get(ctx, fetch.Request{URL: name})
		if err != nil {
			return nil, err
		}
		if *base == "" {
			*base = got.Final
		}
		if *contentType == "" {
			*contentType = got.ContentType
		}
		return got.Body, nil
	}
	return os.ReadFile(name)
}

func lineOf(c *feeds.Copy) entryLine {
	return entryLine{
		Type: "entry", ID: c.ID, Title: c.Title, Link: c.Link, Links: c.Links,
		Published: stamp(c.Published), Updated: stamp(c.Updated), Authors: c.Authors,
		Summary: c.Summary, Content: c.Content, Language: c.Language, Categories: c.Categories,
		Enclosures: c.Enclosures, Image: c.Image, Rights: c.Rights, Source: c.Via, Notes: c.Notes,
	}
}
