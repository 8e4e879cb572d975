package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"communique/aggregator/dedup"
	"communique/aggregator/normalize"
	"communique/feeds"
	"communique/storage"
)

// explanation is what `explain` tells of a statement, and /explain of the admin
// listener. Times are RFC 3339 UTC, left out when nobody said.
type explanation struct {
	ID        feeds.StatementID `json:"id"`
	Formerly  feeds.StatementID `json:"formerly,omitempty"` // the id that was asked for, when it has been joined to this one
	Title     string            `json:"title"`
	Languages []string          `json:"languages"`
	Published string            `json:"published,omitempty"`
	FirstSeen string            `json:"first_seen"`
	Updated   string            `json:"updated"`
	Hidden    bool              `json:"hidden,omitempty"`
	Copies    []explainedCopy   `json:"copies"`
	Why       []explainedTag    `json:"why"`
}

// explainedCopy is a copy with the reason for its being one of the statement's.
// Score and Threshold are left out where the evidence was exact: the same id,
// address or text.
type explainedCopy struct {
	Item      feeds.ItemKey   `json:"item"`
	Source    feeds.SourceID  `json:"source"`
	Title     string          `json:"title"`
	Link      string          `json:"link,omitempty"`
	Relation  feeds.Relation  `json:"relation"`
	Of        feeds.ItemKey   `json:"of,omitempty"`        // the copy that it was matched to
	OfSource  feeds.SourceID  `json:"of_source,omitempty"` // and whose it is
	OfTitle   string          `json:"of_title,omitempty"`
	Why       string          `json:"why,omitempty"`
	Score     float32         `json:"score,omitempty"`     // 0 to 1
	Threshold float32         `json:"threshold,omitempty"` // that the score had to reach
	Near      []explainedNear `json:"near,omitempty"`
	Language  string          `json:"language,omitempty"`
	Rule      string          `json:"language_rule,omitempty"`
	Published string          `json:"published,omitempty"`
	FirstSeen string          `json:"first_seen"`
	Revision  int             `json:"revision"`
	Notes     []string        `json:"notes,omitempty"`
}

// explainedNear is another statement that a copy came close to when it arrived
// and was not joined with.
type explainedNear struct {
	Statement feeds.StatementID `json:"statement"`
	Item      feeds.ItemKey     `json:"item"` // the copy of it that was compared
	Source    feeds.SourceID    `json:"source"`
	Title     string            `json:"title,omitempty"`
	Link      string            `json:"link,omitempty"`
	Score     float32           `json:"score"`
	Threshold float32           `json:"threshold"`
	Why       string            `json:"why"`               // the evidence, and last what spoke against it
	Related   bool              `json:"related,omitempty"` // shown beside it, on pages and in feeds
	Gone      bool              `json:"gone,omitempty"`    // withdrawn or expired since
}

// explainedTag is a tag with the words that it comes from, of each copy that has
// its own. Rule and Evidence are those that count most.
type explainedTag struct {
	reason
	Words []explainedWords `json:"words,omitempty"`
}

type explainedWords struct {
	Source   feeds.SourceID `json:"source"`
	Language string         `json:"language,omitempty"`
	Rule     string         `json:"rule"`
	Evidence string         `json:"evidence,omitempty"`
}

func (a *app) explain() *cobra.Command {
	var data string
	var asJSON bool
	c := &cobra.Command{
		Use:   "explain STATEMENT-ID|URL",
		Short: "Say why a statement is tagged so, and why its copies are one",
		Long: `explain tells of one statement which offices carried it, why their copies are
one statement, and which words gave it each of its tags. It takes a statement's
id, its permalink, or the address of any copy. While the daemon runs, it is the
daemon that answers, on the admin listener.

Of each copy it says what it is to the statement (origin, reprint, excerpt,
translation, correction or joint), which copy it was matched to, by what
evidence, with which score of at most 1, and the score that was needed. Where
the evidence is exact, there is no score: the same id, address or text. Texts in
one language are compared by their runs of five words, then by the numbers and
names that stand in the same place; texts in two languages by what their words
mean, by names and by numbers. Then comes the nearest statement that it was not
joined with, and what spoke against it; "shown as related" means that the
statement's page and feeds point to it. docs/explain.md tells more, and what the
JSON holds.`,
		Example: "  communique explain https://example.org/news/123\n  communique explain mfrggzdfmztwq2lk",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, isDemo, err := a.load()
			if err != nil {
				return err
			}
			told, err := stored(c.Context(), cfg, storeFile(cfg, isDemo, data), "/explain?q="+url.QueryEscape(args[0]),
				func(s *storage.Store) (*explanation, error) { return explain(s, args[0]) })
			switch {
			case err != nil:
				return err
			case asJSON:
				return writeJSON(a.stdout, told)
			}
			return a.tell(told)
		},
	}
	dataFlag(c, &data)
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

var errNoStatement = errors.New("no statement")

