package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"communique/aggregator"
	"communique/config"
	"communique/feeds"
	"communique/storage"
)

// movedAnswer is what /accept-move answers.
type movedAnswer struct {
	Source feeds.SourceID `json:"source"`
	To     string         `json:"to"`
}

func (a *app) acceptMove() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:   "accept-move ID",
		Short: "Ask a source that has moved at its new address from now on",
		Long: `accept-move takes over where a source has moved: its last visits were led on by
a permanent redirect and found a valid feed there. From now on the new address is
asked, without the way round; when it fails, the old one is asked again. This is
kept in the store. The configuration is yours and stays as it is: put the new
address there when you come by.`,
		Example: "  communique sources accept-move harbour",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, isDemo, err := a.load()
			if err != nil {
				return err
			}
			to, err := a.sayMove(c.Context(), cfg, storeFile(cfg, isDemo, data), feeds.SourceID(args[0]))
			if err != nil {
				return fmt.Errorf("accept-move: %w", err)
			}
			_, err = fmt.Fprintf(a.stdout, "%s is asked at %s from now on\n", args[0], printable(to))
			return err
		},
	}
	dataFlag(c, &data)
	return c
}

// sayMove takes a move over in the store, or has the daemon do it that holds it.
func (a *app) sayMove(ctx context.Context, cfg *config.Config, file string, id feeds.SourceID) (string, error) {
	if _, err := os.Stat(file); err != nil {
		return "", fmt.Errorf("no store at %s: %w", file, errNoStore)
	}
	store, err := openStore(file, a.log)
	if err == nil {
		defer store.Close()
		eng, err := engine(cfg, store, a.log, nil)
		if err != nil {
			return "", err
		}
		return eng.AcceptMove(ctx, id)
	}
	if !errors.Is(err, storage.ErrInUse) {
		return "", err
	}
	res, asked := tellDaemon(ctx, cfg, file, http.MethodPost, "/accept-move?source="+url.QueryEscape(string(id)), nil, soon)
	if errors.Is(asked, errNoDaemon) {
		return "", fmt.Errorf("%w (%w)", err, asked)
	}
	if asked != nil {
		return "", asked
	}
	defer res.Body.Close()
	var out movedAnswer
	return out.To, json.NewDecoder(res.Body).Decode(&out)
}

// moveHandler answers POST /accept-move?source=ID.
func moveHandler(accept func(context.Context, feeds.SourceID) (string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := feeds.SourceID(r.URL.Query().Get("source"))
		to, err := accept(r.Context(), id)
		switch {
		case errors.Is(err, aggregator.ErrNoMove):
			http.Error(w, err.Error(), http.StatusBadRequest)
		case err != nil:
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		default:
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			_ = writeJSON(w, movedAnswer{id, to}) // the reader may have left
		}
	}
}
