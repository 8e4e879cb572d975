// Package arch holds no code: only the test that keeps the walls of the house
// where DESIGN and ARCHITECTURE.md draw them.
package arch

import (
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// below says what each room may import of this module. Anything not named is
// forbidden, and a room that is not listed is an error: decide where it stands.
var below = map[string][]string{
	"feeds":                               {},
	"feeds/words":                         {},
	"feeds/vitals":                        {"feeds"},
	"feeds/incidents":                     {"feeds", "feeds/vitals", "storage"},
	"internal/metrics":                    {"aggregator", "feeds", "feeds/vitals", "feeds/serve", "storage"},
	"feeds/render":                        {"feeds"},
	"feeds/render/rendertest":             {},
	"feeds/pages":                         {"feeds", "feeds/render"},
	"docs":                                {},
	"feeds/serve":                         {"docs", "feeds", "feeds/vitals", "feeds/words", "feeds/render", "feeds/pages", "storage", "internal/near", "internal/recent"},
	"feeds/push":                          {"feeds", "feeds/render", "feeds/serve", "storage", "internal/guard"},
	"storage":                             {"feeds", "feeds/words", "internal/recent"},
	"aggregator/schedule":                 {"feeds", "internal/fnv1a"},
	"aggregator/fetch":                    {"feeds", "internal/guard"},
	"aggregator/websub":                   {"feeds", "internal/guard"},
	"aggregator/parse":                    {"feeds"},
	"aggregator/normalize":                {"feeds", "internal/fnv1a", "aggregator/normalize/internal/*"},
	"aggregator/normalize/internal/ngram": {},
	"aggregator/normalize/internal/ngram/gen": {"aggregator/normalize/internal/ngram"},
	"aggregator/dedup":                        {"feeds", "aggregator/dedup/pivot", "internal/fnv1a"},
	"aggregator/dedup/pivot":                  {"aggregator/dedup/pivot/internal/*"},
	"aggregator/dedup/pivot/internal/word":    {},
	"aggregator/dedup/pivot/internal/gen":     {"aggregator/dedup/pivot/internal/word"},
	"aggregator/tag":                          {"feeds", "internal/fnv1a"},
	"aggregator/discover":                     {"feeds", "aggregator/fetch", "aggregator/parse", "aggregator/normalize"},
	"aggregator":                              {"feeds", "feeds/vitals", "storage", "aggregator/*", "internal/trace"},
	"aggregator/extract":                      {"feeds"},
	"aggregator/robots":                       {"aggregator/fetch"},
	"config":                                  {"feeds", "feeds/words", "internal/near", "aggregator/extract", "aggregator/tag", "aggregator/schedule"},
	"internal/guard":                          {},
	"internal/demo":                           {},
	"internal/fnv1a":                          {},
	"internal/near":                           {},
	"internal/recent":                         {},
	"internal/trace":                          {},
	"cmd/communique":                          {"*"},
	"internal/arch":                           {},
	"internal/testkit":                        {"feeds", "storage"},
	"internal/browser":                        {"internal/testkit"},
	"bench":                                   {"*"},
	"bench/editorial":                         {"bench/trial"},
	"bench/upstream":                          {},
	"bench/push":                              {"bench/trial"},
	"bench/readers":                           {"bench/trial"},
	"bench/serving":                           {"bench/trial", "bench/upstream"},
	"bench/smoke":                             {},
	"bench/trial":                             {},
}

// homes says in which one room an outside library is imported. cmd may wire
// the ones that are listed for it.
var homes = map[string][]string{
	"github.com/mmcdole/gofeed":           {"aggregator/parse"},
	"github.com/yuin/goldmark":            {"feeds/serve"},
	"github.com/gorilla/feeds":            {"feeds/render"},
	"go.etcd.io/bbolt":                    {"storage", "internal/testkit"}, // which spoils stores
	"github.com/robfig/cron/v3":           {"aggregator/schedule"},
	"go.yaml.in/yaml/v4":                  {"config"},
	"github.com/invopop/jsonschema":       {"config"},
	"github.com/spf13/cobra":              {"cmd/communique"},
	"github.com/schollz/progressbar":      {"cmd/communique"},
	"github.com/fsnotify/fsnotify":        {"cmd/communique"},
	"code.dny.dev/ssrf":                   {"internal/guard"},
	"github.com/cespare/xxhash":           {"aggregator"},
	"github.com/microcosm-cc/bluemonday":  {"aggregator/normalize"},
	"github.com/blevesearch/snowballstem": {"aggregator/tag", "feeds/words"},
	"github.com/fxamacker/cbor":           {"storage", "internal/testkit"}, // which spoils stores
	"github.com/andybalholm/cascadia":     {"aggregator/extract"},
	"github.com/theory/jsonpath":          {"aggregator/extract"},
	"codeberg.org/readeck/go-readability": {"aggregator/extract"},
	"github.com/temoto/robotstxt":         {"aggregator/robots"},
	"github.com/prometheus":               {"internal/metrics"},
	"go.opentelemetry.io":                 {"internal/trace"},
	"golang.org/x/time/rate":              {"aggregator/fetch", "feeds/serve"},
	"golang.org/x/crypto":                 {"cmd/communique"},
	"github.com/coreos/go-systemd":        {"cmd/communique"},
	"github.com/chromedp/chromedp":        {"internal/browser"}, // and tests
	"github.com/chromedp/cdproto":         {"internal/browser"}, // and tests
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "communique/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p pkg
		if err := dec.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func allowed(rules []string, room string) bool {
	return slices.ContainsFunc(rules, func(r string) bool {
		return r == "*" || r == room || strings.HasSuffix(r, "/*") && strings.HasPrefix(room, r[:len(r)-1])
	})
}

func TestImportsRunDownOnly(t *testing.T) {
	for _, p := range packages(t) {
		room := strings.TrimPrefix(p.ImportPath, "communique/")
		rules, listed := below[room]
		if !listed {
			t.Errorf("%s is in no plan: give it a line in this test and in ARCHITECTURE.md", room)
			continue
		}
		for _, imp := range p.Imports {
			if got, ours := strings.CutPrefix(imp, "communique/"); ours && !allowed(rules, got) {
				t.Errorf("%s imports %s, which is not below it", room, got)
			}
		}
	}
}

func TestEachLibraryHasOneRoom(t *testing.T) {
	for _, p := range packages(t) {
		room := strings.TrimPrefix(p.ImportPath, "communique/")
		for _, imp := range p.Imports {
			for lib, rooms := range homes {
				if (imp == lib || strings.HasPrefix(imp, lib+"/")) && !slices.Contains(rooms, room) {
					t.Errorf("%s imports %s, whose room is %s", room, imp, strings.Join(rooms, ", "))
				}
			}
		}
	}
}

func TestTheNounsKnowOnlyTheStandardLibrary(t *testing.T) {
	for _, p := range packages(t) {
		if p.ImportPath != "communique/feeds" {
			continue
		}
		for _, imp := range p.Imports {
			if strings.Contains(imp, ".") || slices.Contains([]string{"os", "net", "net/http", "log", "log/slog", "io"}, imp) {
				t.Errorf("feeds imports %s: nouns have no I/O, no logging and no library", imp)
			}
		}
	}
}
