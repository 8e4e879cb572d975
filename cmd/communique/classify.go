package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
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
			rules, err := a.rules()
			if err != nil {
				return err
			}
			in, err := a.input(args[0])
			if err != nil {
				return err
			}
			defer in.Close()
			name := args[0]
			if name == "-" {
				name = "stdin"
			}
			out := bufio.NewWriter(a.stdout)
			return errors.Join(classify(in, out, name, rules), out.Flush()) // also when a line is bad: those before it were not
		},
	}
}

// rules are what a configuration says of documents.
type rules struct {
	tagger   *tag.Tagger
	likeness dedup.Likeness
	sources  map[feeds.SourceID]feeds.Source
}

// rules gives those of the configuration, the built-in ones when there is none.
func (a *app) rules() (rules, error) {
	cfg, err := a.read()
	if err != nil {
		return rules{}, err
	}
	if cfg == nil {
		tagger, err := tag.New(tag.Taxonomy{})
		return rules{tagger: tagger}, err
	}
	r := rules{tagger: cfg.Tagger(), likeness: likeness(cfg), sources: map[feeds.SourceID]feeds.Source{}}
	for _, s := range cfg.SourceConfigs() {
		// The source's own region, topics and language are left out: a document
		// is judged by what it says.
		r.sources[s.Source.ID] = feeds.Source{ID: s.Source.ID, Match: s.Source.Match, Distrust: s.Source.Distrust}
	}
	return r, nil
}

// source gives what is known of a document's source.
func (r *rules) source(id feeds.SourceID) feeds.Source {
	if s, ok := r.sources[id]; ok {
		return s
	}
	return feeds.Source{ID: id}
}

// classifier puts documents through dedup and tag. What it finds is told when
// the last document is in: only then it is known which are one statement, and
// which tags the statement has from all its copies.
type classifier struct {
	rules
	norm   *normalize.Normalizer
	placer *dedup.Placer
	shelf  *shelf
	tags   map[feeds.StatementID][]uint16 // places in named, by the statement as it was at first
	named  []feeds.Tag
	places map[feeds.Tag]uint16
	told   *os.File // verdicts so far, a line of JSON each
	lines  *bufio.Writer
	now    time.Time
}

// classify judges each document against those before it. What comes before a
// bad line is told all the same.
func classify(in io.Reader, out io.Writer, name string, r rules) (err error) {
	c := &classifier{rules: r, norm: normalize.New(), tags: map[feeds.StatementID][]uint16{}, places: map[feeds.Tag]uint16{}}
	if c.shelf, err = newShelf(); err != nil {
		return err
	}
	defer c.shelf.Close()
	if c.told, err = hiddenFile(); err != nil {
		return err
	}
	defer c.told.Close()
	c.lines = bufio.NewWriterSize(c.told, 1<<16)
	c.placer = dedup.New(dedup.Options{Find: c.shelf.find, Text: c.shelf.text, Likeness: r.likeness})
	return errors.Join(c.read(in, name), c.tell(out))
}

func (c *classifier) read(in io.Reader, name string) error {
	r := bufio.NewReaderSize(in, 1<<16)
	enc := json.NewEncoder(c.lines)
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
		err = json.Unmarshal(line, &doc)
		if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
			return fmt.Errorf("%s:%d: not a document: %q is a JSON %s; write it as a %s", name, n, wrong.Field, wrong.Value, wrong.Type.Kind())
		} else if err != nil {
			return fmt.Errorf("%s:%d: not a document: %w", name, n, err)
		}
		v, err := c.judge(doc)
		if err != nil {
			return err
		}
		if err := enc.Encode(v); err != nil {
			return err
		}
	}
}

