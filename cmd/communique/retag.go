package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"communique/aggregator"
	"communique/config"
	"communique/feeds"
	"communique/storage"
)

// retagLine is a line of `retag --json`, and of what the daemon answers.
type retagLine struct {
	Type      string            `json:"type"` // statement, at the end total, or error
	Statement feeds.StatementID `json:"statement,omitempty"`
	Title     string            `json:"title,omitempty"`
	Gained    []reason          `json:"gained,omitempty"`
	Lost      []reason          `json:"lost,omitempty"` // with the rule and words that gave it
	Error     string            `json:"error,omitempty"`
	*aggregator.Previewed
}

func (a *app) retag() *cobra.Command {
	var data string
	var r retagRun
	c := &cobra.Command{
		Use:   "retag",
		Short: "Apply changed rules to what is stored",
		Long: `retag gives what is stored the tags that the present rules give, where other
rules have tagged it: those of ` + "`taxonomy:`" + `, the regions and topics of a source, or
those of another version of this program. Nothing but tags changes: no
statement's id, date or place in its feeds.

--dry-run changes nothing and says what would: how many statements each tag
would gain and lose, the largest first, and examples, the newest first, with the
rule and the words of each tag.

While the daemon runs, it is the daemon that answers, on the admin listener: a
dry run is by the configuration file as it is now, also before the daemon has
read it again. The daemon itself retags in the background when rules have changed
at a start or a reload: by itself once a file has changed, by ` + "`communique reload`" + `,
or by SIGHUP.

--json writes a line for each statement: type, statement, title, gained and
lost, which are lists of tag, rule and evidence. The last line is of type total.`,
		Example: "  communique retag --dry-run\n  communique retag\n  communique retag --dry-run --json | jq -r 'select(.lost).statement'",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			var isDemo bool
			if r.cfg, isDemo, err = a.load(); err != nil {
				return err
			}
			r.app, r.file = a, storeFile(r.cfg, isDemo, data)
			if r.dry {
				return r.preview(c.Context())
			}
			return r.apply(c.Context())
		},
	}
	dataFlag(c, &data)
	c.Flags().BoolVar(&r.dry, "dry-run", false, "change nothing, say what would")
	c.Flags().BoolVar(&r.all, "all", false, "also what the present rules have tagged")
	c.Flags().BoolVar(&r.json, "json", false, "as JSON, one object a line")
	return c
}

// retagRun is one run of the command.
type retagRun struct {
	*app
	cfg            *config.Config
	file           string
	dry, all, json bool
}

// preview says what would change.
func (r *retagRun) preview(ctx context.Context) error {
	out := retagReport{tags: map[string]*tagCount{}}
	each := out.add
	enc := lineEncoder(r.stdout)
	if r.json {
		each = func(l *retagLine) error { return enc.Encode(l) }
	}
	store, err := openToRead(r.file)
	switch {
	case err == nil:
		defer store.Close()
		var eng *aggregator.Engine
		if eng, err = engine(r.cfg, store, r.log, nil); err == nil {
			err = previewLines(ctx, eng, aggregator.Retagging{All: r.all, Step: r.bar()}, each)
		}
	case errors.Is(err, storage.ErrInUse):
		err = r.askPreview(ctx, err, each)
	}
	if err != nil || r.json {
		return r.interrupted(ctx, err, "nothing has been changed")
	}
	return out.tell(r.stdout)
}

// previewLines calls each with a line for every statement, and one of the total.
func previewLines(ctx context.Context, eng *aggregator.Engine, o aggregator.Retagging, each func(*retagLine) error) error {
	seen, err := eng.Preview(ctx, o, func(c aggregator.TagChange) error {
		return each(&retagLine{Type: "statement", Statement: c.Statement, Title: c.Title, Gained: reasons(c.Gained), Lost: reasons(c.Lost)})
	})
	if err != nil {
		return err
	}
	return each(&retagLine{Type: "total", Previewed: &seen})
}

