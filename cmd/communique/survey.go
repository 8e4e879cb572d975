package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"communique/aggregator"
	"communique/aggregator/fetch"
	"communique/aggregator/normalize"
	"communique/config"
	"communique/feeds"
	"communique/storage"
)

// surveyed is what `sources verify` found of a source.
type surveyed struct {
	ID       feeds.SourceID `json:"id"`
	URL      string         `json:"url"`
	Final    string         `json:"final,omitempty"` // that answered, when it is another
	On       bool           `json:"on"`              // the configuration asks it
	OK       bool           `json:"ok"`              // a valid feed with items
	Status   int            `json:"status"`          // HTTP, 0 when there was no answer
	Class    string         `json:"class,omitempty"` // of the failure
	Error    string         `json:"error,omitempty"`
	Format   string         `json:"format,omitempty"`
	Items    int            `json:"items"`
	Undated  int            `json:"undated,omitempty"`
	Newest   string         `json:"newest,omitempty"` // RFC 3339 UTC
	Language string         `json:"language,omitempty"`
	Text     string         `json:"text,omitempty"` // full or teaser
	Verified string         `json:"verified,omitempty"`
}

func (a *app) sourcesVerify() *cobra.Command {
	var pack string
	var asJSON, write bool
	c := &cobra.Command{
		Use:   "verify [ID…]",
		Short: "Try all or the named sources and show what they give; nothing is stored",
		Long: `verify visits all sources of the configuration, or the named ones, also those that
are switched off, once and as if for the first time, and shows what each gives:
its status, how many items, the newest, their language, whole texts or teasers.
Pages that a source's items lead to are not followed. Nothing is stored, and the
daemon may run meanwhile.

--pack takes the sources from a file of its own, asked in the manner that the
configuration says. --write writes today into the key ` + "`verified`" + ` of those that gave
a valid feed with items, in the files that they stand in, and changes nothing
else there; a source that failed keeps what it says. The exit code is 1 when all
of them fail.`,
		Example: "  communique sources verify\n  communique sources verify --pack packs/un-news-7lang.yaml --write\n  communique sources verify --json | jq '.[] | select(.ok | not)'",
		RunE: func(c *cobra.Command, args []string) error {
			cfg, _, stop, err := a.loadToPull()
			if err != nil {
				return err
			}
			defer stop()
			from := cfg
			if pack != "" {
				if from, err = config.Load(pack, config.Options{Canonical: normalize.Canonical, Copies: a.copies}); err != nil {
					var bad config.Errors
					if !errors.As(err, &bad) {
						err = usageError{err}
					}
					return err
				}
			}
			list, err := named(from, args)
			if err != nil {
				return err
			}
			rows, err := a.survey(c.Context(), cfg, from, list)
			if err != nil {
				return fmt.Errorf("verify: %w", err)
			}
			var wrote []string
			if write {
				wrote, err = writeVerified(from, rows, time.Now().UTC())
			}
			if asJSON {
				err = errors.Join(err, writeJSON(a.stdout, rows))
			} else {
				err = errors.Join(err, a.tellSurvey(rows))
			}
			for _, w := range wrote {
				fmt.Fprintln(a.stderr, w)
			}
			if err == nil && len(rows) > 0 && !slices.ContainsFunc(rows, func(r surveyed) bool { return r.OK }) {
				return errSaid
			}
			return err
		},
	}
	c.Flags().StringVar(&pack, "pack", "", "take the sources of `FILE`")
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	c.Flags().BoolVar(&write, "write", false, "write today into `verified` of those that are well")
	return c
}

// named gives the named sources, each once, also those that are off, or all.
func named(cfg *config.Config, names []string) ([]config.SourceConfig, error) {
	all := cfg.SourceConfigs()
	if len(names) == 0 {
		return all, nil
	}
	var out []config.SourceConfig
	var errs []error
	for _, name := range names {
		is := func(s config.SourceConfig) bool { return string(s.Source.ID) == name }
		switch i := slices.IndexFunc(all, is); {
		case slices.ContainsFunc(out, is):
		case i >= 0:
			out = append(out, all[i])
		default:
			errs = append(errs, fmt.Errorf("no source %q in the configuration", name))
		}
	}
	if len(errs) > 0 {
		return nil, usageError{errors.Join(errs...)}
	}
	return out, nil
}

