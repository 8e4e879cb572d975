package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"communique/config"
	"communique/feeds"
	"communique/storage"
)

func (a *app) plan() *cobra.Command {
	var data string
	var asJSON bool
	c := &cobra.Command{
		Use:   "plan",
		Short: "Show what an edited configuration would change",
		Long: `plan shows what the configuration, as it is now, would start, stop, change, publish
and withdraw: against the one that the daemon runs by or, while no daemon runs,
against what the store holds, which knows of sources alone. It changes nothing.

To try a file before it takes the place of the daemon's own, give it with
--config, and the daemon's folder with --data. Secrets are compared, and not
shown.`,
		Example: "  communique plan\n  communique plan --config candidate.yaml --data /var/lib/communique --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, isDemo, err := a.load()
			if err != nil {
				return err
			}
			p, err := planned(c.Context(), cfg, storeFile(cfg, isDemo, data))
			switch {
			case err != nil:
				return fmt.Errorf("plan: %w", err)
			case asJSON:
				return writeJSON(a.stdout, p)
			}
			if p.Against == "store" {
				fmt.Fprintln(a.stdout, "no daemon runs: compared with the sources that the store knows")
			}
			return tellPlan(a.stdout, p.Plan, "nothing would change")
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	dataFlag(c, &data)
	return c
}

// planAnswer is a plan, and what it starts from.
type planAnswer struct {
	Against string `json:"against"` // "daemon" or "store"
	*config.Plan
}

func planned(ctx context.Context, cfg *config.Config, file string) (*planAnswer, error) {
	store, err := openToRead(file)
	switch {
	case err == nil:
		defer store.Close()
		p, err := planFromStore(store, cfg)
		return &planAnswer{"store", p}, err
	case errors.Is(err, errNoStore):
		p, err := planFromStore(nil, cfg)
		return &planAnswer{"store", p}, err
	case !errors.Is(err, storage.ErrInUse):
		return nil, err
	}
	body, jsonErr := json.Marshal(cfg.Outline())
	if jsonErr != nil {
		return nil, jsonErr
	}
	res, asked := tellDaemon(ctx, cfg, file, http.MethodPost, "/plan", body, reloadWithin)
	if errors.Is(asked, errNoDaemon) {
		return nil, fmt.Errorf("%w (%w)", err, asked)
	}
	if asked != nil {
		return nil, asked
	}
	defer res.Body.Close()
	p := &planAnswer{Against: "daemon"}
	return p, json.NewDecoder(res.Body).Decode(&p.Plan)
}

// planHandler answers POST /plan, whose body is the outline of a configuration,
// with what that would change of the one that runs. So the asker's secrets come
// here as hashes, and ours go nowhere.
func planHandler(cfg *config.Config) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var next config.Outline
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 256<<20)).Decode(&next); err != nil {
			http.Error(w, "want the outline of a configuration, as `communique plan` sends it: "+err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = writeJSON(w, cfg.Outline().Plan(&next)) // the asker may have left
	}
}

// planFromStore compares with the sources that a store knows; nil is an empty
// one. What was published, by which rules and for whom, it does not hold.
func planFromStore(store *storage.Store, cfg *config.Config) (*config.Plan, error) {
	next := cfg.Outline()
	was := *next
	was.Sources = map[string]config.Keys{}
	if store != nil {
		counts, err := store.Counts()
		if err != nil {
			return nil, err
		}
		known := map[feeds.SourceID]bool{}
		for id := range counts.Sources {
			known[id] = true
		}
		for id := range next.Sources {
			known[feeds.SourceID(id)] = true
		}
		for id := range known {
			last, visited, err := store.Fetched(id)
			if err != nil {
				return nil, err
			}
			if !visited {
				continue
			}
			// All but the address is taken to be what it would be.
			keys := maps.Clone(next.Sources[string(id)])
			if keys == nil {
				keys = config.Keys{}
			}
			keys["enabled"] = "true"
			if last.URL != "" {
				keys["url"] = last.URL
			}
			was.Sources[string(id)] = keys
		}
		for id, keys := range next.Sources {
			if keys["enabled"] != "true" && was.Sources[id] != nil {
				was.Sources[id]["enabled"] = keys["enabled"] // it may have been off as well
			}
		}
	}
	return was.Plan(next), nil
}

// tellPlan words a plan for people; same is said when there is none.
func tellPlan(w io.Writer, p *config.Plan, same string) error {
	if p.Empty() {
		_, err := fmt.Fprintln(w, same)
		return err
	}
	var b strings.Builder
	changes := func(what string, list []config.Change) {
		for _, c := range list {
			fmt.Fprintf(&b, "~ %s %s\n", what, c.ID)
			tellKeys(&b, c.Keys)
		}
	}
	several := func(sign, what string, ids []string, after string) {
		for _, id := range ids[:min(len(ids), mostListed)] {
			fmt.Fprintf(&b, "%s %s %s%s\n", sign, what, id, after)
		}
		if more := len(ids) - mostListed; more > 0 {
			fmt.Fprintf(&b, "%s and %d more\n", sign, more)
		}
	}
	of := func(ids []string) []string {
		out := slices.Clone(ids)
		for i, id := range out {
			if list := p.Sources.Lists[id]; list != "" {
				out[i] += " of list " + list
			}
		}
		return out
	}
	several("+", "source", of(p.Sources.Start), ": starts")
	several("-", "source", of(p.Sources.Stop), ": stops; what it has said stays")
	changes("source", p.Sources.Change)
	several("+", "feed", p.Feeds.Publish, "")
	var gone []string
	for _, f := range p.Feeds.Withdraw {
		gone = append(gone, f.Path+": "+f.Answer+" from then on")
	}
	several("-", "feed", gone, "")
	changes("feed", p.Feeds.Change)
	for _, x := range []struct {
		what string
		config.Parts
	}{{"term", p.Terms}, {"partner", p.Partners}, {"webhook", p.Webhooks}} {
		several("+", x.what, x.Add, "")
		several("-", x.what, x.Remove, "")
		changes(x.what, x.Change)
	}
	if len(p.Settings) > 0 {
		fmt.Fprintln(&b, "~ settings")
		tellKeys(&b, p.Settings)
	}
	if p.Retag {
		fmt.Fprintln(&b, "rules change: what is stored is tagged anew; `communique retag --dry-run` says what that comes to")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// mostListed is how many names of a kind are told to people.
const mostListed = 50

func tellKeys(b *strings.Builder, keys []config.KeyChange) {
	for _, k := range keys {
		fmt.Fprintf(b, "    %s: %s → %s", k.Key, short(k.From), short(k.To))
		if k.Restart {
			fmt.Fprint(b, ", with a restart only")
		}
		fmt.Fprintln(b)
	}
}

// short gives a value of at most so many letters, none as (none).
func short(text string) string {
	text = printable(text)
	if r := []rune(text); len(r) > 100 {
		text = string(r[:99]) + "…"
	}
	return orNone(text)
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