// apply retags, or has the daemon do it.
func (r *retagRun) apply(ctx context.Context) error {
	if _, err := os.Stat(r.file); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no store at %s: %w", r.file, errNoStore)
	}
	var out aggregator.Retagged
	goesOn := "the next `communique retag`"
	store, err := openStore(r.file, r.log)
	switch {
	case err == nil:
		defer store.Close()
		var eng *aggregator.Engine
		if eng, err = engine(r.cfg, store, r.log, nil); err == nil {
			out, err = eng.Retag(ctx, aggregator.Retagging{All: r.all, Step: r.bar()})
		}
	case errors.Is(err, storage.ErrInUse):
		goesOn = "the daemon"
		out, err = r.askRetag(ctx, err)
	}
	switch {
	case err != nil:
		return r.interrupted(ctx, err, fmt.Sprintf("what has been tagged anew is stored, and %s goes on", goesOn))
	case r.json:
		return lineEncoder(r.stdout).Encode(struct {
			Type string `json:"type"`
			aggregator.Retagged
		}{"total", out})
	case out.Copies == 0:
		_, err = fmt.Fprintln(r.stdout, nothingToRetag)
	default:
		_, err = fmt.Fprintf(r.stdout, "%d copies tagged anew; %d of them have other tags: %d gained, %d lost\n", out.Copies, out.Changed, out.Gained, out.Lost)
	}
	return err
}

const nothingToRetag = "nothing to do: the present rules have tagged all that is stored"

// interrupted says what became of work that was broken off.
func (r *retagRun) interrupted(ctx context.Context, err error, done string) error {
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("interrupted; %s", done)
	}
	return err
}

// bar draws on a terminal how far it is.
func (r *retagRun) bar() func(done, total int) error {
	draw := bar(r.stderr, "tagging")
	if draw == nil {
		return nil
	}
	return func(done, total int) error {
		draw(done, total)
		return nil
	}
}

// askPreview has the daemon say what would change; held says that it must be.
func (r *retagRun) askPreview(ctx context.Context, held error, each func(*retagLine) error) error {
	res, err := r.ask(ctx, http.MethodGet, held)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	for dec := json.NewDecoder(res.Body); ; {
		var l retagLine
		switch err := dec.Decode(&l); {
		case err != nil:
			return fmt.Errorf("the daemon broke off: %w", err)
		case l.Type == "error":
			return fmt.Errorf("%s", printable(l.Error))
		}
		if err := each(&l); err != nil || l.Type == "total" {
			return err
		}
	}
}

func (r *retagRun) askRetag(ctx context.Context, held error) (out aggregator.Retagged, err error) {
	res, err := r.ask(ctx, http.MethodPost, held)
	if err != nil {
		return out, err
	}
	defer res.Body.Close()
	return out, json.NewDecoder(res.Body).Decode(&out)
}

// ask asks the daemon, which is to have the same rules.
func (r *retagRun) ask(ctx context.Context, method string, held error) (*http.Response, error) {
	eng, err := engine(r.cfg, nil, r.log, nil)
	if err != nil {
		return nil, err
	}
	q := url.Values{"rules": {rulesName(eng)}}
	if r.all {
		q.Set("all", "1")
	}
	res, err := askFor(ctx, r.cfg, r.file, method, "/retag?"+q.Encode(), 0)
	if errors.Is(err, errNoDaemon) {
		return nil, fmt.Errorf("%w (%w)", held, err)
	}
	return res, err
}

func rulesName(eng *aggregator.Engine) string { return strconv.FormatUint(eng.Rules(), 16) }

func lineEncoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}

const (
	mostTags     = 40 // lines of tags in a report
	mostExamples = 20
	examplesEach = 3 // of one tag, before others have had their turn
)

// retagReport gathers what a dry run found, for people.
type retagReport struct {
	tags      map[string]*tagCount
	mentioned tagCount
	examples  []*retagLine
	total     aggregator.Previewed
}

type tagCount struct {
	tag                    string
	gained, lost, examples int
}

