package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"communique/config"
	"communique/feeds"
	"communique/storage"
)

// tokenRequest is what is asked of /tokens and by the subcommands.
type tokenRequest struct {
	Do     string   `json:"do"`               // add or revoke
	Reader string   `json:"reader,omitempty"` // of add: whose it will be
	Feeds  []string `json:"feeds,omitempty"`  // of add: private feeds; none means all
	ID     string   `json:"id,omitempty"`     // of revoke
	By     string   `json:"by"`
	Why    string   `json:"why,omitempty"`
}

// tokenShown is what operators see of a token. Token itself is there once, when
// it was made: it is kept nowhere.
type tokenShown struct {
	ID        string   `json:"id"`
	Reader    string   `json:"reader"`
	Feeds     []string `json:"feeds"` // none means every private feed
	Made      string   `json:"made"`  // RFC 3339 UTC
	MadeBy    string   `json:"made_by,omitempty"`
	Revoked   string   `json:"revoked,omitempty"` // when
	RevokedBy string   `json:"revoked_by,omitempty"`
	Why       string   `json:"why,omitempty"`
	Token     string   `json:"token,omitempty"`
	Addresses []string `json:"addresses,omitempty"` // of the feeds that it opens, with the token; of a new one only
}

func (a *app) token() *cobra.Command {
	c := &cobra.Command{
		Use:   "token",
		Short: "Let readers into private feeds, and end that",
		Long: `token makes, lists and revokes the tokens that open private feeds, those with
` + "`private: true`" + ` in the configuration. Give every reader one of their own, so that
one can be revoked without the others. A reader shows it behind the feed's address
as ?token=…, as a bearer token, or as the password of HTTP Basic.

A token is shown once, when it is made; the store keeps a hash of it, with whose it
is and who made or revoked it. While the daemon runs, it is the daemon that does
it, on the admin listener; what is revoked opens nothing from that moment on.`,
		Example: "  communique token add 'Ana, press office' --feed board",
	}
	c.AddCommand(a.tokenAdd(), a.tokenList(), a.tokenRevoke())
	return c
}

func (a *app) tokenAdd() *cobra.Command {
	t := tokenRequest{Do: "add"}
	var data string
	var asJSON bool
	c := &cobra.Command{
		Use: "add READER", Short: "Make a token for a reader, and show it this once", Args: cobra.ExactArgs(1),
		Example: "  communique token add 'Ana, press office'\n  communique token add partner-desk --feed board --feed embargo",
		RunE: func(c *cobra.Command, args []string) error {
			t.Reader = args[0]
			made, err := a.sayToken(c.Context(), data, t)
			switch {
			case err != nil:
				return err
			case asJSON:
				return writeJSON(a.stdout, made)
			}
			fmt.Fprintf(a.stdout, "%s\n\nid %s, for %s, opens %s\nIt is not shown again. Addresses for a news reader:\n", made.Token, made.ID, printable(made.Reader), opens(made.Feeds))
			for _, address := range made.Addresses {
				fmt.Fprintln(a.stdout, " ", address)
			}
			return nil
		},
	}
	c.Flags().StringSliceVar(&t.Feeds, "feed", nil, "private `FEED` that it opens; may be repeated (default: every private feed, also later ones)")
	c.Flags().StringVar(&t.By, "by", "", "who makes it (default: you)")
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	dataFlag(c, &data)
	return c
}

func (a *app) tokenRevoke() *cobra.Command {
	t := tokenRequest{Do: "revoke"}
	var data string
	c := &cobra.Command{
		Use: "revoke ID", Short: "End a token for good, at once", Args: cobra.ExactArgs(1),
		Example: "  communique token revoke k3d9x2mq --why 'left the office'",
		RunE: func(c *cobra.Command, args []string) error {
			t.ID = args[0]
			ended, err := a.sayToken(c.Context(), data, t)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.stdout, "%s, of %s: revoked\n", ended.ID, printable(ended.Reader))
			return err
		},
	}
	c.Flags().StringVar(&t.Why, "why", "", "the reason, for whoever asks later")
	c.Flags().StringVar(&t.By, "by", "", "who revokes it (default: you)")
	dataFlag(c, &data)
	return c
}