// findStatement finds the statement with an id, or with a copy at a URL, and
// gives the id that it was found by, which may have been joined to another.
func findStatement(store *storage.Store, what string) (feeds.Statement, feeds.StatementID, error) {
	id := idOf(what)
	if canonical := normalize.Canonical(what); canonical != "" {
		found, err := store.Find([]feeds.Key{dedup.LinkKey(canonical)})
		if err != nil {
			return feeds.Statement{}, id, err
		}
		if len(found) > 0 {
			id = found[0].Statement
		}
	}
	st, _, ok, err := store.Statement(id)
	if err != nil {
		return st, id, err
	}
	if !ok {
		return st, id, fmt.Errorf("%w %q, and no copy of one at such an address", errNoStatement, what)
	}
	return st, id, nil
}

// explain tells of the statement with the id or address.
func explain(store *storage.Store, what string) (*explanation, error) {
	st, id, err := findStatement(store, what)
	if errors.Is(err, errNoStatement) {
		err = orHeld(store, err)
	}
	if err != nil {
		return nil, err
	}
	at := st.ID
	out := &explanation{ID: at, Title: st.Lead().Title, Languages: st.Languages(), Published: stamp(st.Published),
		FirstSeen: stamp(st.FirstSeen), Updated: stamp(st.Updated), Hidden: st.Hidden, Why: explainTags(&st)}
	if at != id {
		out.Formerly = id
	}
	for i := range st.Copies {
		c := &st.Copies[i]
		e := explainedCopy{Item: c.Item, Source: c.Source, Title: c.Title, Link: c.Link, Relation: c.Relation,
			Of: c.Of, Why: c.Why, Language: c.Language, Rule: c.LanguageRule, Published: stamp(c.Published),
			FirstSeen: stamp(c.FirstSeen), Revision: c.Revision, Notes: c.Notes}
		if c.Of != "" {
			e.OfSource = c.Of.Source()
			if of := st.Copy(c.Of); of != nil {
				e.OfTitle = of.Title
			}
		}
		if c.Threshold > 0 {
			e.Score, e.Threshold = c.Score, c.Threshold
		}
		if e.Near, err = explainNear(store, at, c.Near); err != nil {
			return nil, err
		}
		out.Copies = append(out.Copies, e)
	}
	return out, nil
}

// orHeld adds to an error that there is no such statement which sources hold
// news back, among which it may be.
func orHeld(store *storage.Store, no error) error {
	var held []string
	err := store.EachFetched(func(f *feeds.Fetched) {
		if f.Braked() {
			held = append(held, string(f.Source))
		}
	})
	if err != nil || len(held) == 0 {
		return errors.Join(no, err)
	}
	const most = 5
	more := ""
	if n := len(held) - most; n > 0 {
		held, more = held[:most], fmt.Sprintf(" and %d more", n)
	}
	return fmt.Errorf("%w; news is held back of %s%s, which `communique sources held` lists", no, strings.Join(held, ", "), more)
}

// explainNear finds what a copy was near to as it stands now. What has become
// the same statement since is left out.
func explainNear(store *storage.Store, id feeds.StatementID, near []feeds.Near) ([]explainedNear, error) {
	var out []explainedNear
	for _, n := range near {
		e := explainedNear{Statement: n.Statement, Item: n.Item, Source: n.Item.Source(), Score: n.Score, Threshold: n.Threshold, Why: n.Why, Related: n.Related}
		st, at, ok, err := store.Statement(n.Statement)
		switch {
		case err != nil:
			return nil, err
		case !ok:
			e.Gone = true
		case at == id:
			continue
		default:
			c := st.Copy(n.Item)
			if c == nil {
				c = st.Lead()
			}
			e.Statement, e.Source, e.Title, e.Link, e.Gone = at, c.Source, c.Title, c.Link, st.Hidden
		}
		out = append(out, e)
	}
	return out, nil
}

func explainTags(st *feeds.Statement) []explainedTag {
	out := []explainedTag{}
	for _, r := range st.Taggings {
		t := explainedTag{reason: reason{r.Tag.String(), r.Rule, r.Evidence}}
		for _, w := range st.Words(r.Tag) {
			t.Words = append(t.Words, explainedWords{w.Copy.Source, w.Copy.Language, w.Rule, w.Evidence})
		}
		out = append(out, t)
	}
	return out
}

// idOf takes the id out of a permalink or of an entry's tag: URI.
func idOf(what string) feeds.StatementID {
	what, _, _ = strings.Cut(what, "?")
	what, _, _ = strings.Cut(what, "#")
	what = what[strings.LastIndexByte(what, '/')+1:]
	what, _, _ = strings.Cut(what, ".") // its .json or .html
	return feeds.StatementID(what)
}

