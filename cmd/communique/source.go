package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"communique/aggregator"
	"communique/aggregator/fetch"
	"communique/config"
	"communique/feeds"
	"communique/storage"
)

func (a *app) source() *cobra.Command {
	c := &cobra.Command{
		Use:     "source",
		Short:   "Look at one source",
		Example: "  communique source test un-news-fr",
	}
	c.AddCommand(a.sourceTest())
	return c
}

func (a *app) sourceTest() *cobra.Command {
	var data, record string
	c := &cobra.Command{
		Use:   "test ID",
		Short: "Show what a source gives after every stage; nothing is stored",
		Long: `test visits a source of the configuration as if for the first time and shows what
comes of it: the answer, what had to be repaired, each item with its date,
language and tags, and which statement it would join, with the evidence. Nothing
is stored. While the daemon runs its store cannot be looked into, and then every
item is compared with the others of the source only.

--record keeps every answer in a folder as it came, its headers beside it, to
make a test of.`,
		Example: "  communique source test un-news-fr\n  communique source test iom-fr --record testdata/iom-fr",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, isDemo, stop, err := a.loadToPull()
			if err != nil {
				return err
			}
			defer stop()
			ids, err := chosen(cfg, args)
			if err != nil {
				return err
			}
			return a.try(c.Context(), cfg, storeFile(cfg, isDemo, data), ids[0], record)
		},
	}
	c.Flags().StringVar(&record, "record", "", "keep every answer in `DIR`")
	dataFlag(c, &data)
	return c
}

func (a *app) try(ctx context.Context, cfg *config.Config, file string, id feeds.SourceID, record string) error {
	store, err := openToRead(file)
	if err != nil {
		if !errors.Is(err, storage.ErrInUse) && !errors.Is(err, errNoStore) {
			return err
		}
		if errors.Is(err, storage.ErrInUse) {
			fmt.Fprintln(a.stderr, "the daemon has the store: what is in it is not compared with")
		}
		dir, err := os.MkdirTemp("", "communique-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		if store, err = openStore(filepath.Join(dir, "communique.db"), a.log); err != nil {
			return err
		}
	}
	defer store.Close()
	var failed error
	fetcher, err := fetch.New(fetching(cfg))
	if err != nil {
		return err
	}
	eng := engineThat(cfg, store, store, a.log, fetcher, nil, func(url string, got *fetch.Response) {
		if record != "" && failed == nil {
			failed = keep(record, url, got)
		}
	}, nil, nil)
	t, err := eng.Try(ctx, id)
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	w := bufio.NewWriter(a.stdout)
	showTrial(w, store, &t)
	if err := w.Flush(); err != nil {
		return err
	}
	if t.Err != nil {
		return fmt.Errorf("source %s: %s: %w", id, t.Class, t.Err)
	}
	return nil
}

// keep writes an answer as it came, for a test to be made of.
func keep(dir, url string, got *fetch.Response) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	name := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return '_'
	}, strings.ToLower(url[strings.Index(url, "://")+3:])), "_")
	name = filepath.Join(dir, name[:min(len(name), 100)])
	head := fmt.Sprintf("url: %s\nfinal: %s\nstatus: %d\ncontent-type: %s\nfetched: %s\n", url, got.Final, got.Status, got.ContentType, time.Now().UTC().Format(time.RFC3339))
	return errors.Join(os.WriteFile(name, got.Body, 0o644), os.WriteFile(name+".head", []byte(head), 0o644))
}

// showTrial words a trial for people.
func showTrial(w io.Writer, store *storage.Store, t *aggregator.Trial) {
	fmt.Fprintf(w, "fetch      %s %s in %s, %d bytes\n", orNone(printable(t.Final)), http.StatusText(t.Status), t.Took.Round(time.Millisecond), t.Bytes)
	if t.Document == nil {
		return
	}
	fmt.Fprintf(w, "parse      %s, %d items\n", t.Document.Format, len(t.Document.Raws))
	for _, n := range t.Document.Notes {
		fmt.Fprintf(w, "  note: %s\n", printable(n))
	}
	fmt.Fprintf(w, "normalize  %s, %s, language %s\n", orNone(printable(t.Channel.Title)), orNone(printable(t.Channel.Link)), orNone(t.Channel.Language))
	fmt.Fprintf(w, "schedule   next visit by %s: %s\n", t.Rule, t.NextDue.UTC().Format(time.RFC3339))
	shown := 0
	for _, f := range t.Said {
		if ob, ok := f.(*feeds.Observed); ok && ob.Item.Source() == t.Source {
			showItem(w, store, ob)
			shown++
		}
	}
	if rest := len(t.Document.Raws) - shown; rest > 0 {
		fmt.Fprintf(w, "\n%d items stand in the store already and say nothing new, or stand twice in the source, or are left for the next visit\n", rest)
	}
}

func showItem(w io.Writer, store *storage.Store, ob *feeds.Observed) {
	c := &ob.Copy
	fmt.Fprintf(w, "\n%s\n  %s\n", orNone(printable(c.Title)), orNone(printable(c.Link)))
	fmt.Fprintf(w, "  published %s, language %s (%s), %d letters of HTML\n", orNone(minute(stamp(c.Published))), orNone(c.Language), orNone(c.LanguageRule), utf8.RuneCountInString(cmp.Or(c.Content, c.Summary)))
	for _, n := range c.Notes {
		fmt.Fprintf(w, "  note: %s\n", printable(n))
	}
	var tags []string
	for _, t := range ob.Taggings {
		tags = append(tags, t.Tag.String())
	}
	slices.Sort(tags)
	fmt.Fprintf(w, "  tags %s\n", orNone(strings.Join(tags, ", ")))
	st, _, held, err := store.Statement(ob.Statement)
	switch {
	case ob.Of != "":
		fmt.Fprintf(w, "  %s of what %s tells: %s\n", ob.Relation, ob.Of.Source(), printable(ob.Why))
	case err == nil && held:
		fmt.Fprintf(w, "  the %s of what %s tells\n", ob.Relation, st.Copies[0].Source)
	default:
		fmt.Fprintln(w, "  a new statement")
	}
	for _, n := range ob.Near {
		fmt.Fprintf(w, "  near but not the same: %s: %s\n", n.Item.Source(), printable(n.Why))
	}
}
