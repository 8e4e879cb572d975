package main

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"communique/aggregator"
	"communique/feeds"
)

func (a *app) fetch() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:     "fetch [SOURCE…]",
		Short:   "Pull all or the named sources once",
		Example: "  communique fetch\n  communique fetch un-news-fr paho-es --data /var/lib/communique",
		RunE: func(c *cobra.Command, args []string) error {
			log, err := a.log()
			if err != nil {
				return err
			}
			cfg, isDemo, closeDemo, err := a.load()
			if err != nil {
				return err
			}
			defer closeDemo()
			store, err := openStore(storeFile(cfg, isDemo, data), log)
			if err != nil {
				return err
			}
			defer store.Close()
			ids := make([]feeds.SourceID, len(args))
			for i, s := range args {
				ids[i] = feeds.SourceID(s)
			}
			total := len(ids)
			if total == 0 {
				total = len(cfg.SourceConfigs())
			}
			var bar *progressbar.ProgressBar
			if isTerminal(a.stderr) {
				bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(a.stderr), progressbar.OptionSetDescription("pulling"),
					progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
			}
			var mu sync.Mutex
			var outcomes []aggregator.Outcome
			eng, err := engine(cfg, store, quiet(log), func(o aggregator.Outcome) {
				mu.Lock()
				defer mu.Unlock()
				outcomes = append(outcomes, o)
				if bar != nil {
					_ = bar.Add(1) // a bar that cannot be drawn is no failure
				}
			})
			if err != nil {
				return err
			}
			began := time.Now()
			if err := eng.Pull(c.Context(), ids...); err != nil {
				return err
			}
			return a.report(outcomes, time.Since(began))
		},
	}
	c.Flags().StringVar(&data, "data", "", "folder of the store, over the configuration's `storage.dir`")
	return c
}

// report writes a row for each source and the sums. It fails when no source
// could be read.
func (a *app) report(outcomes []aggregator.Outcome, took time.Duration) error {
	slices.SortFunc(outcomes, func(x, y aggregator.Outcome) int { return cmp.Compare(x.Source, y.Source) })
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SOURCE\tITEMS\tNEW\tCOPIES\tREVISED\tTIME\tRESULT")
	var sum aggregator.Outcome
	unchanged, failed := 0, 0
	for _, o := range outcomes {
		result := "ok"
		switch {
		case o.Err != nil:
			failed++
			result = "failed (" + o.Class + "): " + o.Err.Error()
		case o.Unchanged:
			unchanged++
			result = "unchanged"
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\t%s\n", o.Source, o.Items, o.New, o.Copies, o.Revised, o.Took.Round(time.Millisecond), result)
		sum.Items += o.Items
		sum.New += o.New
		sum.Copies += o.Copies
		sum.Revised += o.Revised
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "\n%d sources in %s: %d new, %d duplicates (copies of statements we had), %d updated; %d sources unchanged, %d failed\n",
		len(outcomes), took.Round(time.Millisecond), sum.New, sum.Copies, sum.Revised, unchanged, failed)
	if failed > 0 && failed == len(outcomes) {
		return errSaid
	}
	return nil
}
