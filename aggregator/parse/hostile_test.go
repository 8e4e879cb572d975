package parse

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// inItem puts a text into the one item of a feed.
func inItem(inner string) string {
	return `<rss version="2.0"><channel><title>t</title><item>` + inner + `</item></channel></rss>`
}

func TestHostileInputCostsNoMoreThanItsLength(t *testing.T) {
	const size = 1 << 20
	times := func(s string) string { return strings.Repeat(s, size/len(s)) }
	var spaces strings.Builder
	for i := 0; spaces.Len() < size; i++ {
		fmt.Fprintf(&spaces, `<a xmlns:n%d="urn:x:%d">`, i, i)
	}
	for name, body := range map[string]string{
		"nested elements":             inItem("<description>" + times("<a>")),
		"nested elements that end":    inItem("<description>" + strings.Repeat("<a>", size/8) + strings.Repeat("</a>", size/8) + "</description>"),
		"a namespace for each":        inItem("<description>" + spaces.String()),
		"namespaces in one tag":       "<rss " + times(` xmlns:x="y"`) + "><channel><item/></channel></rss>",
		"attributes in one tag":       inItem("<link " + times(` a="b"`) + "/>"),
		"comments":                    inItem(times("<!-- -->")),
		"comments that never end":     inItem(times("<!--")),
		"CDATA that never ends":       inItem(times("<![CDATA[")),
		"instructions without end":    inItem(times("<?")),
		"declarations without end":    inItem(times("<!x")),
		"items that never end":        "<rss><channel>" + times("<item>"),
		"items in what never ends":    "<rss><channel>" + times("<item><content>"),
		"titles that never end":       inItem(times("<title>")),
		"breaks that never end":       inItem(times("<br>")),
		"all names, none with an end": inItem(times("<a><b><c><d><e><f><g><h><i><j><k><l><m><n><o><p><q><r><s><t>")),
		"empty items":                 "<rss><channel>" + times("<item/>"),
		"categories":                  inItem(times("<category>x</category>")),
		"media groups":                `<rss xmlns:media="http://search.yahoo.com/mrss/"><channel><item>` + times("<media:group><media:content>") + "</item>",
		"ampersands":                  inItem("<title>" + times("&") + "</title>"),
		"entities":                    inItem("<title>" + times("&amp;") + "</title>"),
		"brackets":                    inItem("<title>" + times("<") + "</title>"),
		"quotes without end":          inItem(times(`<a b="`)),
		"divs of XHTML":               `<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="xhtml">` + times("<div>") + `</content></entry></feed>`,
		"entity declarations":         "<!DOCTYPE rss [" + times(`<!ENTITY a "&a;&a;">`) + "]><rss><channel><title>&a;</title></channel></rss>",
		"document types":              times("<!DOCTYPE a [") + "<rss/>",
		"JSON brackets":               `{"items":[` + times("["),
		"JSON strings":                `{"items":[` + times(`"\\",`) + "]}",
		"JSON members":                "{" + times(`"a":1,`) + `"items":[]}`,
		"JSON backslashes":            `{"items":["` + times(`\`),
	} {
		start := time.Now()
		doc, err := Parse([]byte(body), Options{URL: "https://example.org/feed"})
		// Linear work on 1 MiB is some tens of milliseconds on an idle machine;
		// what is quadratic takes minutes.
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: %v for %d octets", name, took, len(body))
		}
		if err == nil && len(doc.Items) > 1000 {
			t.Errorf("%s: %d items", name, len(doc.Items))
		}
	}
}

func TestEntitiesOfTheDocumentTypeStaySmallAndInside(t *testing.T) {
	doc, err := Parse([]byte(`<?xml version="1.0"?><!DOCTYPE rss [
		<!ENTITY office "Regional &#x26; local">
		<!ENTITY many "&office;&office;&office;&office;">
		<!ENTITY file SYSTEM "file:///etc/hostname">
		<!ENTITY % p SYSTEM "http://example.org/x.dtd"> %p; ]>
		<rss><channel><title>&office;</title><description>&many;|&file;</description></channel></rss>`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := doc.Title.Value, "Regional & local"; got != want {
		t.Errorf("title %q, want %q", got, want)
	}
	if got, want := doc.Description.Value, "&office;&office;&office;&office;|&file;"; got != want {
		t.Errorf("description %q, want %q", got, want)
	}
}

func TestLimitsKeepWhatFits(t *testing.T) {
	body := "<rss><channel>" + strings.Repeat("<item><title>x</title></item>", 5) + "</channel></rss>"
	doc, err := Parse([]byte(body), Options{MaxItems: 3})
	if err != nil {
		t.Fatal(err)
	}
	if len(doc.Items) != 3 || len(doc.Raws) != 3 || len(doc.Notes) == 0 {
		t.Errorf("%d items, %d raws, notes %q; want 3, 3 and a note", len(doc.Items), len(doc.Raws), doc.Notes)
	}

	doc, err = Parse([]byte(inItem("<title>"+strings.Repeat("é", 20)+"</title>"+strings.Repeat("<category>a</category><category>b</category>", 9)+"<description>"+strings.Repeat("x", 5000)+"</description>")),
		Options{MaxTitleRunes: 10, MaxValues: 1, MaxItemBytes: 1000})
	if err != nil {
		t.Fatal(err)
	}
	it := doc.Items[0]
	if it.Title.Value != strings.Repeat("é", 10) || len(it.Categories) != 1 || len(it.Summary.Value) > 1000 || it.Summary.Value == "" || len(it.Notes) < 3 {
		t.Errorf("got title %q, %d categories, %d octets of summary, notes %q", it.Title.Value, len(it.Categories), len(it.Summary.Value), it.Notes)
	}
}

func TestKnownItemsAreOnlyListed(t *testing.T) {
	body := office(5, 0)
	first, err := Parse(body, Options{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[uint64]bool{}
	for _, r := range first.Raws {
		seen[r] = true
	}
	if len(seen) != 5 {
		t.Fatalf("%d different raws, want 5", len(seen))
	}
	changed := strings.Replace(string(body), "Statement 3 on", "Statement 3, corrected, on", 1)
	second, err := Parse([]byte(changed), Options{Known: func(raw uint64) bool { return seen[raw] }})
	if err != nil {
		t.Fatal(err)
	}
	if len(second.Items) != 1 || !strings.Contains(second.Items[0].Title.Value, "corrected") || len(second.Raws) != 5 || second.Title.Value != first.Title.Value {
		t.Errorf("got %d items (%v), %d raws", len(second.Items), second.Items, len(second.Raws))
	}
	// What an item inherits is part of it.
	for _, rest := range []string{` xml:base="https://example.org/"`, ` xml:lang="es"`, ` xmlns:x="urn:x"`} {
		other := strings.Replace(string(body), `<rss version="2.0"`, `<rss version="2.0"`+rest, 1)
		doc, err := Parse([]byte(other), Options{Known: func(raw uint64) bool { return seen[raw] }})
		if err != nil {
			t.Fatal(err)
		}
		if len(doc.Items) != 5 {
			t.Errorf("with%s on the root %d items are new, want all 5", rest, len(doc.Items))
		}
	}
}
