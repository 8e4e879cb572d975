package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/user"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"communique/aggregator/tag"
	"communique/config"
	"communique/feeds"
	"communique/storage"
)

// moderation is an operator's word on a statement, as it is asked for: of
// /moderate and of the subcommands.
type moderation struct {
	Statement string   `json:"statement"` // id, permalink or the address of a copy
	Do        string   `json:"do"`        // withdraw, restore, tag or undo
	Add       []string `json:"add,omitempty"`
	Cut       []string `json:"cut,omitempty"`
	By        string   `json:"by"`
	Why       string   `json:"why,omitempty"`
}

// moderated is what holds of a statement now.
type moderated struct {
	Statement feeds.StatementID `json:"statement"`
	Title     string            `json:"title"`
	Withdrawn bool              `json:"withdrawn"`
	Add       []string          `json:"add,omitempty"`
	Cut       []string          `json:"cut,omitempty"`
	By        string            `json:"by,omitempty"`
	Why       string            `json:"why,omitempty"`
	At        string            `json:"at,omitempty"` // RFC 3339 UTC
}

func (a *app) moderate() *cobra.Command {
	c := &cobra.Command{
		Use:   "moderate",
		Short: "Withdraw a statement, give or take tags, undo it",
		Long: `moderate says an operator's word on one statement. It goes into the journal with
who said it and why, holds whatever its sources say later, and can be undone. A
statement that is withdrawn leaves every feed, page, archive and embed at once;
readers of Atom are told by a tombstone. It takes a statement's id, its permalink
or the address of any copy. While the daemon runs, it is the daemon that does it,
on the admin listener. To make one of two statements or two of one, see pins in
the configuration.`,
		Example: "  communique moderate withdraw https://example.org/news/123 --why 'published by mistake'",
	}
	for _, x := range []struct{ do, short, example string }{
		{"withdraw", "Take a statement out of everything that is published", "  communique moderate withdraw mfrggzdfmztwq2lk --why 'names a minor'"},
		{"restore", "Publish a withdrawn statement again", "  communique moderate restore mfrggzdfmztwq2lk --why 'the name was taken out'"},
		{"tag", "Give a statement tags, or take some from it, whatever the rules say", "  communique moderate tag mfrggzdfmztwq2lk --add topic/protection --cut region/europe"},
		{"undo", "Take back all that was said of a statement", "  communique moderate undo mfrggzdfmztwq2lk"},
	} {
		c.AddCommand(a.moderateBy(x.do, x.short, x.example))
	}
	c.AddCommand(a.moderations())
	return c
}

func (a *app) moderateBy(do, short, example string) *cobra.Command {
	m := moderation{Do: do}
	var data string
	c := &cobra.Command{
		Use: do + " ID|URL", Short: short, Example: example, Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, isDemo, err := a.load()
			if err != nil {
				return err
			}
			m.Statement = args[0]
			if m.By == "" {
				m.By = whoami()
			}
			now, err := say(c.Context(), a, cfg, storeFile(cfg, isDemo, data), "/moderate", m, func(s *storage.Store) (*moderated, error) {
				return moderate(c.Context(), cfg, s, m, time.Now().UTC())
			})
			var wrong refusedBy
			switch {
			case errors.As(err, &wrong):
				return usageError{fmt.Errorf("moderate: %w", err)}
			case err != nil:
				return fmt.Errorf("moderate: %w", err)
			}
			return a.tellModerated(now)
		},
	}
	if do == "tag" {
		c.Flags().StringSliceVar(&m.Add, "add", nil, "`TAG` to give, such as topic/protection; may be repeated")
		c.Flags().StringSliceVar(&m.Cut, "cut", nil, "`TAG` to take away; may be repeated")
	}
	c.Flags().StringVar(&m.Why, "why", "", "the reason, for whoever asks later")
	c.Flags().StringVar(&m.By, "by", "", "who says so (default: you)")
	dataFlag(c, &data)
	return c
}

// whoami names the person at the terminal.
func whoami() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return os.Getenv("USER")
}

// moderate says an operator's word in the store.
func moderate(ctx context.Context, cfg *config.Config, store *storage.Store, m moderation, now time.Time) (*moderated, error) {
	st, _, err := findStatement(store, m.Statement)
	if err != nil {
		return nil, err
	}
	said, _, err := store.Moderated(st.ID)
	if err != nil {
		return nil, err
	}
	said.Statement, said.By, said.Why = st.ID, m.By, m.Why
	switch m.Do {
	case "withdraw":
		said.Hide = true
	case "restore":
		said.Hide = false
	case "undo":
		said.Hide, said.Add, said.Cut = false, nil, nil
	case "tag":
		if len(m.Add)+len(m.Cut) == 0 {
			return nil, refusedBy{errors.New("give --add or --cut with a tag, such as topic/protection")}
		}
		add, err := knownTags(cfg, m.Add)
		if err != nil {
			return nil, err
		}
		cut, err := knownTags(cfg, m.Cut)
		if err != nil {
			return nil, err
		}
		// What a tag that goes is part of stays: others may be part of it, too.
		cut = slices.DeleteFunc(cut, func(t feeds.Tag) bool { return !slices.Contains(m.Cut, t.String()) })
		said.Add, said.Cut = without(append(said.Add, add...), cut), without(append(said.Cut, cut...), add)
	default:
		return nil, refusedBy{fmt.Errorf("%q: want withdraw, restore, tag or undo", m.Do)}
	}
	if _, err := store.Append(ctx, now, &said); err != nil {
		return nil, err
	}
	return wordModerated(&said, st.Lead().Title, now), nil
}

