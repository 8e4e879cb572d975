package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"communique/aggregator/dedup"
	"communique/aggregator/normalize"
	"communique/feeds"
	"communique/storage"
)

// explanation is what `explain` tells of a statement, and /explain of the admin
// listener. Times are RFC 3339 UTC, left out when nobody said.
type explanation struct {
	ID        feeds.StatementID `json:"id"`
	Formerly  feeds.StatementID `json:"formerly,omitempty"` // the id that was asked for, when it has been joined to this one
	Title     string            `json:"title"`
	Languages []string          `json:"languages"`
	Published string            `json:"published,omitempty"`
	FirstSeen string            `json:"first_seen"`
	Updated   string            `json:"updated"`
	Hidden    bool              `json:"hidden,omitempty"`
	Copies    []explainedCopy   `json:"copies"`
	Why       []reason          `json:"why"`
}

// explainedCopy is a copy with the reason for its being one of the statement's.
type explainedCopy struct {
	Item      feeds.ItemKey  `json:"item"`
	Source    feeds.SourceID `json:"source"`
	Title     string         `json:"title"`
	Link      string         `json:"link,omitempty"`
	Relation  feeds.Relation `json:"relation"`
	Of        feeds.ItemKey  `json:"of,omitempty"`
	Why       string         `json:"why,omitempty"`
	Score     float32        `json:"score,omitempty"`
	Language  string         `json:"language,omitempty"`
	Rule      string         `json:"language_rule,omitempty"`
	Published string         `json:"published,omitempty"`
	FirstSeen string         `json:"first_seen"`
	Revision  int            `json:"revision"`
	Notes     []string       `json:"notes,omitempty"`
}

func (a *app) explain() *cobra.Command {
	var data string
	var asJSON bool
	c := &cobra.Command{
		Use:   "explain STATEMENT-ID|URL",
		Short: "Say why a statement is tagged so, and why its copies are one",
		Long: `explain tells of one statement which offices carried it, why their copies are
one statement, and which words gave it each of its tags. It takes a statement's
id, its permalink, or the address of any copy. While the daemon runs, it is the
daemon that answers, on the admin listener.`,
		Example: "  communique explain https://example.org/news/123\n  communique explain mfrggzdfmztwq2lk",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, isDemo, err := a.load()
			if err != nil {
				return err
			}
			told, err := stored(c.Context(), cfg, storeFile(cfg, isDemo, data), "/explain?q="+url.QueryEscape(args[0]),
				func(s *storage.Store) (*explanation, error) { return explain(s, args[0]) })
			switch {
			case err != nil:
				return err
			case asJSON:
				return writeJSON(a.stdout, told)
			}
			return a.tell(told)
		},
	}
	dataFlag(c, &data)
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

var errNoStatement = errors.New("no statement")

// explain finds the statement with an id, or with a copy at a URL.
func explain(store *storage.Store, what string) (*explanation, error) {
	id := idOf(what)
	if canonical := normalize.Canonical(what); canonical != "" {
		found, err := store.Find([]feeds.Key{dedup.LinkKey(canonical)})
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			id = found[0].Statement
		}
	}
	st, at, ok, err := store.Statement(id)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("%w %q, and no copy of one at such an address", errNoStatement, what)
	}
	out := &explanation{ID: at, Title: st.Lead().Title, Languages: st.Languages(), Published: stamp(st.Published),
		FirstSeen: stamp(st.FirstSeen), Updated: stamp(st.Updated), Hidden: st.Hidden, Why: reasons(st.Taggings)}
	if at != id {
		out.Formerly = id
	}
	for i := range st.Copies {
		c := &st.Copies[i]
		out.Copies = append(out.Copies, explainedCopy{Item: c.Item, Source: c.Source, Title: c.Title, Link: c.Link, Relation: c.Relation,
			Of: c.Of, Why: c.Why, Score: c.Score, Language: c.Language, Rule: c.LanguageRule, Published: stamp(c.Published),
			FirstSeen: stamp(c.FirstSeen), Revision: c.Revision, Notes: c.Notes})
	}
	return out, nil
}

// idOf takes the id out of a permalink or of an entry's tag: URI.
func idOf(what string) feeds.StatementID {
	what, _, _ = strings.Cut(what, "?")
	what, _, _ = strings.Cut(what, "#")
	what = what[strings.LastIndexByte(what, '/')+1:]
	what, _, _ = strings.Cut(what, ".") // its .json or .html
	return feeds.StatementID(what)
}

// tell writes for people: what is foreign stays on its line.
func (a *app) tell(st *explanation) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n  statement %s\n", orNone(printable(st.Title)), st.ID)
	if st.Formerly != "" {
		fmt.Fprintf(&b, "  %s was found to be the same and leads here\n", st.Formerly)
	}
	fmt.Fprintf(&b, "  published  %s\n  first seen %s\n  updated    %s\n", orNone(minute(st.Published)), minute(st.FirstSeen), minute(st.Updated))
	if st.Hidden {
		fmt.Fprintln(&b, "  hidden by an operator")
	}
	fmt.Fprintf(&b, "\ncopies: %d\n", len(st.Copies))
	for i := range st.Copies {
		c := &st.Copies[i]
		fmt.Fprintf(&b, "  %s: %s, %s\n", c.Source, c.Relation, languageOf(c))
		if c.Title != st.Title {
			fmt.Fprintf(&b, "    %s\n", orNone(printable(c.Title)))
		}
		fmt.Fprintf(&b, "    %s\n", orNone(printable(c.Link)))
		if c.Of != "" {
			fmt.Fprintf(&b, "    one with %s's: %s", c.Of.Source(), orNone(printable(c.Why)))
			if c.Score > 0 && c.Score < 1 {
				fmt.Fprintf(&b, " (score %.2f)", c.Score)
			}
			fmt.Fprintln(&b)
		}
		fmt.Fprintf(&b, "    published %s, first seen %s", orNone(minute(c.Published)), minute(c.FirstSeen))
		if c.Revision > 1 {
			fmt.Fprintf(&b, ", revision %d", c.Revision)
		}
		fmt.Fprintln(&b)
		for _, n := range c.Notes {
			fmt.Fprintf(&b, "    note: %s\n", printable(n))
		}
	}
	fmt.Fprintf(&b, "\ntags: %d\n", len(st.Why))
	for _, t := range st.Why {
		fmt.Fprintf(&b, "  %s, by %s\n", t.Tag, printable(t.Rule))
		if t.Evidence != "" {
			fmt.Fprintf(&b, "    %s\n", printable(t.Evidence))
		}
	}
	_, err := fmt.Fprint(a.stdout, b.String())
	return err
}

func languageOf(c *explainedCopy) string {
	if c.Language == "" {
		return "language unknown"
	}
	return c.Language + " (says the " + c.Rule + ")"
}
