// Package serve answers HTTP: feeds, pages and what stands beside them.
package serve

import (
	"log/slog"
	"net/http"

	"communique/feeds"
	"communique/feeds/render"
	"communique/storage"
)

// Term is an entry of the taxonomy, as readers may ask for it.
type Term struct {
	Tag     feeds.Tag
	Labels  map[string]string // by language
	Parents []feeds.Tag
}

// Named is a feed of the operator's.
type Named struct {
	Feed        feeds.Feed
	SummaryOnly bool
}

// Options are the parts that a Server is made of.
type Options struct {
	Store     *storage.Store
	Site      render.Site
	Sources   []feeds.Source
	Terms     []Term
	Named     []Named
	Languages []string // offered first, in this order
	Log       *slog.Logger
}

// Server answers the public listener.
type Server struct{ o Options }

// New makes a Server.
func New(o Options) (*Server, error) { return &Server{o: o}, nil }

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

// Admin answers the admin listener.
func Admin(store *storage.Store) http.Handler { return http.NotFoundHandler() }
