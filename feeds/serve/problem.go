package serve

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// kindOfProblem is a type of problem (RFC 9457 §3.1.1), at /problems/ and its name.
type kindOfProblem struct {
	name   string
	status int // that it comes with
	title  string
	about  string // what it means and what to do, for its page
}

// problems are all types. The first of a status is what it means when nothing
// more is known.
var problems = []kindOfProblem{
	{"bad-parameter", http.StatusBadRequest, "A parameter is wrong", "A parameter of the address is not known, or its value is not what it takes. The problem's detail says which and what it wants; near, where it is there, is what was probably meant."},
	{"bad-cursor", http.StatusBadRequest, "The cursor is wrong", "The cursor was not made by this API, or for another order. Take it from the next of an answer as it is, and begin anew without a cursor where you have none."},
	{"not-found", http.StatusNotFound, "There is nothing here", "There is nothing at this address. The problem's allowed lists what there is."},
	{"unknown-name", http.StatusNotFound, "A name is not known", "A region, country, topic, event, source or language that was asked for is not known here. The problem's allowed lists those that are; near is what was probably meant."},
	{"method-not-allowed", http.StatusMethodNotAllowed, "The method is not allowed", "The API is for reading: GET, HEAD and OPTIONS."},
	{"not-acceptable", http.StatusNotAcceptable, "No coding is acceptable", "The request refuses every content coding that is offered, identity among them. Leave Accept-Encoding out, or allow one of br, zstd, gzip and identity."},
	{"withdrawn", http.StatusGone, "The statement was withdrawn", "The statement was published here and is no more: its publisher took it back, or the operator of this site did. It does not come back under this address; a copy of it should go."},
	{"expired", http.StatusGone, "The statement is kept no longer", "The statement was published here and has become older than this site keeps statements. Nobody took it back: a copy of it may stay."},
	{"too-long", http.StatusRequestURITooLong, "The address is too long", "No request needs more than a few parameters. Ask with fewer, in several requests."},
	{"too-many-requests", http.StatusTooManyRequests, "Too many requests", "More requests came from this network address than the policy in RateLimit-Policy allows. Wait for as many seconds as Retry-After says. RateLimit tells in every answer how many requests are left."},
	{"unavailable", http.StatusServiceUnavailable, "Not available now", "The fault is ours and, we hope, will pass. Ask again after as many seconds as Retry-After says."},
}

// kindOf gives the type by name or else by status.
func kindOf(name string, status int) *kindOfProblem {
	for _, by := range []func(k kindOfProblem) bool{
		func(k kindOfProblem) bool { return k.name == name },
		func(k kindOfProblem) bool { return k.status == status },
	} {
		if i := slices.IndexFunc(problems, by); i >= 0 {
			return &problems[i]
		}
	}
	return &problems[len(problems)-1]
}

// exposed are the header fields that scripts of other sites may read.
const exposed = "ETag, Last-Modified, Link, Location, RateLimit, RateLimit-Policy, Retry-After"

// isAPI reports whether the answers below a path are for programs only.
func (s *Server) isAPI(path string) bool { return strings.HasPrefix(path, s.base+"/api/") }

// problem answers a request to the API that cannot be met (RFC 9457).
func (s *Server) problem(w http.ResponseWriter, r *http.Request, no *refusal) {
	k := kindOf(no.kind, no.status)
	p := problemShape{Type: s.o.Site.BaseURL + "/problems/" + k.name, Title: k.title, Status: no.status, Detail: no.text, Instance: r.URL.EscapedPath(),
		Parameter: no.parameter, Allowed: no.list, Policies: no.policies}
	p.Type = strings.Replace(p.Type, "//problems/", "/problems/", 1)
	if no.status == http.StatusRequestURITooLong {
		p.Instance = "" // nobody needs it back
	}
	p.Near = no.meant()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(p); err != nil { // strings and numbers always can
		b.Reset()
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Language", "en")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", exposed)
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-cache")
	}
	if no.status == http.StatusTooManyRequests {
		h.Set("Cache-Control", "no-store") // it is about one reader
	}
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(no.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes()) // the reader may have left
	}
}
