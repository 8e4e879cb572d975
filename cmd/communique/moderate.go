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
	"time"

	"github.com/spf13/cobra"

	"communique/aggregator"
	"communique/aggregator/dedup"
	"communique/aggregator/normalize"
	"communique/aggregator/tag"
	"communique/config"
	"communique/feeds"
	"communique/storage"
)

// moderation is an operator's word on a statement, as it is asked for: of
// /moderate and of the subcommands.
type moderation struct {
	Statement string   `json:"statement"`       // id, permalink or the address of a copy
	Other     string   `json:"other,omitempty"` // the second of two that are pinned, or whose pin is undone
	Do        string   `json:"do"`              // withdraw, restore, tag, together, apart or undo
	Add       []string `json:"add,omitempty"`
	Cut       []string `json:"cut,omitempty"`
	Leave     []string `json:"leave,omitempty"` // tags that are the rules' again
	By        string   `json:"by"`
	Why       string   `json:"why,omitempty"`
}

// moderated is what holds of a statement now, or of two.
type moderated struct {
	Statement feeds.StatementID `json:"statement,omitempty"`
	Pinned    string            `json:"pinned,omitempty"` // together, apart or, when it was just taken back, undone
	Links     []string          `json:"links,omitempty"`  // of the two that are pinned
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
		Short: "Withdraw a statement, give or take tags, pin two, undo it",
		Long: `moderate says an operator's word on one statement. It goes into the journal with
who said it and why, holds whatever its sources say later, and can be undone. A
statement that is withdrawn leaves every feed, page, archive and embed at once;
readers of Atom are told by a tombstone. It takes a statement's id, its permalink
or the address of any copy. While the daemon runs, it is the daemon that does it,
on the admin listener. Two statements that are one, or one that is two, are
pinned together or apart, as by ` + "`pins`" + ` in the configuration, and the pin holds
whatever comes later.`,
		Example: "  communique moderate withdraw https://example.org/news/123 --why 'published by mistake'\n  communique moderate apart https://a.example/1 https://b.example/2 --why 'two statements of one day'",
	}
	for _, x := range []struct{ do, use, short, long, example string }{
		{"withdraw", "ID|URL", "Take a statement out of everything that is published", "", "  communique moderate withdraw mfrggzdfmztwq2lk --why 'names a minor'"},
		{"restore", "ID|URL", "Publish a withdrawn statement again", "", "  communique moderate restore mfrggzdfmztwq2lk --why 'the name was taken out'"},
		{"tag", "ID|URL", "Give a statement tags, or take some from it, whatever the rules say", "", "  communique moderate tag mfrggzdfmztwq2lk --add topic/protection --cut region/europe\n  communique moderate tag mfrggzdfmztwq2lk --leave region/europe"},
		{"together", "ID|URL ID|URL", "Make one of two statements, for good", `together pins two publications as one statement, whatever the evidence: for what is
stored, for what comes and after every restart. The older id stays, the other
leads to it. It goes by the address of a copy of each; one of which nothing is
stored yet may be named by its address.`, "  communique moderate together https://a.example/3 https://b.example/4 --why 'a translation'"},
		{"apart", "ID|URL ID|URL", "Make two statements of one, for good", `apart pins two publications as two statements, whatever the evidence: for what is
stored, for what comes and after every restart. Each takes with it what was
matched to it; an id that led to the other is an entry of its own again. It goes
by the address of a copy of each, so name the copies by their addresses.`, "  communique moderate apart https://a.example/1 https://b.example/2 --why 'two statements of one day'"},
		{"undo", "ID|URL [ID|URL]", "Take back all that was said of a statement, or the pin of two", `undo takes back what was said of one statement: it is published with the tags that
the rules give. With two, it takes their pin back and puts them where they were
before it; what comes in later may say otherwise.`, "  communique moderate undo mfrggzdfmztwq2lk\n  communique moderate undo https://a.example/1 https://b.example/2"},
	} {
		c.AddCommand(a.moderateBy(x.do, x.use, x.short, x.long, x.example))
	}
	c.AddCommand(a.moderations())
	return c
}

