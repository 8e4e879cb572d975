package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"communique/aggregator/dedup"
	"communique/aggregator/normalize"
	"communique/aggregator/tag"
	"communique/feeds"
)

// document is a line that `classify` reads (CONTRACT.md).
type document struct {
	ID        string `json:"id"`
	Title     string `json:"title"`
	Text      string `json:"text"`
	HTML      string `json:"html"`
	URL       string `json:"url"`
	Language  string `json:"language"`
	Published string `json:"published"`
	Source    string `json:"source"`
}

// verdict is a line that `classify` writes.
type verdict struct {
	ID        string         `json:"id"`
	Language  string         `json:"language"`
	Statement string         `json:"statement"`
	Relation  feeds.Relation `json:"relation"`
	Of        string         `json:"of,omitempty"`
	Score     float32        `json:"score,omitempty"`
	Regions   []string       `json:"regions"`
	Countries []string       `json:"countries"`
	Topics    []string       `json:"topics"`
	Events    []string       `json:"events"`
	Mentioned []string       `json:"mentioned"` // countries that are named besides
	Why       []reason       `json:"why"`
}

// reason says which rule gave a tag, and on which words.
type reason struct {
	Tag      string `json:"tag"`
	Rule     string `json:"rule"`
	Evidence string `json:"evidence,omitempty"`
}

func reasons(taggings []feeds.Tagging) []reason {
	out := make([]reason, 0, len(taggings))
	for _, t := range taggings {
		out = append(out, reason{t.Tag.String(), t.Rule, t.Evidence})
	}
	return out
}

func (a *app) classify() *cobra.Command {
	return &cobra.Command{
		Use:     "classify FILE.jsonl|-",
		Short:   "Put documents through dedup and tag, in order; nothing is stored",
		Example: `  echo '{"id":"1","title":"Déclaration","text":"…","url":"https://example.org/1"}' | communique classify -`,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			tagger, err := a.tagger()
			if err != nil {
				return err
			}
			in, name := a.stdin, "stdin"
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				in, name = f, args[0]
			}
			out := bufio.NewWriter(a.stdout)
			return errors.Join(classify(in, out, name, tagger), out.Flush()) // also when a line is bad: those before it were not
		},
	}
}

// classify judges each document against those before it.
func classify(in io.Reader, out io.Writer, name string, tagger *tag.Tagger) error {
	seen := map[feeds.Key][]dedup.Known{}
	ids := map[feeds.ItemKey]string{}
	placer := dedup.New(dedup.Options{Find: func(keys []feeds.Key) (map[feeds.Key][]dedup.Known, error) { return seen, nil }})
	norm := normalize.New()
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	r := bufio.NewReaderSize(in, 1<<16)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil
		} else if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff")) // some editors put it there
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if line[0] != '{' {
			return fmt.Errorf("%s:%d: not a document: want a JSON object", name, n)
		}
		var doc document
		if err := json.Unmarshal(line, &doc); err != nil {
			return fmt.Errorf("%s:%d: not a document: %w", name, n, err)
		}
		d, src := draftOf(norm, doc)
		placed, release, err := placer.Place(src, []feeds.Draft{d}, time.Unix(int64(n), 0).UTC())
		if err != nil {
			return err
		}
		release()
		p := placed[0]
		if !p.Seen {
			ids[p.Item] = doc.ID
			for _, k := range p.Keys {
				seen[k] = append(seen[k], dedup.Known{Item: p.Item, Statement: p.Statement, FirstSeen: time.Unix(int64(n), 0).UTC(),
					GUID: d.ID, Link: d.Link, Title: d.Title, Published: d.Published, Language: d.Language})
			}
		}
		v := verdict{ID: doc.ID, Language: d.Language, Statement: string(p.Statement), Relation: p.Relation, Of: ids[p.Of], Score: p.Score,
			Regions: []string{}, Countries: []string{}, Mentioned: []string{}, Topics: []string{}, Events: []string{}}
		if p.Seen {
			v.Relation, v.Of = feeds.IsCorrection, ids[p.Item]
		}
		taggings := tagger.Tag(tag.Input{Language: d.Language, View: d.Text, Published: d.Published, Source: src})
		v.Why = reasons(taggings)
		for _, t := range taggings {
			switch t.Tag.Scheme {
			case feeds.Region:
				v.Regions = append(v.Regions, t.Tag.Term)
			case feeds.Country:
				v.Countries = append(v.Countries, strings.ToUpper(t.Tag.Term))
			case feeds.Mention:
				v.Mentioned = append(v.Mentioned, strings.ToUpper(t.Tag.Term))
			case feeds.Topic:
				v.Topics = append(v.Topics, t.Tag.Term)
			case feeds.Event:
				v.Events = append(v.Events, t.Tag.Term)
			}
		}
		if err := enc.Encode(v); err != nil {
			return err
		}
	}
}

// draftOf turns a document into what the line carries.
func draftOf(n *normalize.Normalizer, doc document) (feeds.Draft, feeds.Source) {
	src := feeds.Source{ID: feeds.SourceID(doc.Source)}
	text := doc.HTML
	if text == "" {
		text = doc.Text
	}
	d := feeds.Draft{Copy: feeds.Copy{Source: src.ID, ID: doc.ID, Title: doc.Title, Content: text, Link: doc.URL, Language: doc.Language}}
	if at, ok := normalize.ParseDate(doc.Published); ok {
		d.Published = at
	}
	if d.Language == "" {
		d.Language, _ = n.Detect(doc.Title + "\n" + text)
	}
	d.Canonical = normalize.Canonical(doc.URL)
	d.Text = n.View(d.Language, doc.Title, text)
	return d, src
}