func (r *retagReport) add(l *retagLine) error {
	if l.Previewed != nil {
		r.total = *l.Previewed
		return nil
	}
	fresh := false // it shows a tag that few examples have shown
	var counts []*tagCount
	count := func(t reason) *tagCount {
		if strings.HasPrefix(t.Tag, feeds.Mention+"/") {
			return &r.mentioned
		}
		n := r.tags[t.Tag]
		if n == nil {
			n = &tagCount{tag: t.Tag}
			r.tags[t.Tag] = n
		}
		counts = append(counts, n)
		fresh = fresh || n.examples < examplesEach
		return n
	}
	for _, t := range l.Gained {
		count(t).gained++
	}
	for _, t := range l.Lost {
		count(t).lost++
	}
	if fresh && len(r.examples) < mostExamples {
		r.examples = append(r.examples, l)
		for _, n := range counts {
			n.examples++
		}
	}
	return nil
}

func (r *retagReport) tell(out io.Writer) error {
	if r.total.Copies == 0 {
		_, err := fmt.Fprintln(out, nothingToRetag)
		return err
	}
	var b strings.Builder
	tags := slices.SortedFunc(maps.Values(r.tags), func(x, y *tagCount) int {
		return cmp.Or(cmp.Compare(y.gained+y.lost, x.gained+x.lost), cmp.Compare(x.tag, y.tag))
	})
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	if len(tags) > 0 {
		fmt.Fprintln(w, "TAG\tGAINED\tLOST")
	}
	for _, t := range tags[:min(len(tags), mostTags)] {
		fmt.Fprintf(w, "%s\t%s\t%s\n", t.tag, signed("+", t.gained), signed("-", t.lost))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(table.String()) {
		fmt.Fprintln(&b, strings.TrimRight(line, " \n"))
	}
	if more := len(tags) - mostTags; more > 0 {
		fmt.Fprintf(&b, "and %d tags more\n", more)
	}
	if m := r.mentioned; m.gained+m.lost > 0 {
		fmt.Fprintf(&b, "countries that are only mentioned: %d gained, %d lost\n", m.gained, m.lost)
	}
	if len(r.examples) > 0 {
		fmt.Fprintf(&b, "\nfor example:\n")
	}
	for _, l := range r.examples {
		fmt.Fprintf(&b, "\n%s  %s\n", l.Statement, orNone(printable(l.Title)))
		tellTags(&b, "+", l.Gained)
		tellTags(&b, "-", l.Lost)
	}
	if len(tags) > 0 {
		fmt.Fprintln(&b)
	}
	fmt.Fprintf(&b, "%d of %d statements would have other tags; %d copies are to be tagged anew; nothing has been changed\n", r.total.Changed, r.total.Statements, r.total.Copies)
	_, err := io.WriteString(out, b.String())
	return err
}

func tellTags(b *strings.Builder, sign string, tags []reason) {
	for _, t := range tags {
		if strings.HasPrefix(t.Tag, feeds.Mention+"/") {
			continue
		}
		fmt.Fprintf(b, "  %s %s, by %s\n", sign, t.Tag, printable(t.Rule))
		if t.Evidence != "" {
			fmt.Fprintf(b, "      %s\n", printable(t.Evidence))
		}
	}
}

// signed gives a number with its sign, and nothing for nothing.
func signed(sign string, n int) string {
	if n == 0 {
		return ""
	}
	return sign + strconv.Itoa(n)
}

// retagger is the daemon's side: it retags once in the background, when rules
// have changed, and then when it is asked to.
type retagger struct {
	ctx   context.Context // ends with the engine
	eng   *aggregator.Engine
	cfg   *config.Config // that the engine runs by
	read  func() (*config.Config, error)
	store *storage.Store
	log   *slog.Logger

	asked   chan retagRequest
	reading sync.Mutex // one preview at a time
}

type retagRequest struct {
	all    bool
	answer chan<- retagAnswer // has room for it
}

type retagAnswer struct {
	out aggregator.Retagged
	err error
}

// run retags until its context ends.
func (r *retagger) run() {
	r.retag(aggregator.Retagging{Step: r.unhurried()})
	for {
		select {
		case <-r.ctx.Done():
			return
		case q := <-r.asked:
			q.answer <- r.retag(aggregator.Retagging{All: q.all})
		}
	}
}

func (r *retagger) retag(o aggregator.Retagging) retagAnswer {
	began := time.Now()
	out, err := r.eng.Retag(r.ctx, o)
	switch {
	case err != nil && r.ctx.Err() == nil:
		r.log.Error("tagging anew broke off; what is left waits for the next start or for `communique retag`", "stage", "tag", "copies", out.Copies, "err", err)
	case out.Copies > 0:
		r.log.Info("tagged anew", "stage", "tag", "copies", out.Copies, "changed", out.Changed, "gained", out.Gained, "lost", out.Lost, "took", time.Since(began).Round(time.Millisecond))
	}
	return retagAnswer{out, err}
}

// unhurried says that there is something to do, and rests between lots as long
// as each takes: visits and readers come first.
func (r *retagger) unhurried() func(done, total int) error {
	var began time.Time
	return func(done, total int) error {
		switch {
		case done == 0:
			r.log.Info("rules have changed: tagging anew what is stored", "stage", "tag", "copies", total)
		case done < total:
			select {
			case <-r.ctx.Done():
				return r.ctx.Err()
			case <-time.After(time.Since(began)):
			}
		}
		began = time.Now()
		return nil
	}
}

// ServeHTTP answers /retag?rules=FINGERPRINT[&all=1]: GET with what would change
// by the configuration file as it is now, POST when the rules that the daemon
// runs by have been applied. Both refuse when those are not the asker's.
func (r *retagger) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // it takes as long as it takes
	q := req.URL.Query()
	switch req.Method {
	case http.MethodGet:
		r.preview(w, req, q)
	case http.MethodPost:
		r.apply(w, req, q)
	default:
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "want GET or POST", http.StatusMethodNotAllowed)
	}
}

