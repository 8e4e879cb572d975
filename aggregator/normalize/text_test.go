package normalize

import (
	"testing"

	"communique/feeds"
)

func TestTitleIsPlainText(t *testing.T) {
	for _, c := range []struct{ kind, in, want string }{
		{"", "AT&amp;T", "AT&T"},
		{"", "AT&T &amp; <b>partners</b>", "AT&T & partners"},
		{"", "5 &lt; 6 and <em>7</em>", "5 < 6 and 7"},
		{"", "Map<K, V> in Go", "Map<K, V> in Go"},
		{"", "a < b and c > d", "a < b and c > d"},
		{"", "&amp;lt;b&amp;gt;", "&lt;b&gt;"}, // decoded once, never twice
		{"", "One<br>two<script>alert(1)</script>", "One two"},
		{"", "  white \n\t space\u00a0here ", "white space here"},
		{"", "<![CDATA[Glued]]> title", "Glued title"},
		{"", "x<!-- note -->y", "xy"},
		{"", "\u202eevil\u202c \u200b\x07\u0085title", "evil title"},
		{"", "می\u200cخواهم", "می\u200cخواهم"},
		{"text", "<b>literal</b> &amp; plain", "<b>literal</b> &amp; plain"},
		{"html", "&lt;b&gt; is <i>a</i> tag", "<b> is a tag"},
		{"html", "<unknown>kept</unknown>", "kept"},
		{"xhtml", "<b>a</b> &amp; b", "a & b"},
		{"html", `<a href="x>y">in</a> quotes`, "in quotes"},
	} {
		if got := title(feeds.Text{Value: c.in, Type: c.kind}); got != c.want {
			t.Errorf("type %q, %q: got %q, want %q", c.kind, c.in, got, c.want)
		}
	}
}

func TestContentLooksAtTextOfNoType(t *testing.T) {
	n := New()
	for _, c := range []struct{ kind, in, want string }{
		{"", "plain < text & more", "plain &lt; text &amp; more"},
		{"", "AT&amp;T", "AT&amp;T"},
		{"", "one\n\ntwo\nlines\n \n\nthree", "<p>one</p>\n<p>two\nlines</p>\n<p>three</p>"},
		{"", "<p>one</p>", "<p>one</p>"},
		{"", "List<String> of things", "List&lt;String&gt; of things"},
		{"", "a <b>bold</b> word", "a <b>bold</b> word"},
		{"text", "<b>literal</b>", "&lt;b&gt;literal&lt;/b&gt;"},
		{"html", "l&rsquo;OIM &lt;b&gt;", "l’OIM &lt;b&gt;"},
		{"", "   ", ""},
	} {
		if got := n.content(feeds.Text{Value: c.in, Type: c.kind}, base{}, "").HTML; got != c.want {
			t.Errorf("type %q, %q:\n got %q\nwant %q", c.kind, c.in, got, c.want)
		}
	}
}

func TestContentResolvesAgainstItsOwnBase(t *testing.T) {
	got := New().content(feeds.Text{Value: `<a href="x">y</a>`, Type: "html", Base: "deep/"}, newBase("https://example.org/a/"), "").HTML
	if want := `<a href="https://example.org/a/deep/x">y</a>`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPersonIsTakenApart(t *testing.T) {
	n := New()
	for _, c := range []struct{ in, want feeds.Person }{
		{feeds.Person{Name: "press@example.org (Jane Doe)"}, feeds.Person{Name: "Jane Doe", Email: "press@example.org"}},
		{feeds.Person{Name: "Jane Doe <press@example.org>"}, feeds.Person{Name: "Jane Doe", Email: "press@example.org"}},
		{feeds.Person{Name: "Jane Doe (press@example.org)"}, feeds.Person{Name: "Jane Doe", Email: "press@example.org"}},
		{feeds.Person{Name: "press@example.org"}, feeds.Person{Email: "press@example.org"}},
		{feeds.Person{Name: "mailto:press@example.org"}, feeds.Person{Email: "press@example.org"}},
		{feeds.Person{Email: "press@example.org (Jane Doe)"}, feeds.Person{Name: "Jane Doe", Email: "press@example.org"}},
		{feeds.Person{Email: "webmaster"}, feeds.Person{Name: "webmaster"}},
		{feeds.Person{Name: "Jane", Email: "not an address"}, feeds.Person{Name: "Jane"}},
		{feeds.Person{Name: "<script>x</script>Jane &amp; Co"}, feeds.Person{Name: "Jane & Co"}},
		{feeds.Person{Name: "Jane", URI: "javascript:alert(1)"}, feeds.Person{Name: "Jane"}},
		{feeds.Person{Name: "Jane", URI: "/staff/jane"}, feeds.Person{Name: "Jane", URI: "https://example.org/staff/jane"}},
		{feeds.Person{Name: "Follow @agency"}, feeds.Person{Name: "Follow @agency"}},
	} {
		if got, _ := n.person(c.in, newBase("https://example.org/")); got != c.want {
			t.Errorf("%+v: got %+v, want %+v", c.in, got, c.want)
		}
	}
	if got := n.people([]feeds.Person{{Name: "Jane"}, {Name: "jane"}, {}, {Name: "Joe"}}, base{}); len(got) != 2 {
		t.Errorf("got %+v, want Jane and Joe", got)
	}
}