// knownTags reads tags, with what they are part of, and refuses what the taxonomy
// does not know.
func knownTags(cfg *config.Config, names []string) ([]feeds.Tag, error) {
	var out []feeds.Tag
	for _, name := range names {
		term, ok := feeds.ParseTag(strings.ToLower(name))
		if !ok {
			return nil, refusedBy{fmt.Errorf("%q is no tag; want one such as topic/protection, region/americas or country/mx", name)}
		}
		terms := cfg.Tagger().Terms()
		i := slices.IndexFunc(terms, func(t tag.Term) bool { return t.Tag == term })
		if i < 0 {
			return nil, refusedBy{fmt.Errorf("there is no %s %q in the taxonomy", term.Scheme, term.Term)}
		}
		out = append(append(out, term), terms[i].Parents...)
	}
	return out, nil
}

// without gives the tags, each once, that are not among others.
func without(tags, others []feeds.Tag) []feeds.Tag {
	var out []feeds.Tag
	for _, t := range tags {
		if !slices.Contains(others, t) && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

func wordModerated(m *feeds.Moderated, title string, at time.Time) *moderated {
	names := func(tags []feeds.Tag) (out []string) {
		for _, t := range tags {
			out = append(out, t.String())
		}
		slices.Sort(out)
		return out
	}
	return &moderated{m.Statement, title, m.Hide, names(m.Add), names(m.Cut), m.By, m.Why, stamp(at)}
}

func (a *app) tellModerated(m *moderated) error {
	state := "published"
	if m.Withdrawn {
		state = "withdrawn"
	}
	fmt.Fprintf(a.stdout, "%s  %s\n  %s", m.Statement, orNone(printable(m.Title)), state)
	for _, t := range m.Add {
		fmt.Fprintf(a.stdout, ", + %s", t)
	}
	for _, t := range m.Cut {
		fmt.Fprintf(a.stdout, ", - %s", t)
	}
	_, err := fmt.Fprintf(a.stdout, "\n")
	return err
}

func (a *app) moderations() *cobra.Command {
	var data string
	var asJSON bool
	c := &cobra.Command{
		Use: "list", Short: "Show every statement that an operator has said something of", Example: "  communique moderate list", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, isDemo, err := a.load()
			if err != nil {
				return err
			}
			all, err := stored(c.Context(), cfg, storeFile(cfg, isDemo, data), "/moderate", allModerated)
			switch {
			case err != nil:
				return err
			case asJSON:
				return writeJSON(a.stdout, all)
			}
			w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "STATEMENT\tSTATE\tTAGS\tWHEN\tBY\tWHY\tTITLE")
			for _, m := range all {
				state := "published"
				if m.Withdrawn {
					state = "withdrawn"
				}
				var tags []string
				for _, t := range m.Add {
					tags = append(tags, "+"+t)
				}
				for _, t := range m.Cut {
					tags = append(tags, "-"+t)
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", m.Statement, state, orNone(strings.Join(tags, " ")), minute(m.At), orNone(printable(m.By)), orNone(printable(m.Why)), orNone(printable(m.Title)))
			}
			return w.Flush()
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	dataFlag(c, &data)
	return c
}

// allModerated gives the latest word on every statement that has one and that
// was not taken back, the latest first.
func allModerated(store *storage.Store) ([]*moderated, error) {
	records, err := store.Moderations()
	if err != nil {
		return nil, err
	}
	out := []*moderated{}
	slices.SortFunc(records, func(a, b feeds.Record) int { return b.At.Compare(a.At) })
	for _, r := range records {
		m, ok := r.Fact.(*feeds.Moderated)
		if !ok || !m.Hide && len(m.Add)+len(m.Cut) == 0 {
			continue
		}
		title := ""
		if st, _, held, err := store.Statement(m.Statement); err != nil {
			return nil, err
		} else if held {
			title = st.Lead().Title
		}
		out = append(out, wordModerated(m, title, r.At))
	}
	return out, nil
}

// moderator answers /moderate: GET with what was said, POST says something.
func moderator(cfg *config.Config, store *storage.Store) http.Handler {
	return answering("GET, POST", func(r *http.Request) (any, error) {
		if r.Method == http.MethodGet {
			return allModerated(store)
		}
		var asked moderation
		if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10)).Decode(&asked); err != nil {
			return nil, refusedBy{fmt.Errorf("want a JSON object with statement, do, by and why: %w", err)}
		}
		return moderate(r.Context(), cfg, store, asked, time.Now().UTC())
	})
}