func (r *retagger) preview(w http.ResponseWriter, req *http.Request, q url.Values) {
	if !r.reading.TryLock() {
		http.Error(w, "another dry run is under way; try again when it is over", http.StatusServiceUnavailable)
		return
	}
	defer r.reading.Unlock()
	cfg, err := r.read()
	if err == nil && cfg == nil {
		cfg = r.cfg // there never was a file
	}
	var eng *aggregator.Engine
	if err == nil {
		eng, err = engine(cfg, r.store, r.log, nil)
	}
	if err != nil {
		http.Error(w, "the daemon's configuration file is wrong: "+err.Error(), http.StatusConflict)
		return
	}
	if q.Get("rules") != rulesName(eng) {
		http.Error(w, "the daemon's configuration file has other rules than this one; give the daemon's with --config", http.StatusConflict)
		return
	}
	ctx, cancel := context.WithCancel(req.Context())
	defer cancel()
	defer context.AfterFunc(r.ctx, cancel)()
	w.Header().Set("Content-Type", "application/x-ndjson")
	enc := lineEncoder(w)
	err = previewLines(ctx, eng, aggregator.Retagging{All: q.Get("all") != ""}, func(l *retagLine) error { return enc.Encode(l) })
	if err != nil {
		if r.ctx.Err() != nil {
			err = errReplaced
		}
		_ = enc.Encode(&retagLine{Type: "error", Error: err.Error()}) // the reader may have left
	}
}

var errReplaced = errors.New("the daemon stops or reads its configuration again; ask anew")

func (r *retagger) apply(w http.ResponseWriter, req *http.Request, q url.Values) {
	if q.Get("rules") != rulesName(r.eng) {
		http.Error(w, "the daemon runs by other rules; make it read its configuration again (communique reload): it then retags by itself", http.StatusConflict)
		return
	}
	answer := make(chan retagAnswer, 1)
	select {
	case r.asked <- retagRequest{q.Get("all") != "", answer}:
	case <-req.Context().Done():
		return
	case <-r.ctx.Done():
		http.Error(w, errReplaced.Error(), http.StatusServiceUnavailable)
		return
	}
	got := <-answer // it ends when the engine does
	switch {
	case r.ctx.Err() != nil:
		http.Error(w, errReplaced.Error(), http.StatusServiceUnavailable)
	case got.err != nil:
		http.Error(w, got.err.Error(), http.StatusServiceUnavailable)
	default:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = writeJSON(w, got.out) // the reader may have left
	}
}
