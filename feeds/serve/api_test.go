package serve

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pb33f/libopenapi/datamodel"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"communique/feeds"
	"communique/storage"
)

// client asks the API and holds every answer against the OpenAPI document that
// the server gives.
type client struct {
	*site
	doc struct {
		OpenAPI string
		Paths   map[string]struct {
			Get struct {
				Parameters []struct{ Name string }
				Responses  map[string]struct {
					Ref     string `json:"$ref"`
					Content map[string]any
				}
			}
		}
		Components struct{ Responses map[string]any }
	}
	schemas *jsonschema.Compiler
}

func newClient(t *testing.T, change ...func(*Options)) *client {
	c := &client{site: newSite(t, change...), schemas: jsonschema.NewCompiler()}
	c.schemas.AssertFormat()
	a := c.get("/api/v1/openapi.json")
	if err := json.Unmarshal(a.body, &c.doc); err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.body))
	if err == nil {
		err = c.schemas.AddResource("openapi.json", doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// check holds a value against the schema at a place of the document.
func (c *client) check(what string, body []byte, place ...string) {
	c.t.Helper()
	at := "openapi.json#"
	for _, p := range place {
		at += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(p)
	}
	schema, err := c.schemas.Compile(at)
	if err != nil {
		c.t.Fatalf("%s: %v", what, err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err == nil {
		err = schema.Validate(v)
	}
	if err != nil {
		c.t.Errorf("%s is not as the document says: %v\n%s", what, err, body)
	}
}

// call asks, and checks the answer.
func (c *client) call(path string, header ...string) answer {
	c.t.Helper()
	a := c.get(path, header...)
	bare, _, _ := strings.Cut(path, "?")
	described := ""
	for route := range c.doc.Paths {
		if head, is := strings.CutSuffix(route, "{id}"); route == bare || is && strings.HasPrefix(bare, head) {
			described = route
		}
	}
	if described == "" {
		if a.StatusCode != 404 {
			c.t.Errorf("%s: %s, and no such path is described", path, a.Status)
		}
		return a
	}
	status := fmt.Sprint(a.StatusCode)
	response, there := c.doc.Paths[described].Get.Responses[status]
	media, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	what := fmt.Sprintf("%.80s: %s", path, a.Status)
	switch {
	case !there:
		c.t.Errorf("%s: the answer is not described", what)
	case response.Ref != "":
		c.check(what, a.body, append(strings.Split(strings.TrimPrefix(response.Ref, "#/"), "/"), "content", media, "schema")...)
	case len(response.Content) > 0:
		c.check(what, a.body, "paths", described, "get", "responses", status, "content", media, "schema")
	case len(a.body) > 0:
		c.t.Errorf("%s: a body that is not described", what)
	}
	return a
}

// list gives a page.
func (c *client) list(path string) listShape {
	c.t.Helper()
	a := c.call(path)
	var out listShape
	if err := json.Unmarshal(a.body, &out); err != nil || a.StatusCode != 200 {
		c.t.Fatalf("%s: %s %v\n%s", path, a.Status, err, a.body)
	}
	return out
}

func names(sts []statementShape) string {
	var out []string
	for _, st := range sts {
		out = append(out, st.Lead.Title)
	}
	return fmt.Sprint(out)
}

// local makes an address of the site one of the test's server.
func local(address string) string { return strings.TrimPrefix(address, "https://news.example.org") }

func TestTheOpenAPIDocumentIsValidAndComplete(t *testing.T) {
	c := newClient(t)
	meta := jsonschema.NewCompiler()
	standard, err := jsonschema.UnmarshalJSON(strings.NewReader(datamodel.OpenAPI31SchemaData))
	if err == nil {
		err = meta.AddResource("oas31.json", standard)
	}
	if err != nil {
		t.Fatal(err)
	}
	schema, err := meta.Compile("oas31.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(c.get("/api/v1/openapi.json").body))
	if err == nil {
		err = schema.Validate(doc)
	}
	if err != nil || !strings.HasPrefix(c.doc.OpenAPI, "3.1.") {
		t.Errorf("OpenAPI %q: %v", c.doc.OpenAPI, err)
	}
	for _, path := range []string{"/api/v1/statements", "/api/v1/statements/{id}", "/api/v1/tags", "/api/v1/sources", "/api/v1/openapi.json"} {
		if _, there := c.doc.Paths[path]; !there {
			t.Errorf("%s is not described", path)
		}
	}
	// What is described is what there is.
	var no struct{ Allowed []string }
	if err := json.Unmarshal(c.get("/api/v1/nothing").body, &no); err != nil || !slices.Equal(no.Allowed, slices.Sorted(maps.Keys(c.doc.Paths))) {
		t.Errorf("described are %v, and there is %v (%v)", slices.Sorted(maps.Keys(c.doc.Paths)), no.Allowed, err)
	}
	var names []string
	for _, p := range c.doc.Paths["/api/v1/statements"].Get.Parameters {
		names = append(names, p.Name)
	}
	for _, want := range append(selectors[:], "prefer", "limit", "cursor", "since", "until", "updated_since", "order", "content") {
		if !slices.Contains(names, want) {
			t.Errorf("the parameter %s is not described", want)
		}
	}
}

func TestStatementsOfTheAPITellWhatFeedsDo(t *testing.T) {
	c := newClient(t)
	both := c.say("north", "en", "Clinics", health, mexico)
	c.copy(both, "south", "fr", "Cliniques", health)
	c.say("south", "es", "Datos", data)
	for path, want := range map[string]string{
		"/api/v1/statements":                                   "[Datos Clinics]",
		"/api/v1/statements?lang=fr":                           "[Cliniques]",
		"/api/v1/statements?prefer=fr,en":                      "[Datos Cliniques]",
		"/api/v1/statements?topic=health&source=north":         "[Clinics]",
		"/api/v1/statements?topic=health,data&limit=1":         "[Datos]",
		"/api/v1/statements?q=many+clinics":                    "[Clinics]",
		"/api/v1/statements?since=2026-03-10&until=2026-03-11": "[Datos Clinics]",
		"/api/v1/statements?since=2026-03-10T12:03:00Z":        "[Datos]",
		"/api/v1/statements?until=2026-03-10T13:03:00%2B01:00": "[Clinics]",
		"/api/v1/statements?order=updated":                     "[Datos Clinics]",
		"/api/v1/statements?since=2026-03-11":                  "[]",
	} {
		if got := names(c.list(path).Statements); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	st := c.list("/api/v1/statements?topic=health").Statements[0]
	if st.ID != string(both) || st.URL != "https://news.example.org/statements/"+string(both) || st.Published != "2026-03-10T12:02:00Z" || len(st.Copies) != 2 ||
		st.Copies[1].Relation != feeds.IsTranslation || fmt.Sprint(st.Languages) != "[en fr]" || st.Lead.Content != "" || st.Lead.Summary == "" || st.Tags[1].Labels["en"] != "Health" {
		t.Errorf("%+v", st)
	}
	if full := c.list("/api/v1/statements?topic=health&content=full").Statements[0]; !strings.HasPrefix(full.Lead.Content, "<p>Clinics in many") {
		t.Errorf("content=full gives %q", full.Lead.Content)
	}
	one := c.call("/api/v1/statements/" + string(both))
	if twin := c.get("/statements/" + string(both) + ".json"); string(twin.body) != string(one.body) {
		t.Errorf("two shapes of one statement:\n%s\n%s", one.body, twin.body)
	}
	var whole statementShape
	if err := json.Unmarshal(c.call("/api/v1/statements/"+string(both)+"?lang=fr").body, &whole); err != nil || whole.Lead.Title != "Cliniques" || whole.Copies[0].Content == "" || whole.Copies[0].Origin == nil {
		t.Errorf("%+v, %v", whole, err)
	}
}

func TestPagesStayGoodWhileStatementsArrive(t *testing.T) {
	c := newClient(t)
	want := []string{}
	for i := range 23 {
		want = append(want, fmt.Sprint("s", i))
		c.say("north", "en", fmt.Sprint("s", i), health)
	}
	slices.Reverse(want)
	var got []string
	path, pages := "/api/v1/statements?limit=5&topic=health", 0
	for path != "" {
		a := c.call(path)
		var page listShape
		if err := json.Unmarshal(a.body, &page); err != nil {
			t.Fatal(err)
		}
		for _, st := range page.Statements {
			got = append(got, st.Lead.Title)
		}
		if link := a.Header.Get("Link"); page.Next != "" && link != "<"+page.Next+`>; rel="next"` || page.Next == "" && link != "" {
			t.Errorf("Link %q, next %q", link, page.Next)
		}
		if again := c.call(path); string(again.body) != string(a.body) {
			t.Errorf("%s gives two answers", path)
		}
		path = local(page.Next)
		if pages++; pages > 10 {
			t.Fatal("no end of pages")
		}
		c.say("south", "en", fmt.Sprint("late ", pages), health)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestClientsKeepACopyByChanges(t *testing.T) {
	c := newClient(t)
	held := map[string]string{}
	pages := 0
	follow := func(path string) (next string) {
		t.Helper()
		for more := true; more; {
			var page changesShape
			a := c.call(path)
			if err := json.Unmarshal(a.body, &page); err != nil || a.StatusCode != 200 {
				t.Fatalf("%s: %s %v\n%s", path, a.Status, err, a.body)
			}
			for _, st := range page.Statements {
				held[st.ID] = st.Lead.Title
			}
			for _, id := range page.Removed {
				delete(held, id)
			}
			if path, more = local(page.Next), page.More; more != (a.Header.Get("Link") != "") {
				t.Errorf("more %t, Link %q", more, a.Header.Get("Link"))
			}
			if pages++; pages > 50 {
				t.Fatal("no end of pages")
			}
		}
		return path
	}
	agree := func(when string) {
		t.Helper()
		want := map[string]string{}
		for _, st := range c.list("/api/v1/statements?topic=health&limit=500").Statements {
			want[st.ID] = st.Lead.Title
		}
		if fmt.Sprint(held) != fmt.Sprint(want) {
			t.Errorf("%s\nheld %v\nwant %v", when, held, want)
		}
	}
	var ids []feeds.StatementID
	for i := range 12 {
		tag := health
		if i%3 == 0 {
			tag = data
		}
		ids = append(ids, c.say("north", "en", fmt.Sprint("s", i), tag))
	}
	next := follow("/api/v1/statements?topic=health&limit=3&updated_since=1970-01-01")
	agree("after the first round")
	if before := pages; follow(next) != next || pages != before+1 {
		t.Error("nothing has changed, and next is another or there is more")
	}
	c.append(&feeds.Moderated{Statement: ids[1], Hide: true})
	c.append(&feeds.Joined{Loser: ids[4], Winner: ids[2]})
	c.append(&feeds.Moderated{Statement: ids[5], Cut: []feeds.Tag{health}, Add: []feeds.Tag{data}})
	c.append(&feeds.Moderated{Statement: ids[0], Add: []feeds.Tag{health}})
	c.say("south", "es", "new", health)
	follow(next)
	agree("after changes")

	since := c.get("/api/v1/statements?updated_since=" + url.QueryEscape(day.Add(36*time.Minute).Format(time.RFC3339)))
	var page changesShape
	if err := json.Unmarshal(since.body, &page); err != nil || len(page.Statements)+len(page.Removed) == 0 || len(page.Statements) > 8 {
		t.Errorf("since a time: %d and %d, %v", len(page.Statements), len(page.Removed), err)
	}
}

func TestProblemsSayWhatIsWrong(t *testing.T) {
	c := newClient(t)
	hidden, loser, winner := c.say("north", "en", "Hidden"), c.say("north", "en", "Loser"), c.say("north", "en", "Winner", health)
	c.append(&feeds.Moderated{Statement: hidden, Hide: true}, &feeds.Joined{Loser: loser, Winner: winner})
	for path, want := range map[string]struct {
		status                int
		kind, near, parameter string
	}{
		"/api/v1/statements?topic=helth":                        {404, "unknown-name", "health", "topic"},
		"/api/v1/statements?source=nord":                        {404, "unknown-name", "", "source"},
		"/api/v1/statements?lang=zu":                            {404, "unknown-name", "", "lang"},
		"/api/v1/statements?langs=en":                           {400, "bad-parameter", "lang", "langs"},
		"/api/v1/statements?limit=0":                            {400, "bad-parameter", "", "limit"},
		"/api/v1/statements?limit=1&limit=2":                    {400, "bad-parameter", "", "limit"},
		"/api/v1/statements?order=update":                       {400, "bad-parameter", "updated", "order"},
		"/api/v1/statements?since=yesterday":                    {400, "bad-parameter", "", "since"},
		"/api/v1/statements?updated_since=2026-13-01":           {400, "bad-parameter", "", "updated_since"},
		"/api/v1/statements?cursor=abc":                         {400, "bad-cursor", "", "cursor"},
		"/api/v1/statements?cursor=" + strings.Repeat("A", 500): {400, "bad-cursor", "", "cursor"},
		"/api/v1/statements?q=a%ff":                             {400, "bad-parameter", "", "q"},
		"/api/v1/statements?topic=%zz":                          {400, "bad-parameter", "", ""},
		"/api/v1/statements?topic=" + many(60):                  {400, "bad-parameter", "", "topic"},
		"/api/v1/statements?q=" + strings.Repeat("x", 5000):     {414, "too-long", "", ""},
		"/api/v1/statements/" + string(hidden):                  {410, "withdrawn", "", ""},
		"/api/v1/statements/nosuch":                             {404, "not-found", "", ""},
		"/api/v1/statement":                                     {404, "not-found", "/api/v1/statements", ""},
		"/api/v2/statements":                                    {404, "not-found", "/api/v1/statements", ""},
		"/api/v1/tags?scheme=topics":                            {400, "bad-parameter", "topic", "scheme"},
		"/api/v1/sources?limit=3":                               {400, "bad-parameter", "", "limit"},
	} {
		a := c.call(path)
		var p problemShape
		if err := json.Unmarshal(a.body, &p); err != nil || a.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%.60s: %s, %q, %v", path, a.Status, a.Header.Get("Content-Type"), err)
			continue
		}
		if a.StatusCode != want.status || p.Status != want.status || p.Type != "https://news.example.org/problems/"+want.kind || p.Near != want.near || p.Parameter != want.parameter || p.Title == "" || p.Detail == "" {
			t.Errorf("%.60s: %s %+v\nwant %+v", path, a.Status, p, want)
		}
		if about := c.get(local(p.Type)); about.StatusCode != 200 || !strings.Contains(string(about.body), p.Title) {
			t.Errorf("%s: %s", p.Type, about.Status)
		}
		if a.Header.Get("Access-Control-Allow-Origin") != "*" || strings.Contains(string(a.body), "\n ") {
			t.Errorf("%.60s: %v", path, a.Header)
		}
		if h := c.ask("HEAD", path); h.StatusCode != want.status || len(h.body) != 0 || h.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("HEAD %.60s: %s with %d octets", path, h.Status, len(h.body))
		}
	}
	if a := c.call("/api/v1/statements/" + string(loser) + "?lang=en"); a.StatusCode != 301 || a.Header.Get("Location") != "/api/v1/statements/"+string(winner)+"?lang=en" {
		t.Errorf("a joined one: %s %q", a.Status, a.Header.Get("Location"))
	}
	if a := c.ask("POST", "/api/v1/statements"); a.StatusCode != 405 || a.Header.Get("Allow") == "" || !strings.Contains(string(a.body), "/problems/method-not-allowed") {
		t.Errorf("POST: %s %q", a.Status, a.body)
	}
	if a := c.call("/api/v1/tags", "Accept-Encoding", "*;q=0"); a.StatusCode != 406 || !strings.Contains(string(a.body), "/problems/not-acceptable") {
		t.Errorf("no coding: %s %q", a.Status, a.body)
	}
}

func TestTheAPISaysSoWhenTheFaultIsOurs(t *testing.T) {
	store, err := storage.Open(filepath.Join(t.TempDir(), "closed.db"), storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, func(o *Options) { o.Store = store })
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if a := c.call("/api/v1/sources"); a.StatusCode != 503 || a.Header.Get("Retry-After") == "" || !strings.Contains(string(a.body), "/problems/unavailable") {
		t.Errorf("without a store: %s %q", a.Status, a.body)
	}
}

func TestTagsAndSourcesAreListed(t *testing.T) {
	c := newClient(t, func(o *Options) {
		o.Terms[3].Parents = []feeds.Tag{americas}
		o.Sources[0].URL, o.Sources[0].Credit = "https://north.example/feed?key=secret", "North Office"
	})
	c.say("north", "en", "Clinics", health, mexico)
	var tags tagsShape
	if err := json.Unmarshal(c.call("/api/v1/tags").body, &tags); err != nil || len(tags.Tags) != 4 {
		t.Fatalf("%+v, %v", tags, err)
	}
	if mx := tags.Tags[0]; mx.Scheme != "country" || mx.Term != "mx" || mx.Count != 1 || mx.Newest != "2026-03-10T12:02:00Z" || mx.Labels["en"] != "Mexico" || len(mx.Parents) != 1 ||
		mx.Feeds.Atom != "https://news.example.org/feeds/country/mx.atom" {
		t.Errorf("%+v", mx)
	}
	if err := json.Unmarshal(c.call("/api/v1/tags?scheme=topic").body, &tags); err != nil || len(tags.Tags) != 2 {
		t.Errorf("%+v, %v", tags, err)
	}
	a := c.call("/api/v1/sources")
	var sources sourcesShape
	if err := json.Unmarshal(a.body, &sources); err != nil || len(sources.Sources) != 2 || sources.Sources[0].Count != 1 || sources.Sources[0].Credit != "North Office" || sources.Sources[0].Feeds.HTML == "" {
		t.Errorf("%+v, %v", sources, err)
	}
	if strings.Contains(string(a.body), "secret") {
		t.Errorf("a source's own address is published: %s", a.body)
	}
}

func TestTheAPIIsCachedAndOpenToScripts(t *testing.T) {
	c := newClient(t)
	c.say("north", "en", "Clinics", health)
	for _, path := range []string{"/api/v1/statements", "/api/v1/statements/statement0000001", "/api/v1/tags", "/api/v1/sources", "/api/v1/openapi.json", "/api/v1/statements?updated_since=2020-01-01"} {
		a := c.call(path)
		if a.StatusCode != 200 || a.Header.Get("ETag") == "" || a.Header.Get("Cache-Control") == "" || a.Header.Get("Content-Type") != "application/json; charset=utf-8" || a.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %s %v", path, a.Status, a.Header)
		}
		if exposed := a.Header.Get("Access-Control-Expose-Headers"); !strings.Contains(exposed, "ETag") || !strings.Contains(exposed, "Link") || !strings.Contains(exposed, "RateLimit") {
			t.Errorf("%s: scripts may read %q", path, exposed)
		}
		if n := c.get(path, "If-None-Match", a.Header.Get("ETag")); n.StatusCode != 304 || len(n.body) != 0 {
			t.Errorf("%s with its tag: %s", path, n.Status)
		}
		if h := c.ask("HEAD", path); h.StatusCode != 200 || len(h.body) != 0 || h.Header.Get("ETag") != a.Header.Get("ETag") {
			t.Errorf("HEAD %s: %s", path, h.Status)
		}
		if o := c.ask("OPTIONS", path, "Origin", "https://partner.example", "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "if-none-match"); o.StatusCode != 204 ||
			o.Header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(strings.ToLower(o.Header.Get("Access-Control-Allow-Headers")), "if-none-match") {
			t.Errorf("OPTIONS %s: %s %v", path, o.Status, o.Header)
		}
	}
	a := c.call("/api/v1/statements")
	c.say("north", "en", "More", health)
	if n := c.get("/api/v1/statements", "If-None-Match", a.Header.Get("ETag")); n.StatusCode != 200 {
		t.Errorf("after news: %s", n.Status)
	}
	if a := c.get("/api", "Accept", "text/html"); a.StatusCode != 200 || !strings.Contains(string(a.body), "curl") {
		t.Errorf("/api: %s", a.Status)
	}
}

func TestCursorsAreReadAsTheyWereMade(t *testing.T) {
	at := feeds.Cursor{Order: day.Add(123 * time.Microsecond), ID: "statement0000001"}
	if kind, got, _ := readCursor(placeCursor(at)); kind != cursorPlace || !got.Order.Equal(at.Order) || got.ID != at.ID {
		t.Errorf("got %q %v", kind, got)
	}
	if kind, _, got := readCursor(changeCursor(1 << 40)); kind != cursorChange || got != 1<<40 {
		t.Errorf("got %q %d", kind, got)
	}
	text := placeCursor(at)
	for i := range text {
		b := []byte(text)
		b[i] = 'A' + (b[i]-'A'+1)%26
		if kind, got, _ := readCursor(string(b)); kind != 0 && got != at {
			t.Errorf("%s is read as %v", b, got)
		}
	}
}

// Lists share what is written of a statement: it is the same in each, byte for byte
// what encoding/json writes of the page, until the statement or the question changes.
func TestListsTellTheSameOfAStatement(t *testing.T) {
	c := newClient(t)
	both := c.say("north", "en", "Clinics <open> & run", health)
	c.copy(both, "south", "fr", "Cliniques", health)
	c.say("south", "en", "Clinics in the harbour", health, data)
	for range 2 {
		for path, want := range map[string]string{
			"":                   "[Clinics in the harbour Clinics <open> & run]",
			"?topic=data":        "[Clinics in the harbour]",
			"?q=clinics&limit=1": "[Clinics in the harbour]",
			"?q=clinics":         "[Clinics in the harbour Clinics <open> & run]",
			"?lang=fr":           "[Cliniques]",
			"?q=nosuchword":      "[]",
		} {
			a := c.call("/api/v1/statements" + path)
			var page listShape
			if err := json.Unmarshal(a.body, &page); err != nil || names(page.Statements) != want {
				t.Errorf("%s: %s, %v; want %s", path, names(page.Statements), err, want)
			}
			if plain, err := unescaped(page, ""); err != nil || string(plain)+"\n" != string(a.body) {
				t.Errorf("%s: got\n%s\nwant, %v\n%s", path, a.body, err, plain)
			}
		}
	}
	if short, full := c.list("/api/v1/statements?lang=fr"), c.list("/api/v1/statements?lang=fr&content=full"); short.Statements[0].Lead.Content != "" || full.Statements[0].Lead.Content == "" {
		t.Errorf("without its text %q, with it %q", short.Statements[0].Lead.Content, full.Statements[0].Lead.Content)
	}
	c.append(&feeds.Moderated{Statement: both, Add: []feeds.Tag{data}})
	if page := c.list("/api/v1/statements?q=clinics"); len(page.Statements[1].Tags) != 2 {
		t.Errorf("a tag that came is not in the list: %+v", page.Statements[1].Tags)
	}
	c.append(&feeds.Moderated{Statement: both, Hide: true})
	if page := c.list("/api/v1/statements?q=clinics"); names(page.Statements) != "[Clinics in the harbour]" {
		t.Errorf("what is withdrawn is listed: %s", names(page.Statements))
	}
}
