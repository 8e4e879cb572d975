package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"communique/aggregator"
	"communique/feeds"
	"communique/storage"
)

// heldItem is an item that the flood brake holds back.
type heldItem struct {
	Source    feeds.SourceID    `json:"source"`
	Item      feeds.ItemKey     `json:"item"`
	Statement feeds.StatementID `json:"statement"`
	Title     string            `json:"title"`
	Link      string            `json:"link"`
	Published string            `json:"published,omitempty"` // RFC 3339 UTC
	FirstSeen string            `json:"first_seen"`
}

// decision is what an operator decides on what is held back of a source, as it
// is asked for of /held.
type decision struct {
	Source feeds.SourceID `json:"source"`
	Do     string         `json:"do"` // release or drop
	By     string         `json:"by"`
	Why    string         `json:"why,omitempty"`
}

// decided is what came of it.
type decided struct {
	Source feeds.SourceID `json:"source"`
	Did    string         `json:"did"` // released or dropped
	Items  int            `json:"items"`
}

func (a *app) sourcesHeld() *cobra.Command {
	var data string
	var asJSON bool
	c := &cobra.Command{
		Use:   "held [ID]",
		Short: "Show what the flood brake holds back",
		Long: `held lists the items that are kept and not published, of one source or of all:
their source was read before, and suddenly nearly all that it said was new, more
than its rhythm lets expect. Look whether they are what they should be, then
` + "`communique sources release`" + ` publishes them and ` + "`communique sources drop`" + ` never does.
See ` + "`flood`" + ` in the configuration.`,
		Example: "  communique sources held\n  communique sources held harbour --json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, isDemo, err := a.load()
			if err != nil {
				return err
			}
			id := ""
			if len(args) > 0 {
				id = args[0]
			}
			items, err := stored(c.Context(), cfg, storeFile(cfg, isDemo, data), "/held?source="+url.QueryEscape(id), func(s *storage.Store) ([]heldItem, error) {
				eng, err := engine(cfg, s, a.log, nil)
				if err != nil {
					return nil, err
				}
				return heldItems(c.Context(), eng, s, feeds.SourceID(id))
			})
			switch {
			case err != nil:
				return fmt.Errorf("held: %w", err)
			case asJSON:
				return writeJSON(a.stdout, items)
			case len(items) == 0:
				_, err := fmt.Fprintln(a.stdout, "nothing is held back")
				return err
			}
			w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "SOURCE\tPUBLISHED\tTITLE\tLINK")
			for _, i := range items {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", i.Source, orNone(minute(i.Published)), orNone(printable(i.Title)), orNone(printable(i.Link)))
			}
			return w.Flush()
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	dataFlag(c, &data)
	return c
}

// heldItems lists what is held back of a source, or of all.
func heldItems(ctx context.Context, eng *aggregator.Engine, store *storage.Store, id feeds.SourceID) ([]heldItem, error) {
	ids := []feeds.SourceID{id}
	if id == "" {
		all, err := store.AllFetched()
		if err != nil {
			return nil, err
		}
		ids = nil
		for i := range all {
			if all[i].Braked() {
				ids = append(ids, all[i].Source)
			}
		}
		slices.Sort(ids)
	}
	out := []heldItem{}
	for _, id := range ids {
		if err := eng.Withheld(ctx, id, func(ob *feeds.Observed) error {
			out = append(out, heldItem{id, ob.Item, ob.Statement, ob.Copy.Title, ob.Copy.Link, stamp(ob.Published), stamp(ob.FirstSeen)})
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (a *app) sourcesRelease() *cobra.Command {
	return a.decide("release", "Publish what the flood brake holds back of a source", `release publishes the items that the flood brake holds back, at their own dates, and
lets the brake go: what the source says from now on is published as ever. Who did
it and why stands in the journal and among the source's incidents.`)
}

func (a *app) sourcesDrop() *cobra.Command {
	return a.decide("drop", "Never publish what the flood brake holds back of a source", `drop takes the items that the flood brake holds back out of the store, unpublished,
and lets the brake go. They are known from then on: they are no news while the
source repeats them. When somebody else has the source's address, switch it off
first (`+"`enabled: false`"+`), or the next thing that he says is published. Who did it
and why stands in the journal and among the source's incidents.`)
}

func (a *app) decide(do, short, long string) *cobra.Command {
	d := decision{Do: do}
	var data string
	c := &cobra.Command{
		Use: do + " ID", Short: short, Long: long, Args: cobra.ExactArgs(1),
		Example: fmt.Sprintf("  communique sources held harbour\n  communique sources %s harbour --why 'they have a new system'", do),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, isDemo, err := a.load()
			if err != nil {
				return err
			}
			d.Source = feeds.SourceID(args[0])
			if d.By == "" {
				d.By = whoami()
			}
			got, err := say(c.Context(), a, cfg, storeFile(cfg, isDemo, data), "/held", d, func(s *storage.Store) (decided, error) {
				eng, err := engine(cfg, s, a.log, nil)
				if err != nil {
					return decided{}, err
				}
				return decideOn(c.Context(), eng, d)
			})
			if err != nil {
				return fmt.Errorf("%s: %w", do, err)
			}
			_, err = fmt.Fprintf(a.stdout, "%s: %d items %s\n", got.Source, got.Items, got.Did)
			return err
		},
	}
	c.Flags().StringVar(&d.Why, "why", "", "the reason, for whoever asks later")
	c.Flags().StringVar(&d.By, "by", "", "who says so (default: you)")
	dataFlag(c, &data)
	return c
}

// decideOn does what an operator decided.
func decideOn(ctx context.Context, eng *aggregator.Engine, d decision) (decided, error) {
	var n int
	var err error
	switch d.Do {
	case "release":
		n, err = eng.Release(ctx, d.Source, d.By, d.Why)
	case "drop":
		n, err = eng.Drop(ctx, d.Source, d.By, d.Why)
	default:
		return decided{}, refusedBy{fmt.Errorf("%q: want release or drop", d.Do)}
	}
	if errors.Is(err, aggregator.ErrNoBrake) {
		return decided{}, refusedBy{err}
	}
	return decided{d.Source, map[string]string{"release": "released", "drop": "dropped"}[d.Do], n}, err
}

// heldHandler answers /held: GET with what is held back, of all or of
// ?source=ID, POST does what was decided.
func heldHandler(eng *aggregator.Engine, store *storage.Store) http.Handler {
	return answering("GET, POST", func(r *http.Request) (any, error) {
		if r.Method == http.MethodGet {
			return heldItems(r.Context(), eng, store, feeds.SourceID(r.URL.Query().Get("source")))
		}
		var d decision
		if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10)).Decode(&d); err != nil {
			return nil, refusedBy{fmt.Errorf("want a JSON object with source, do, by and why: %w", err)}
		}
		return decideOn(r.Context(), eng, d)
	})
}