// survey tries sources, in the manner that cfg says; what of says what their
// items are tagged by.
func (a *app) survey(ctx context.Context, cfg, of *config.Config, list []config.SourceConfig) ([]surveyed, error) {
	dir, err := os.MkdirTemp("", "communique-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	store, err := openStore(filepath.Join(dir, "communique.db"), a.log)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	fetcher, err := fetch.New(fetching(cfg))
	if err != nil {
		return nil, err
	}
	defer fetcher.Close()
	var sources []aggregator.Source
	for _, s := range list {
		src := sourceOf(s)
		src.Article = nil // twenty pages of each are too much to ask for a look
		src.AllowNetworks = append(slices.Clone(src.AllowNetworks), config.Prefixes(cfg.Fetch.AllowNetworks)...)
		sources = append(sources, src)
	}
	eng := engineOf(of, sources, store, store, a.log, fetcher, nil, nil, nil, nil)
	progress := a.progress(len(list))
	rows := make([]surveyed, len(list))
	errs := make([]error, len(list))
	free := make(chan struct{}, cfg.Fetch.Workers)
	var work sync.WaitGroup
	for i := range list {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		work.Go(func() {
			defer func() { <-free }()
			rows[i], errs[i] = surveyOf(ctx, eng, &list[i])
			progress()
		})
	}
	work.Wait()
	return rows, errors.Join(append(errs, context.Cause(ctx))...)
}

func surveyOf(ctx context.Context, eng *aggregator.Engine, s *config.SourceConfig) (surveyed, error) {
	t, err := eng.Try(ctx, s.Source.ID)
	if err != nil {
		return surveyed{}, err
	}
	r := surveyed{ID: s.Source.ID, URL: s.Source.URL, On: s.Enabled, Status: t.Status, Class: t.Class, Items: t.Items}
	if t.Final != r.URL {
		r.Final = t.Final
	}
	if t.Err != nil {
		r.Error = t.Err.Error()
		return r, nil
	}
	sum := eng.Survey(&t)
	r.OK, r.Format, r.Undated, r.Language, r.Newest = t.Items > 0, t.Document.Format, sum.Undated, sum.Language, stamp(sum.Newest)
	if r.Text = "teaser"; sum.Full {
		r.Text = "full"
	}
	if t.Items == 0 {
		r.Text, r.Class, r.Error = "", "no-items", "a valid feed without a single item"
	}
	return r, nil
}

// writeVerified writes the day into the files that the sources stand in, and
// tells what it has written.
func writeVerified(cfg *config.Config, rows []surveyed, now time.Time) (told []string, err error) {
	day := now.Format(time.DateOnly)
	left := map[string]string{}
	for i := range rows {
		if rows[i].OK {
			left[string(rows[i].ID)] = day
		}
	}
	written := map[string]bool{}
	var errs []error
	for _, file := range cfg.Files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // a secret's, or one that has left since it was read
		}
		out, found, err := config.SetVerified(text, left)
		switch {
		case err != nil && slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(file)):
			errs = append(errs, fmt.Errorf("%s: %w", file, err))
			continue
		case err != nil || len(found) == 0: // no YAML, such as a secret or a list
			continue
		case string(out) != string(text):
			if err := replace(file, out); err != nil {
				errs = append(errs, err)
				continue
			}
		}
		for _, id := range found {
			written[id] = true
		}
		told = append(told, fmt.Sprintf("%s: verified %s at %s", file, day, strings.Join(found, ", ")))
	}
	for i := range rows {
		if id := string(rows[i].ID); written[id] {
			rows[i].Verified = day
		}
	}
	return told, errors.Join(errs...)
}

// replace puts another text into a file, whole or not at all, with the rights
// that it has. A link stays one.
func replace(file string, text []byte) error {
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	part, err := beside(file)
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%s cannot be written: %w", file, err)
	} else if err != nil {
		return err
	}
	defer os.Remove(part.Name()) // it has another name when all went well
	_, err = part.Write(text)
	if err = errors.Join(err, part.Chmod(info.Mode().Perm()), part.Sync(), part.Close()); err != nil {
		return err
	}
	return storage.Place(part.Name(), file)
}

// tellSurvey writes a row for each source, and below it what went wrong.
func (a *app) tellSurvey(rows []surveyed) error {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SOURCE\tSTATUS\tITEMS\tNEWEST\tLANGUAGE\tTEXT\tVERIFIED")
	well := 0
	for _, r := range rows {
		status := "ok"
		if !r.OK {
			status = r.Class
			if r.Status >= 300 || r.Class == "status" {
				status = fmt.Sprint(r.Status)
			}
		} else {
			well++
		}
		newest := "-"
		if len(r.Newest) >= 10 {
			newest = r.Newest[:10]
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\t%s\n", r.ID, status, r.Items, newest, cmp.Or(r.Language, "-"), cmp.Or(r.Text, "-"), cmp.Or(r.Verified, "-"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(&b, "\n%d sources, %d of them well\n", len(rows), well)
	for _, r := range rows {
		if r.Error != "" {
			fmt.Fprintf(&b, "\n%s: %s\n", r.ID, printable(r.Error))
		}
	}
	_, err := fmt.Fprint(a.stdout, b.String())
	return err
}