// judge gives what can be said of a document at once.
func (c *classifier) judge(doc document) (*verdict, error) {
	src := c.source(feeds.SourceID(doc.Source))
	d := draftOf(c.norm, src, doc)
	// The documents' own dates are the clock: what was published later was there
	// later.
	if c.now = c.now.Add(time.Second); d.Published.After(c.now) {
		c.now = d.Published
	}
	d.Taggings = c.tagger.Tag(tag.Input{Language: d.Language, View: d.Text, Published: d.Published, Source: src})
	placed, release, err := c.placer.Place(src, []feeds.Draft{d}, c.now)
	if err != nil {
		return nil, err
	}
	defer release(true)
	p := &placed[0]
	of := c.shelf.id(p.Of)
	if p.Seen {
		p.Relation, of = feeds.IsCorrection, c.shelf.id(p.Item)
	} else if err := c.shelf.put(doc.ID, &d, p, c.now); err != nil {
		return nil, err
	}
	v := &verdict{ID: doc.ID, Language: d.Language, Statement: string(p.Statement), Relation: p.Relation, Of: of,
		Score: p.Score, Threshold: p.Threshold, Because: p.Why, Why: reasons(d.Taggings)}
	for _, n := range p.Near {
		v.Near = append(v.Near, nearby{c.shelf.id(n.Item), string(n.Statement), n.Score, n.Threshold, n.Why, n.Related})
	}
	if !p.Echo { // what an echo says, the copy that it was matched to says with more around it
		for _, g := range d.Taggings {
			n, ok := c.places[g.Tag]
			if !ok {
				n = uint16(len(c.named))
				c.named, c.places[g.Tag] = append(c.named, g.Tag), n
			}
			if !slices.Contains(c.tags[p.Statement], n) {
				c.tags[p.Statement] = append(c.tags[p.Statement], n)
			}
		}
	}
	return v, nil
}

// tell writes the verdicts, with what the later documents brought.
func (c *classifier) tell(out io.Writer) error {
	if err := c.lines.Flush(); err != nil {
		return err
	}
	if _, err := c.told.Seek(0, io.SeekStart); err != nil {
		return err
	}
	all := map[feeds.StatementID][]uint16{}
	for _, id := range slices.Sorted(maps.Keys(c.tags)) {
		to := c.shelf.statement(id)
		for _, n := range c.tags[id] {
			if !slices.Contains(all[to], n) {
				all[to] = append(all[to], n)
			}
		}
	}
	dec := json.NewDecoder(bufio.NewReaderSize(c.told, 1<<16))
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for {
		var v verdict
		if err := dec.Decode(&v); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		id := c.shelf.statement(feeds.StatementID(v.Statement))
		v.Statement = string(id)
		for i := range v.Near {
			v.Near[i].Statement = string(c.shelf.statement(feeds.StatementID(v.Near[i].Statement)))
		}
		v.Near = slices.DeleteFunc(v.Near, func(n nearby) bool { return n.Statement == v.Statement })
		tags := make([]feeds.Tag, 0, len(all[id]))
		for _, n := range all[id] {
			tags = append(tags, c.named[n])
		}
		v.tag(tags)
		if err := enc.Encode(v); err != nil {
			return err
		}
	}
}

// tag gives a verdict the tags of its statement: what one copy says holds for
// all of them.
func (v *verdict) tag(tags []feeds.Tag) {
	v.Regions, v.Countries, v.Mentioned, v.Topics, v.Events = []string{}, []string{}, []string{}, []string{}, []string{}
	for _, t := range tags {
		if t.Scheme == feeds.Mention && slices.Contains(tags, feeds.Tag{Scheme: feeds.Country, Term: t.Term}) {
			continue // it is more than mentioned in another copy
		}
		switch t.Scheme {
		case feeds.Region:
			v.Regions = append(v.Regions, t.Term)
		case feeds.Country:
			v.Countries = append(v.Countries, strings.ToUpper(t.Term))
		case feeds.Mention:
			v.Mentioned = append(v.Mentioned, strings.ToUpper(t.Term))
		case feeds.Topic:
			v.Topics = append(v.Topics, t.Term)
		case feeds.Event:
			v.Events = append(v.Events, t.Term)
		}
		if !slices.ContainsFunc(v.Why, func(r reason) bool { return r.Tag == t.String() }) {
			v.Why = append(v.Why, reason{Tag: t.String(), Rule: "another copy of the statement"})
		}
	}
	for _, list := range [][]string{v.Regions, v.Countries, v.Mentioned, v.Topics, v.Events} {
		slices.Sort(list)
	}
}

// draftOf turns a document into what the line carries.
func draftOf(n *normalize.Normalizer, src feeds.Source, doc document) feeds.Draft {
	text := doc.HTML
	if text == "" {
		text = doc.Text
	}
	d := feeds.Draft{Copy: feeds.Copy{Source: src.ID, ID: doc.ID, Title: doc.Title, Content: text, Link: doc.URL, Language: normalize.CanonicalLanguage(doc.Language)}}
	if at, ok := normalize.ParseDate(doc.Published); ok {
		d.Published = at
	}
	if d.Language == "" {
		d.Language, _ = n.Detect(doc.Title + "\n" + text)
	}
	d.Canonical = normalize.Canonical(doc.URL)
	d.Neutral = normalize.Neutral(d.Canonical)
	d.Text = n.View(d.Language, doc.Title, text)
	return d
}
