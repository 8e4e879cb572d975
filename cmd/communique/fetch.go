package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"communique/aggregator"
	"communique/config"
	"communique/feeds"
)

func (a *app) fetch() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:   "fetch [SOURCE…]",
		Short: "Pull all or the named sources once",
		Long: `fetch pulls all or the named sources once, due or not, and shows what each
brought. A source that fails has its row and its reason; the exit code is 1 only
when all of them fail. Without --log-level it logs errors only: the table says
the rest.`,
		Example: "  communique fetch\n  communique fetch un-news-fr paho-es --data /var/lib/communique",
		RunE: func(c *cobra.Command, args []string) error {
			cfg, isDemo, stopDemo, err := a.loadToPull()
			if err != nil {
				return err
			}
			defer stopDemo()
			if changed, err := a.pullLists(c.Context(), cfg, a.storeDir(cfg)); err != nil {
				return err
			} else if changed {
				if cfg, err = a.read(); err != nil {
					return err
				}
			}
			ids, err := chosen(cfg, args)
			if err != nil {
				return err
			}
			store, err := openStore(storeFile(cfg, isDemo, data), a.log)
			if err != nil {
				return err
			}
			defer store.Close()
			log := a.log
			if !c.Flags().Changed("log-level") {
				if log, err = newLog(a.stderr, a.logFormat, slog.LevelError.String()); err != nil {
					return err
				}
			}
			progress := a.progress(len(ids))
			var mu sync.Mutex
			var outcomes []aggregator.Outcome
			eng, err := engine(cfg, store, log, func(o aggregator.Outcome) {
				mu.Lock()
				defer mu.Unlock()
				outcomes = append(outcomes, o)
				progress()
			})
			if err != nil {
				return err
			}
			began := time.Now()
			if len(ids) > 0 { // to Pull, none means all
				err = eng.Pull(c.Context(), ids...)
			}
			if c.Context().Err() != nil {
				err = fmt.Errorf("interrupted after %d of %d sources; what they brought is stored", len(outcomes), len(ids))
			}
			if told := a.report(outcomes, time.Since(began)); err == nil {
				err = told
			}
			return err
		},
	}
	dataFlag(c, &data)
	return c
}

// pulled gives the sources that are on.
func pulled(cfg *config.Config) []feeds.SourceID {
	var ids []feeds.SourceID
	for _, s := range cfg.SourceConfigs() {
		if s.Enabled {
			ids = append(ids, s.Source.ID)
		}
	}
	return ids
}

// chosen gives the named sources, each once, or all when none is named.
func chosen(cfg *config.Config, names []string) ([]feeds.SourceID, error) {
	on := pulled(cfg)
	if len(names) == 0 {
		return on, nil
	}
	var ids []feeds.SourceID
	var errs []error
	for _, name := range names {
		id := feeds.SourceID(name)
		switch {
		case slices.Contains(ids, id): // one visit at a time
		case slices.Contains(on, id):
			ids = append(ids, id)
		case slices.ContainsFunc(cfg.SourceConfigs(), func(s config.SourceConfig) bool { return s.Source.ID == id }):
			errs = append(errs, fmt.Errorf("source %q is off in the configuration", name))
		default:
			errs = append(errs, fmt.Errorf("no source %q in the configuration; there are: %s", name, list(on)))
		}
	}
	if len(errs) > 0 {
		return nil, usageError{errors.Join(errs...)}
	}
	return ids, nil
}

func list(ids []feeds.SourceID) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = string(id)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// progress gives what to call after each source: on a terminal it draws a bar.
func (a *app) progress(total int) func() {
	if !isTerminal(a.stderr) {
		return func() {}
	}
	bar := progressbar.NewOptions(total, progressbar.OptionSetWriter(a.stderr), progressbar.OptionSetDescription("pulling"),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	return func() { _ = bar.Add(1) } // a bar that cannot be drawn is no failure
}

// report writes a row for each source and the sums, then the reasons of
// failures: they are long. It fails when no source could be read.
func (a *app) report(outcomes []aggregator.Outcome, took time.Duration) error {
	slices.SortFunc(outcomes, func(x, y aggregator.Outcome) int { return cmp.Compare(x.Source, y.Source) })
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SOURCE\tITEMS\tNEW\tUPDATED\tDUPLICATES\tTIME\tRESULT")
	var sum aggregator.Outcome
	unchanged := 0
	var failed []aggregator.Outcome
	for _, o := range outcomes {
		result := "ok"
		switch {
		case o.Err != nil:
			failed = append(failed, o)
			result = "failed: " + o.Class
		case o.Withheld > 0:
			result = fmt.Sprintf("ok, %d held back", o.Withheld)
		case o.Unchanged:
			unchanged++
			result = "unchanged"
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\t%s\n", o.Source, o.Items, o.New, o.Revised, o.Copies, o.Took.Round(time.Millisecond), result)
		sum.New += o.New
		sum.Copies += o.Copies
		sum.Revised += o.Revised
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(&b, "\n%d sources in %s: %d new, %d updated, %d duplicates (copies of statements that were there);\n%d sources unchanged, %d failed\n",
		len(outcomes), took.Round(time.Millisecond), sum.New, sum.Revised, sum.Copies, unchanged, len(failed))
	for _, o := range failed {
		fmt.Fprintf(&b, "\n%s: %s: %s\n", o.Source, o.Class, printable(o.Err.Error()))
	}
	if _, err := fmt.Fprint(a.stdout, b.String()); err != nil {
		return err
	}
	if len(failed) > 0 && len(failed) == len(outcomes) {
		return errSaid
	}
	return nil
}