func (a *app) tokenList() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "Show every token that was ever made, and never the tokens themselves", Example: "  communique token list"}
	return table(a, c, "/tokens", allTokens, "ID\tREADER\tOPENS\tMADE\tBY\tREVOKED\tBY\tWHY", func(t *tokenShown) string {
		return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s", t.ID, printable(t.Reader), opens(t.Feeds), minute(t.Made), orNone(printable(t.MadeBy)),
			orNone(minute(t.Revoked)), orNone(printable(t.RevokedBy)), orNone(printable(t.Why)))
	})
}

func opens(names []string) string {
	if len(names) == 0 {
		return "every private feed"
	}
	return strings.Join(names, ", ")
}

// sayToken does it in the store, or has the daemon do it that holds the store.
func (a *app) sayToken(ctx context.Context, data string, t tokenRequest) (*tokenShown, error) {
	cfg, isDemo, err := a.load()
	if err != nil {
		return nil, err
	}
	if t.By == "" {
		t.By = whoami()
	}
	file := storeFile(cfg, isDemo, data)
	out, err := a.sayTokenIn(ctx, cfg, file, t)
	var wrong refusedBy
	switch {
	case errors.As(err, &wrong):
		return nil, usageError{fmt.Errorf("token: %w", err)}
	case err != nil:
		return nil, fmt.Errorf("token: %w", err)
	}
	return out, nil
}

func (a *app) sayTokenIn(ctx context.Context, cfg *config.Config, file string, t tokenRequest) (*tokenShown, error) {
	if t.Do == "revoke" {
		if _, err := os.Stat(file); err != nil {
			return nil, fmt.Errorf("no store at %s: %w", file, errNoStore)
		}
	}
	store, err := openStore(file, a.log)
	if err == nil {
		defer store.Close()
		return changeToken(ctx, cfg, siteAt(cfg), store, t, time.Now().UTC())
	}
	if !errors.Is(err, storage.ErrInUse) {
		return nil, err
	}
	body, jsonErr := json.Marshal(t)
	if jsonErr != nil {
		return nil, jsonErr
	}
	res, asked := tellDaemon(ctx, cfg, file, http.MethodPost, "/tokens", body, soon)
	if errors.Is(asked, errNoDaemon) {
		return nil, fmt.Errorf("%w (%w)", err, asked)
	}
	if asked != nil {
		return nil, asked
	}
	defer res.Body.Close()
	var out tokenShown
	return &out, json.NewDecoder(res.Body).Decode(&out)
}

// siteAt gives the address of the site while no daemon has one to tell.
func siteAt(cfg *config.Config) string { return string(cfg.Site.On(string(cfg.Listen)).BaseURL) }

// mostReader is the longest name of a token's reader, in octets.
const mostReader = 200

