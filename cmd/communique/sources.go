package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"communique/config"
	"communique/feeds"
	"communique/storage"
)

// sourceHealth is a row of `sources --json`.
type sourceHealth struct {
	ID          feeds.SourceID `json:"id"`
	State       string         `json:"state"` // new, ok, failing, gone, off
	URL         string         `json:"url"`
	LastVisit   string         `json:"last_visit,omitempty"`
	LastSuccess string         `json:"last_success,omitempty"`
	NextDue     string         `json:"next_due,omitempty"`
	DueRule     string         `json:"due_rule,omitempty"`
	Failures    int            `json:"failures"`
	Statements  int            `json:"statements"`
	NewPerWeek  float64        `json:"new_per_week"`
	MovedTo     string         `json:"moved_to,omitempty"`
	LastError   string         `json:"last_error,omitempty"`
	Class       string         `json:"class,omitempty"`
}

func (a *app) sources() *cobra.Command {
	var asJSON bool
	var data string
	c := &cobra.Command{
		Use:     "sources",
		Short:   "Show each source's health",
		Example: "  communique sources\n  communique sources --json | jq '.[] | select(.state==\"failing\")'",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, isDemo, closeDemo, err := a.load()
			if err != nil {
				return err
			}
			defer closeDemo()
			store, err := openToRead(storeFile(cfg, isDemo, data))
			if err != nil {
				return err
			}
			defer store.Close()
			rows, err := healthOf(cfg, store)
			if err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(a.stdout)
				enc.SetIndent("", "  ")
				return enc.Encode(rows)
			}
			w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "SOURCE\tSTATE\tLAST SUCCESS\tNEXT DUE\tFAILURES\tSTATEMENTS\tNEW/WEEK\tLAST ERROR")
			for _, r := range rows {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%.1f\t%s\n", r.ID, r.State, dash(r.LastSuccess), dash(r.NextDue), r.Failures, r.Statements, r.NewPerWeek, r.LastError)
			}
			return w.Flush()
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	c.Flags().StringVar(&data, "data", "", "folder of the store, over the configuration's `storage.dir`")
	return c
}

func healthOf(cfg *config.Config, store *storage.Store) ([]sourceHealth, error) {
	counts, err := store.Counts()
	if err != nil {
		return nil, err
	}
	rows := []sourceHealth{}
	for _, s := range cfg.SourceConfigs() {
		f, visited, err := store.Fetched(s.Source.ID)
		if err != nil {
			return nil, err
		}
		r := sourceHealth{ID: s.Source.ID, State: "ok", URL: s.Source.URL, Failures: f.Failures, Statements: counts.Sources[s.Source.ID].Statements,
			LastVisit: short(f.At), LastSuccess: short(f.Success), NextDue: short(f.NextDue), DueRule: f.DueRule, LastError: f.Error, Class: f.Class, MovedTo: f.MovedTo,
			NewPerWeek: perWeek(f.Gaps)}
		switch {
		case !s.Enabled:
			r.State = "off"
		case !visited:
			r.State = "new"
		case f.Gone:
			r.State = "gone"
		case f.Failures > 0:
			r.State = "failing"
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// perWeek turns the latest gaps between new items, in minutes, into a rate.
func perWeek(gaps []uint32) float64 {
	var sum float64
	for _, g := range gaps {
		sum += float64(g)
	}
	if sum == 0 {
		return 0
	}
	return float64(len(gaps)) * 7 * 24 * 60 / sum
}

// reading opens the configured store for reading.
func (a *app) reading(data string) (*storage.Store, error) {
	cfg, isDemo, closeDemo, err := a.load()
	if err != nil {
		return nil, err
	}
	closeDemo()
	return openToRead(storeFile(cfg, isDemo, data))
}

func openToRead(file string) (*storage.Store, error) {
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no store at %s: nothing has been pulled yet, or another --data is meant", file)
	}
	return storage.Open(file, storage.Options{ReadOnly: true})
}

func short(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
