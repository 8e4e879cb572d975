package push

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"communique/feeds/render"
	"communique/feeds/serve"
	"communique/storage"
)

const (
	// writeWithin is how long a reader may take for what is written at once. Who
	// takes longer is cut off, and comes back with the id of what it has.
	writeWithin = 10 * time.Second
	retryMillis = 3000
)

// withdrawn words that a statement is no more.
func withdrawn(site *serve.Server, c storage.Change) []byte {
	out := struct {
		ID   string `json:"id"`
		Into string `json:"into,omitempty"` // the statement that it turned out to be
	}{ID: site.StatementURI(c.ID)}
	if c.Into != "" {
		out.Into = site.StatementURI(c.Into)
	}
	b, err := json.Marshal(out)
	if err != nil {
		panic(err) // two strings
	}
	return b
}

// Stream answers with an event stream (HTML, "Server-sent events"): every
// statement that is published or touched from now on, as an item of JSON Feed,
// and every one that is withdrawn. An event's id is the number of its record.
// With Last-Event-ID it goes on from there.
func (p *Pusher) Stream() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		switch r.Method {
		case http.MethodGet, http.MethodHead:
		case http.MethodOptions:
			h.Set("Allow", "GET, HEAD, OPTIONS")
			h.Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
			h.Set("Access-Control-Allow-Headers", "Last-Event-ID, Cache-Control")
			h.Set("Access-Control-Max-Age", "86400")
			w.WriteHeader(http.StatusNoContent)
			return
		default:
			h.Set("Allow", "GET, HEAD, OPTIONS")
			p.site.Fail(w, r, http.StatusMethodNotAllowed, "only GET, HEAD, OPTIONS are answered here")
			return
		}
		f, err := p.site.Selection(r.URL.RawQuery)
		if err != nil {
			p.site.Decline(w, r, err)
			return
		}
		after, reset, err := p.cursor(r)
		if err != nil {
			p.site.Fail(w, r, http.StatusBadRequest, err.Error())
			return
		}
		select {
		case p.streams <- struct{}{}:
			defer func() { <-p.streams }()
		default:
			h.Set("Retry-After", "30")
			p.site.Fail(w, r, http.StatusServiceUnavailable, fmt.Sprintf("%d streams are open, and there is no room for more; poll the feed, or come back", cap(p.streams)))
			return
		}
		h.Set("Content-Type", "text/event-stream; charset=utf-8")
		h.Set("Cache-Control", "no-store, no-transform")
		h.Set("X-Accel-Buffering", "no") // nginx and its kin would hold it back
		h.Set("X-Content-Type-Options", "nosniff")
		w.WriteHeader(http.StatusOK)
		if r.Method == http.MethodHead {
			return
		}
		f.Query.Limit = 0
		s := &stream{p: p, out: http.NewResponseController(w), w: w, after: after,
			view: view{key: f.RawQuery, query: f.Query, languages: render.Languages(f)}}
		s.run(r, reset)
	})
}

// cursor reads where a reader wants to go on. One that this store never gave is
// no place in it: the reader is told to read the feed anew.
func (p *Pusher) cursor(r *http.Request) (after uint64, reset bool, err error) {
	now := p.o.Store.Position()
	id := r.Header.Get("Last-Event-ID")
	if id == "" {
		id = r.URL.Query().Get("last_event_id") // some readers cannot set headers
	}
	if id == "" {
		return now, false, nil
	}
	after, err = strconv.ParseUint(id, 10, 64)
	if err != nil {
		return 0, false, fmt.Errorf("the last event id is %q; want the number that an event came with", short(id))
	}
	if after > now {
		return now, true, nil
	}
	return after, false, nil
}

// stream is one open connection.
type stream struct {
	p     *Pusher
	w     http.ResponseWriter
	out   *http.ResponseController
	view  view
	after uint64
	buf   bytes.Buffer
}

// run writes until the reader leaves, is too slow, or we stop.
func (s *stream) run(r *http.Request, reset bool) {
	fmt.Fprintf(&s.buf, "retry: %d\nid: %d\n", retryMillis, s.after)
	if reset {
		s.buf.WriteString("event: reset\ndata: {}\n")
	}
	s.buf.WriteByte('\n')
	beat := time.NewTicker(s.p.o.Heartbeat)
	defer beat.Stop()
	for {
		more, err := s.fill()
		if err != nil {
			s.p.o.Log.Error("stream broke off", "stage", "push", "err", err)
			return
		}
		if s.buf.Len() > 0 && s.flush() != nil {
			return
		}
		if more == nil {
			if r.Context().Err() != nil {
				return
			}
			continue
		}
		select {
		case <-more:
		case <-beat.C:
			// The id moves with what is not for this reader, so that it has less to
			// look through when it comes back.
			fmt.Fprintf(&s.buf, ": here\nid: %d\n\n", s.after)
		case <-r.Context().Done():
			return
		case <-s.p.ending:
			return
		}
	}
}

// fill puts what is new into the buffer, a bounded lot, and gives a channel to
// wait on, nil when there may be more at once.
func (s *stream) fill() (<-chan struct{}, error) {
	const lot = 64 << 10
	list, upTo, more, err := s.p.reel.after(s.p.o.Store, s.after)
	if err != nil {
		return nil, err
	}
	for i, c := range list {
		e, err := c.of(&s.view, s.p.o.Store, s.p.site)
		if err != nil {
			return nil, err
		}
		whole := i+1 == len(list) || list[i+1].Seq != c.Seq // else another of this record follows
		if e != nil {
			s.write(e, c.Seq, whole)
		}
		if whole {
			s.after = c.Seq
			if s.buf.Len() > lot {
				return nil, nil
			}
		}
	}
	behind := upTo < s.p.reel.at()
	s.after = upTo
	if behind {
		return nil, nil
	}
	return more, nil
}

// write words an event. Only the last of a record carries its id: who is cut
// off between two of them gets both again.
func (s *stream) write(e *event, seq uint64, last bool) {
	if last {
		fmt.Fprintf(&s.buf, "id: %d\n", seq)
	}
	fmt.Fprintf(&s.buf, "event: %s\n", e.kind)
	for line := range strings.Lines(string(e.data)) { // JSON has no bare CR
		s.buf.WriteString("data: ")
		s.buf.WriteString(strings.TrimSuffix(line, "\n"))
		s.buf.WriteByte('\n')
	}
	s.buf.WriteByte('\n')
}

func (s *stream) flush() error {
	if err := s.out.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return err
	}
	_, err := s.w.Write(s.buf.Bytes())
	s.buf.Reset()
	if s.buf.Cap() > 1<<20 {
		s.buf = bytes.Buffer{}
	}
	if err != nil {
		return err
	}
	return s.out.Flush()
}
