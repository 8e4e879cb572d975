package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"communique/aggregator/dedup"
	"communique/aggregator/normalize"
	"communique/feeds"
	"communique/storage"
)

func (a *app) explain() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:     "explain STATEMENT-ID|URL",
		Short:   "Say why a statement is tagged so, and why its copies are one",
		Example: "  communique explain https://example.org/news/123\n  communique explain mfrggzdfmztwq2lk",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			store, err := a.reading(data)
			if err != nil {
				return err
			}
			defer store.Close()
			st, err := find(store, args[0])
			if err != nil {
				return err
			}
			return a.tell(st)
		},
	}
	c.Flags().StringVar(&data, "data", "", "folder of the store, over the configuration's `storage.dir`")
	return c
}

// find gives the statement with an id, or with a copy at a URL.
func find(store *storage.Store, what string) (*feeds.Statement, error) {
	id := feeds.StatementID(what[strings.LastIndex(what, "/")+1:]) // also a permalink or an entry's id
	if strings.Contains(what, "://") {
		if canonical := normalize.Canonical(what); canonical != "" {
			found, err := store.Find([]feeds.Key{dedup.LinkKey(canonical)})
			if err != nil {
				return nil, err
			}
			if len(found) > 0 {
				id = found[0].Statement
			}
		}
	}
	st, _, ok, err := store.Statement(id)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("no statement %q, and no copy of one at that address", what)
	}
	return &st, nil
}

func (a *app) tell(st *feeds.Statement) error {
	w := a.stdout
	lead := st.Lead()
	fmt.Fprintf(w, "%s\n  statement %s\n  published %s, first seen %s, updated %s\n", lead.Title, st.ID, dash(short(st.Published)), short(st.FirstSeen), short(st.Updated))
	if st.Hidden {
		fmt.Fprintln(w, "  hidden by an operator")
	}
	fmt.Fprintf(w, "\n%d copies:\n", len(st.Copies))
	for i := range st.Copies {
		c := &st.Copies[i]
		fmt.Fprintf(w, "  %s  %s  %s (by %s)  %s\n    %s\n    first seen %s, revision %d\n", c.Source, c.Relation, dash(c.Language), dash(c.LanguageRule), dash(short(c.Published)), dash(c.Link), short(c.FirstSeen), c.Revision)
		if c.Why != "" {
			fmt.Fprintf(w, "    one statement with %s: %s (score %.2f)\n", c.Of, c.Why, c.Score)
		}
		for _, n := range c.Notes {
			fmt.Fprintf(w, "    note: %s\n", n)
		}
	}
	fmt.Fprintf(w, "\n%d tags:\n", len(st.Taggings))
	for _, t := range st.Taggings {
		fmt.Fprintf(w, "  %-40s %s\n", t.Tag, t.Rule)
		if t.Evidence != "" {
			fmt.Fprintf(w, "  %-40s %s\n", "", t.Evidence)
		}
	}
	return nil
}
