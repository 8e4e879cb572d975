package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"communique/feeds/serve"
	"communique/feeds/vitals"
	"communique/storage"
)

// statusAnswer is the part of /status.json that `sources` shows.
type statusAnswer struct {
	Sources []serve.SourceStatus `json:"sources"`
}

func (a *app) sources() *cobra.Command {
	var asJSON bool
	var data string
	c := &cobra.Command{
		Use:   "sources",
		Short: "Show each source's health",
		Long: `sources shows how each source of the configuration does: its state (ok, quiet,
stale, throttled, held, blocked, broken, moved, gone, new, off) with its reason and
what to do, when it last gave a valid feed, when it is asked next, and what went
wrong. While the daemon runs, it is the daemon that answers, on the
admin listener.`,
		Example: "  communique sources\n  communique sources --json | jq '.[] | select(.state==\"broken\")'",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, isDemo, err := a.load()
			if err != nil {
				return err
			}
			got, err := stored(c.Context(), cfg, storeFile(cfg, isDemo, data), "/status.json", func(s *storage.Store) (got statusAnswer, err error) {
				got.Sources, err = serve.Status(s, configured(cfg), time.Now())
				return got, err
			})
			switch {
			case err != nil:
				return err
			case asJSON:
				return writeJSON(a.stdout, got.Sources)
			}
			if err := a.table(got.Sources, time.Now()); err != nil {
				return err
			}
			if len(cfg.ListConfigs()) > 0 {
				fmt.Fprintln(a.stdout)
				tellLists(a.stdout, cfg, a.storeDir(cfg), time.Now())
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	dataFlag(c, &data)
	c.AddCommand(a.acceptMove(), a.sourcesVerify(), a.sourcesHeld(), a.sourcesRelease(), a.sourcesDrop())
	return c
}

// table writes a row for each source, and below it the errors: they are long.
func (a *app) table(rows []serve.SourceStatus, now time.Time) error {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	list := slices.ContainsFunc(rows, func(r serve.SourceStatus) bool { return r.List != "" }) // else there is nothing to tell apart
	head := "SOURCE\tSTATE\tLAST SUCCESS\tNEXT DUE\tFAILURES\tSTATEMENTS\tNEW/WEEK"
	if list {
		head += "\tLIST"
	}
	fmt.Fprintln(w, head)
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%s", r.ID, r.State, since(r.LastSuccess, now), since(r.NextDue, now), r.Failures, r.Statements, rate(r.NewPerWeek))
		if list {
			fmt.Fprintf(w, "\t%s", cmp.Or(r.List, "-"))
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, r := range rows {
		if r.Reason != "" && r.State != vitals.New && r.State != vitals.Off {
			fmt.Fprintf(&b, "\n%s: %s%s: %s\n", r.ID, r.State, sinceWhen(r.Since, now), printable(r.Reason))
			if r.Do != "" {
				fmt.Fprintf(&b, "  what to do: %s\n", printable(r.Do))
			}
		}
		if r.Error != "" {
			fmt.Fprintf(&b, "  %s: %s\n", r.Class, printable(r.Error))
		}
	}
	_, err := fmt.Fprint(a.stdout, b.String())
	return err
}

// sinceWhen words the age of a state, "" when it is not known.
func sinceWhen(stamp string, now time.Time) string {
	if t, err := time.Parse(time.RFC3339, stamp); err == nil {
		return " for " + about(now.Sub(t))
	}
	return ""
}
