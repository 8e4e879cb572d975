package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"communique/aggregator"
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
a permanent redirect and found a valid feed there, or for days it has called
another address its own than before (self link), and is there. From now on the new address is
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
			id := feeds.SourceID(args[0])
			moved, err := say(c.Context(), a, cfg, storeFile(cfg, isDemo, data), "/accept-move?source="+url.QueryEscape(args[0]), nil, func(s *storage.Store) (movedAnswer, error) {
				eng, err := engine(cfg, s, a.log, nil)
				if err != nil {
					return movedAnswer{}, err
				}
				to, err := eng.AcceptMove(c.Context(), id)
				return movedAnswer{id, to}, err
			})
			if err != nil {
				return fmt.Errorf("accept-move: %w", err)
			}
			_, err = fmt.Fprintf(a.stdout, "%s is asked at %s from now on\n", args[0], printable(moved.To))
			return err
		},
	}
	dataFlag(c, &data)
	return c
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
