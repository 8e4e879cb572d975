package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
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
	Threshold float32        `json:"threshold,omitempty"`
	Because   string         `json:"because,omitempty"`
	Near      []nearby       `json:"near,omitempty"`
	Regions   []string       `json:"regions"`
	Countries []string       `json:"countries"`
	Topics    []string       `json:"topics"`
	Events    []string       `json:"events"`
	Mentioned []string       `json:"mentioned"` // countries that are named besides
	Why       []reason       `json:"why"`
}

// nearby is a document that was close and is another statement all the same.
type nearby struct {
	ID        string  `json:"id"`
	Statement string  `json:"statement"`
	Score     float32 `json:"score"`
	Threshold float32 `json:"threshold"`
	Why       string  `json:"why"`
	Related   bool    `json:"related,omitempty"`
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
	shelf, err := newShelf()
	if err != nil {
		return err
	}
	defer shelf.Close()
	placer := dedup.New(dedup.Options{Find: shelf.find, Text: shelf.text})
	told := map[feeds.StatementID][]feeds.Tag{} // of the statements so far
	var now time.Time
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
		// The documents' own dates are the clock: a statement that is published
		// later was there later.
		if now = now.Add(time.Second); d.Published.After(now) {
			now = d.Published
		}
		d.Taggings = tagger.Tag(tag.Input{Language: d.Language, View: d.Text, Published: d.Published, Source: src})
		placed, release, err := placer.Place(src, []feeds.Draft{d}, now)
		if err != nil {
			return err
		}
		p := &placed[0]
		of := shelf.id(p.Of)
		if p.Seen {
			p.Relation, of = feeds.IsCorrection, shelf.id(p.Item)
		} else if err := shelf.put(doc.ID, &d, p, now); err != nil {
			return err
		}
		release()
		v := verdict{ID: doc.ID, Language: d.Language, Statement: string(p.Statement), Relation: p.Relation, Of: of,
			Score: p.Score, Threshold: p.Threshold, Because: p.Why,
			Regions: []string{}, Countries: []string{}, Mentioned: []string{}, Topics: []string{}, Events: []string{}}
		for _, n := range p.Near {
			v.Near = append(v.Near, nearby{shelf.id(n.Item), string(n.Statement), n.Score, n.Threshold, n.Why, n.Related})
		}
		taggings := shared(told, p, d.Taggings)
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

// shared gives a document's tags with those that the statement has from its
// other copies, and notes them for the copies to come.
func shared(told map[feeds.StatementID][]feeds.Tag, p *dedup.Placement, own []feeds.Tagging) []feeds.Tagging {
	all := told[p.Statement]
	for _, loser := range p.Join {
		all = append(all, told[loser]...)
		delete(told, loser)
	}
	out := slices.Clone(own)
	for _, t := range all {
		if !slices.ContainsFunc(out, func(g feeds.Tagging) bool { return g.Tag == t }) {
			out = append(out, feeds.Tagging{Tag: t, Rule: "another copy of the statement"})
		}
	}
	for _, g := range own {
		if !slices.Contains(all, g.Tag) {
			all = append(all, g.Tag)
		}
	}
	told[p.Statement] = all
	return out
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
