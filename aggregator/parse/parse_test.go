package parse

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"communique/internal/testkit"
)

func TestParseSaysWhatIsNoFeed(t *testing.T) {
	for class, body := range map[string]string{
		"empty":    " \n\t",
		"html":     "<!DOCTYPE html><html><head><title>Moved</title></head><body>Sorry</body></html>",
		"not-feed": `{"error": "no such page"}`,
	} {
		_, err := Parse([]byte(body), Options{})
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, ErrNotFeed) || e.Class != class {
			t.Errorf("Parse(%q) gave %v, want class %q", body, err, class)
		}
	}
}

// TestGolden reads every feed of testdata and compares the Document with the
// file beside it. Adding a pair adds a test.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".want.json") {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			doc, err := Parse(body, Options{URL: "https://feeds.example.org/dir/feed"})
			if err != nil {
				t.Fatal(err)
			}
			for i := range doc.Items {
				doc.Items[i].Raw = 0
			}
			doc.Raws = nil
			var got bytes.Buffer
			enc := json.NewEncoder(&got)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", " ")
			if err := enc.Encode(slim(doc)); err != nil {
				t.Fatal(err)
			}
			testkit.Golden(t, strings.TrimSuffix(file, filepath.Ext(file))+".want.json", got.Bytes())
		})
	}
}

// slim gives v without its empty fields, as a golden file should show what
// was found.
func slim(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		panic(err)
	}
	var prune func(v any) (any, bool)
	prune = func(v any) (any, bool) {
		switch v := v.(type) {
		case map[string]any:
			for k, m := range v {
				kept, ok := prune(m)
				if v[k] = kept; !ok {
					delete(v, k)
				}
			}
			return v, len(v) > 0
		case []any:
			for i := range v {
				v[i], _ = prune(v[i])
			}
			return v, len(v) > 0
		case string:
			return v, v != ""
		case float64:
			return v, v != 0
		case bool:
			return v, v
		}
		return v, v != nil
	}
	out, _ = prune(out)
	return out
}

// TestRealFeeds reads captured feeds: all of them parse, and the number of
// their items is right.
func TestRealFeeds(t *testing.T) {
	dir := testkit.Shared(t, "data/realfeeds")
	manifest, err := os.ReadFile(filepath.Join(dir, "MANIFEST.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(manifest)), "\n")
	column := map[string]int{}
	for i, name := range strings.Split(lines[0], "\t") {
		column[name] = i
	}
	n := 0
	for _, line := range lines[1:] {
		f := strings.Split(line, "\t")
		body, err := os.ReadFile(filepath.Join(dir, f[column["relpath"]]))
		if err != nil {
			continue
		}
		n++
		doc, err := Parse(body, Options{})
		if err != nil {
			t.Errorf("%s: %v", f[column["relpath"]], err)
			continue
		}
		want, err := strconv.Atoi(f[column["entries"]])
		// The manifest counts "<item" also in a comment.
		if err == nil && len(doc.Items) != want && len(doc.Items) != want-strings.Count(string(body), "actual <item>") {
			t.Errorf("%s: %d items, want %d", f[column["relpath"]], len(doc.Items), want)
		}
	}
	t.Logf("%d feeds", n)
}

// Items that are written alike are read by gofeed once; each has its own values
// all the same.
func TestItemsThatAreWrittenAlikeKeepTheirOwn(t *testing.T) {
	for format, body := range map[string]string{
		"rss": `<rss version="2.0"><channel><title>T</title><link>https://example.org/</link><category>head</category>
<item><title>one</title><guid>1</guid><category>a</category><category>b</category></item><item><guid>2</guid><title>two</title></item>
<item><title>three</title><guid>3</guid><category>c</category><category>d</category></item><item/><item><guid>5</guid><title>five</title></item><item/></channel></rss>`,
		"atom": `<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><id>head</id><category term="head"/>
<entry><title>one</title><id>1</id><category term="a"/><category term="b"/></entry><entry><id>2</id><title>two</title></entry>
<entry><title>three</title><id>3</id><category term="c"/><category term="d"/></entry><entry/><entry><id>5</id><title>five</title></entry><entry/></feed>`,
	} {
		doc, err := Parse([]byte(body), Options{})
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		var got []string
		for _, it := range doc.Items {
			s := it.ID + " " + it.Title.Value
			for _, c := range it.Categories {
				s += " " + c.Term
			}
			got = append(got, s)
		}
		if want := []string{"1 one a b", "2 two", "3 three c d", " ", "5 five", " "}; !slices.Equal(got, want) || doc.Title.Value != "T" {
			t.Errorf("%s: got %q of %q, want %q", format, got, doc.Title.Value, want)
		}
	}
}