// tell writes for people: what is foreign stays on its line.
func (a *app) tell(st *explanation) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n  statement %s\n", orNone(printable(st.Title)), st.ID)
	if st.Formerly != "" {
		fmt.Fprintf(&b, "  %s was found to be the same and leads here\n", st.Formerly)
	}
	fmt.Fprintf(&b, "  published  %s\n  first seen %s\n  updated    %s\n", orNone(minute(st.Published)), minute(st.FirstSeen), minute(st.Updated))
	if st.Hidden {
		fmt.Fprintln(&b, "  hidden by an operator")
	}
	fmt.Fprintf(&b, "\ncopies: %d\n", len(st.Copies))
	for i := range st.Copies {
		c := &st.Copies[i]
		fmt.Fprintf(&b, "  %s: %s, %s\n", c.Source, c.Relation, languageOf(c))
		if c.Title != st.Title {
			fmt.Fprintf(&b, "    %s\n", orNone(printable(c.Title)))
		}
		fmt.Fprintf(&b, "    %s\n", orNone(printable(c.Link)))
		if c.Of != "" {
			fmt.Fprintf(&b, "    one with %s's%s: %s\n", c.OfSource, quoted(c.OfTitle, st.Title), orNone(printable(c.Why)))
			if c.Threshold > 0 {
				fmt.Fprintf(&b, "    score %.2f, needed %.2f\n", c.Score, c.Threshold)
			}
		} else if c.Why != "" {
			fmt.Fprintf(&b, "    %s\n", printable(c.Why))
		}
		fmt.Fprintf(&b, "    published %s, first seen %s", orNone(minute(c.Published)), minute(c.FirstSeen))
		if c.Revision > 1 {
			fmt.Fprintf(&b, ", revision %d", c.Revision)
		}
		fmt.Fprintln(&b)
		for _, n := range c.Notes {
			fmt.Fprintf(&b, "    note: %s\n", printable(n))
		}
		for i, n := range c.Near {
			n.tell(&b, i == 0)
		}
	}
	var tags, mentioned []explainedTag
	for _, t := range st.Why {
		if strings.HasPrefix(t.Tag, feeds.Mention+"/") {
			mentioned = append(mentioned, t)
		} else {
			tags = append(tags, t)
		}
	}
	fmt.Fprintf(&b, "\ntags: %d\n", len(tags))
	for i := range tags {
		same := slices.IndexFunc(tags[:i], func(t explainedTag) bool {
			return len(t.Words) > 0 && slices.EqualFunc(t.Words, tags[i].Words, sameWords)
		})
		if same >= 0 { // a region's are its country's
			fmt.Fprintf(&b, "  %s, by %s, in the words of %s\n", tags[i].Tag, printable(tags[i].Rule), tags[same].Tag)
			continue
		}
		tags[i].tell(&b, len(st.Copies) > 1)
	}
	if len(mentioned) > 0 {
		fmt.Fprintf(&b, "\ncountries that are only mentioned: %d\n", len(mentioned))
	}
	for i := range mentioned {
		mentioned[i].tell(&b, len(st.Copies) > 1)
	}
	_, err := fmt.Fprint(a.stdout, b.String())
	return err
}

// tell writes of a statement that was near: nearest marks the first.
func (n *explainedNear) tell(b *strings.Builder, nearest bool) {
	what := "also near"
	if nearest {
		what = "nearest that was not joined"
	}
	fmt.Fprintf(b, "    %s: %s's%s, statement %s", what, n.Source, quoted(n.Title, ""), n.Statement)
	if n.Gone {
		b.WriteString(", no longer published")
	} else if n.Related {
		b.WriteString(", shown as related")
	}
	fmt.Fprintf(b, "\n      score %.2f, needed %.2f: %s\n", n.Score, n.Threshold, orNone(printable(n.Why)))
}

// tell writes a tag; several says that it matters whose words they are.
func (t *explainedTag) tell(b *strings.Builder, several bool) {
	fmt.Fprintf(b, "  %s, by %s\n", t.Tag, printable(t.Rule))
	if len(t.Words) == 0 && t.Evidence != "" {
		fmt.Fprintf(b, "    %s\n", printable(t.Evidence))
	}
	for _, w := range t.Words {
		switch {
		case w.Evidence == "":
		case several:
			fmt.Fprintf(b, "    in %s's, %s, %s\n", w.Source, orUnknown(w.Language), printable(w.Evidence))
		default:
			fmt.Fprintf(b, "    %s\n", printable(w.Evidence))
		}
	}
}

func sameWords(a, b explainedWords) bool {
	a.Rule, b.Rule = "", ""
	return a == b
}

// quoted gives a title to put behind a name, "" when it is known from above.
func quoted(title, above string) string {
	if title == "" || title == above {
		return ""
	}
	return " “" + printable(title) + "”"
}

func languageOf(c *explainedCopy) string {
	if c.Language == "" {
		return orUnknown("")
	}
	return c.Language + " (says the " + c.Rule + ")"
}

func orUnknown(language string) string {
	if language == "" {
		return "language unknown"
	}
	return language
}