func (a *app) moderateBy(do, use, short, long, example string) *cobra.Command {
	m := moderation{Do: do}
	var data string
	words := len(strings.Fields(use))
	least := words
	if strings.Contains(use, "[") {
		least--
	}
	c := &cobra.Command{
		Use: do + " " + use, Short: short, Long: long, Example: example, Args: cobra.RangeArgs(least, words),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, isDemo, err := a.load()
			if err != nil {
				return err
			}
			if m.Statement = args[0]; len(args) > 1 {
				m.Other = args[1]
			}
			if m.By == "" {
				m.By = whoami()
			}
			now, err := say(c.Context(), a, cfg, storeFile(cfg, isDemo, data), "/moderate", m, func(s *storage.Store) (*moderated, error) {
				eng, err := engine(cfg, s, a.log, nil)
				if err != nil {
					return nil, err
				}
				return moderate(c.Context(), cfg, eng, s, m, time.Now().UTC())
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
	if do == "withdraw" {
		c.Aliases = []string{"hide"}
	}
	if do == "tag" {
		c.Flags().StringSliceVar(&m.Add, "add", nil, "`TAG` to give, such as topic/protection; may be repeated")
		c.Flags().StringSliceVar(&m.Cut, "cut", nil, "`TAG` to take away; may be repeated")
		c.Flags().StringSliceVar(&m.Leave, "leave", nil, "`TAG` to leave to the rules again; may be repeated")
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
func moderate(ctx context.Context, cfg *config.Config, eng *aggregator.Engine, store *storage.Store, m moderation, now time.Time) (*moderated, error) {
	if pins := m.Do == "together" || m.Do == "apart"; pins || m.Do == "undo" && m.Other != "" {
		return pin(ctx, eng, store, m, now)
	}
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
		if len(m.Add)+len(m.Cut)+len(m.Leave) == 0 {
			return nil, refusedBy{errors.New("give --add, --cut or --leave with a tag, such as topic/protection")}
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
		var leave []feeds.Tag
		for _, name := range m.Leave { // of which the taxonomy may know nothing any more
			if t, ok := feeds.ParseTag(strings.ToLower(name)); ok {
				leave = append(leave, t)
			}
		}
		said.Add, said.Cut = without(append(without(said.Add, leave), add...), cut), without(append(without(said.Cut, leave), cut...), add)
	default:
		return nil, refusedBy{fmt.Errorf("%q: want withdraw, restore, tag, together, apart or undo", m.Do)}
	}
	if _, err := store.Append(ctx, now, &said); err != nil {
		return nil, err
	}
	return wordModerated(&said, st.Lead().Title, now), nil
}

// pin pins two publications, or takes their pin back.
func pin(ctx context.Context, eng *aggregator.Engine, store *storage.Store, m moderation, now time.Time) (*moderated, error) {
	if m.Other == "" {
		return nil, refusedBy{errors.New("want two statements, by their ids or the addresses of their copies")}
	}
	var links [2]string
	for i, what := range []string{m.Statement, m.Other} {
		var err error
		if links[i], err = pinLink(store, what); err != nil {
			return nil, err
		}
	}
	if links[0] == links[1] {
		return nil, refusedBy{fmt.Errorf("%s and %s are one page, %s; name the address of a copy of each", m.Statement, m.Other, links[0])}
	}
	var f *feeds.Pinned
	var err error
	if m.Do == "undo" {
		f, err = eng.Unpin(ctx, links, m.By, m.Why)
	} else {
		f, err = eng.Pin(ctx, links, m.Do == "together", m.By, m.Why)
	}
	if errors.Is(err, aggregator.ErrPin) {
		return nil, refusedBy{err}
	}
	if err != nil {
		return nil, err
	}
	return wordPinned(store, f, now)
}

// pinLink gives the canonical address that a publication is pinned by: the one
// that is named, or that of the statement's own copy.
func pinLink(store *storage.Store, what string) (string, error) {
	canonical := normalize.Canonical(what)
	if canonical != "" {
		if found, err := store.Find([]feeds.Key{dedup.LinkKey(canonical)}); err != nil || len(found) > 0 {
			return canonical, err
		}
	}
	id := idOf(what)
	st, _, held, err := store.Statement(id)
	switch {
	case err != nil:
		return "", err
	case !held && canonical != "":
		return canonical, nil // of what may come
	case !held:
		return "", fmt.Errorf("%w %q", errNoStatement, what)
	}
	link := ""
	for i := range st.Copies { // of a statement that leads to another, its own copy
		ob, _, err := store.Observed(st.Copies[i].Item)
		if err != nil {
			return "", err
		}
		if l := normalize.Canonical(st.Copies[i].Link); l != "" && (link == "" || ob.Statement == id) {
			if link = l; ob.Statement == id {
				break
			}
		}
	}
	if link == "" {
		return "", refusedBy{fmt.Errorf("no copy of %s has an address that it could be pinned by", id)}
	}
	return link, nil
}

// spelled gives an address as its publisher writes it: what pins go by says https
// for http, and leaves out what counts nothing.
func spelled(store *storage.Store, canonical string) (string, error) {
	found, err := store.Find([]feeds.Key{dedup.LinkKey(canonical)})
	for _, f := range found {
		ob, held, failed := store.Observed(f.Item)
		if failed != nil {
			return "", failed
		}
		if held && normalize.Canonical(ob.Copy.Link) == canonical {
			return ob.Copy.Link, nil
		}
	}
	return canonical, err
}

func wordPinned(store *storage.Store, f *feeds.Pinned, at time.Time) (*moderated, error) {
	m := &moderated{Pinned: "apart", By: f.By, Why: f.Why, At: stamp(at)}
	for _, canonical := range f.Links {
		link, err := spelled(store, canonical)
		if err != nil {
			return nil, err
		}
		m.Links = append(m.Links, link)
	}
	switch {
	case f.Lifted:
		m.Pinned = "undone"
	case f.Together:
		m.Pinned = "together"
	}
	found, err := store.Find([]feeds.Key{dedup.LinkKey(f.Links[0])})
	if err != nil || len(found) == 0 {
		return m, err
	}
	m.Statement = found[0].Statement
	st, current, held, err := store.Statement(m.Statement)
	if held {
		m.Statement, m.Title = current, st.Lead().Title
	}
	return m, err
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
	return &moderated{Statement: m.Statement, Title: title, Withdrawn: m.Hide, Add: names(m.Add), Cut: names(m.Cut), By: m.By, Why: m.Why, At: stamp(at)}
}

// state words what holds, in a word or two.
func (m *moderated) state() string {
	switch {
	case m.Pinned == "undone":
		return "no longer pinned"
	case m.Pinned != "":
		return "pinned " + m.Pinned
	case m.Withdrawn:
		return "withdrawn"
	}
	return "published"
}

func (a *app) tellModerated(m *moderated) error {
	if m.Pinned != "" {
		_, err := fmt.Fprintf(a.stdout, "%s\n%s\n  %s\n", printable(m.Links[0]), printable(m.Links[1]), m.state())
		return err
	}
	state := m.state()
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
	c := &cobra.Command{Use: "list", Short: "Show every statement that an operator has said something of", Example: "  communique moderate list"}
	return table(a, c, "/moderate", allModerated, "STATEMENT\tSTATE\tTAGS\tWHEN\tBY\tWHY\tTITLE", func(m *moderated) string {
		title := m.Title
		if m.Pinned != "" {
			title = strings.Join(m.Links, " ")
		}
		var tags []string
		for _, t := range m.Add {
			tags = append(tags, "+"+t)
		}
		for _, t := range m.Cut {
			tags = append(tags, "-"+t)
		}
		return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s", orNone(string(m.Statement)), m.state(), orNone(strings.Join(tags, " ")), minute(m.At), orNone(printable(m.By)), orNone(printable(m.Why)), orNone(printable(title)))
	})
}

// allModerated gives the latest word on every statement that has one and that
// was not taken back, the latest first.
func allModerated(store *storage.Store) ([]*moderated, error) {
	records, err := store.Moderations()
	if err != nil {
		return nil, err
	}
	pins, err := store.PinRecords()
	if err != nil {
		return nil, err
	}
	records = append(records, pins...)
	out := []*moderated{}
	slices.SortFunc(records, func(a, b feeds.Record) int { return b.At.Compare(a.At) })
	for _, r := range records {
		if f, ok := r.Fact.(*feeds.Pinned); ok && !f.Lifted {
			m, err := wordPinned(store, f, r.At)
			if err != nil {
				return nil, err
			}
			out = append(out, m)
		}
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
func moderator(cfg *config.Config, eng *aggregator.Engine, store *storage.Store) http.Handler {
	return answering("GET, POST", func(r *http.Request) (any, error) {
		if r.Method == http.MethodGet {
			return allModerated(store)
		}
		var asked moderation
		if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10)).Decode(&asked); err != nil {
			return nil, refusedBy{fmt.Errorf("want a JSON object with statement, do, by and why, for two with other: %w", err)}
		}
		return moderate(r.Context(), cfg, eng, store, asked, time.Now().UTC())
	})
}