// changeToken makes or revokes a token in the store; base is the site's address.
func changeToken(ctx context.Context, cfg *config.Config, base string, store *storage.Store, t tokenRequest, now time.Time) (*tokenShown, error) {
	held, err := store.Grants()
	if err != nil {
		return nil, err
	}
	switch t.Do {
	case "add":
		t.Reader = strings.TrimSpace(t.Reader)
		if t.Reader == "" || len(t.Reader) > mostReader {
			return nil, refusedBy{fmt.Errorf("%q: say whose token it will be, in 1 to %d octets", t.Reader, mostReader)}
		}
		var private []string
		for _, f := range cfg.FeedConfigs() {
			if f.Feed.Private {
				private = append(private, f.Feed.Path)
			}
		}
		if len(private) == 0 {
			return nil, refusedBy{errors.New("no feed is private, so there is nothing to open; write `private: true` to one in the configuration")}
		}
		for _, name := range t.Feeds {
			if !slices.Contains(private, name) {
				return nil, refusedBy{fmt.Errorf("there is no private feed %q; there are %s", name, strings.Join(private, ", "))}
			}
		}
		token, id := newToken(), ""
		for id == "" || slices.ContainsFunc(held, func(g *feeds.Granted) bool { return g.ID == id }) {
			id = strings.ToLower(rand.Text()[:8])
		}
		hash := sha256.Sum256([]byte(token))
		g := &feeds.Granted{ID: id, Reader: t.Reader, Hash: hash[:], Feeds: t.Feeds, Made: now, MadeBy: t.By}
		if _, err := store.Append(ctx, now, g); err != nil {
			return nil, err
		}
		out := showToken(g, now)
		out.Token = token
		for _, name := range private {
			if g.Opens(name) {
				out.Addresses = append(out.Addresses, base+"/feeds/"+name+".atom?token="+url.QueryEscape(token))
			}
		}
		return out, nil
	case "revoke":
		i := slices.IndexFunc(held, func(g *feeds.Granted) bool { return g.ID == strings.ToLower(t.ID) })
		if i < 0 {
			return nil, refusedBy{fmt.Errorf("there is no token with the id %q; `communique token list` shows them", short(t.ID))}
		}
		g := *held[i]
		if g.Revoked {
			return nil, refusedBy{fmt.Errorf("the token %s was revoked before", g.ID)}
		}
		g.Revoked, g.By, g.Why = true, t.By, t.Why
		if _, err := store.Append(ctx, now, &g); err != nil {
			return nil, err
		}
		return showToken(&g, now), nil
	}
	return nil, refusedBy{fmt.Errorf("%q: want add or revoke", short(t.Do))}
}

// newToken makes a token of 256 bits, in letters that an address may hold. By
// what it begins with, those who look for secrets in files find it.
func newToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return "cq_" + base64.RawURLEncoding.EncodeToString(b[:])
}

// showToken gives what operators see of a token that was last changed then.
func showToken(g *feeds.Granted, said time.Time) *tokenShown {
	out := &tokenShown{ID: g.ID, Reader: g.Reader, Feeds: g.Feeds, Made: stamp(g.Made), MadeBy: g.MadeBy}
	if out.Feeds == nil {
		out.Feeds = []string{}
	}
	if g.Revoked {
		out.Revoked, out.RevokedBy, out.Why = stamp(said), g.By, g.Why
	}
	return out
}

// allTokens gives every token, those that open something first, the latest first.
func allTokens(store *storage.Store) ([]*tokenShown, error) {
	held, err := store.GrantRecords()
	if err != nil {
		return nil, err
	}
	out := []*tokenShown{}
	for _, r := range held {
		if g, ok := r.Fact.(*feeds.Granted); ok {
			out = append(out, showToken(g, r.At))
		}
	}
	slices.SortStableFunc(out, func(a, b *tokenShown) int {
		if (a.Revoked == "") != (b.Revoked == "") {
			if a.Revoked == "" {
				return -1
			}
			return 1
		}
		return strings.Compare(b.Made, a.Made)
	})
	return out, nil
}

// tokens answers /tokens: GET with what there is, POST makes or revokes one.
type tokens struct {
	cfg   *config.Config
	base  string // the site's address
	store *storage.Store
}

func (m tokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var answer any
	var err error
	switch r.Method {
	case http.MethodGet:
		answer, err = allTokens(m.store)
	case http.MethodPost:
		var asked tokenRequest
		if err = json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&asked); err != nil {
			err = refusedBy{fmt.Errorf("want a JSON object with do, reader or id, and by: %w", err)}
			break
		}
		answer, err = changeToken(r.Context(), m.cfg, m.base, m.store, asked, time.Now().UTC())
	default:
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "want GET or POST", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	var wrong refusedBy
	switch {
	case errors.As(err, &wrong):
		http.Error(w, err.Error(), http.StatusBadRequest)
	case err != nil:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	default:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = writeJSON(w, answer) // the reader may have left
	}
}
