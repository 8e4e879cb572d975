// Package upstream makes the world that the whole program is measured against:
// any number of feeds of real shape and size, the same on every run, which
// answer conditional requests and can each be given one new entry at a time.
package upstream

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Upstream serves /feed/{n}: even ones are RSS 2.0, odd ones Atom 1.0.
type Upstream struct {
	Feeds, Entries int
	Bytes          int // of text for each entry, about
	generation     atomic.Int64
	bodies         sync.Map // of feed number, as of the generation: made once, so that serving costs next to nothing
	// Served counts octets of bodies.
	Served atomic.Int64
}

// Publish gives every feed one new entry; its oldest leaves. The new feeds are
// made before it returns.
func (u *Upstream) Publish() {
	u.generation.Add(1)
	u.Prepare()
}

// Prepare makes all feeds, so that a measurement does not pay for it.
func (u *Upstream) Prepare() {
	for n := range u.Feeds {
		u.bodies.Store(n, u.feed(n, int(u.generation.Load())))
	}
}

var words = map[string][]string{
	"en": strings.Fields("the of and to in for with on that from people migration office report said support border families health children work access services government community response local regional partners programme emergency shelter water school protection rights women data journey return displaced assistance international organization plan year months since after before help team needs reached thousand across"),
	"fr": strings.Fields("le la les de des et à en pour avec sur que dans personnes migration bureau rapport soutien frontière familles santé enfants travail accès services gouvernement communauté réponse locale régionale partenaires programme urgence abri eau école protection droits femmes données voyage retour déplacées assistance internationale organisation plan année mois depuis après avant aide équipe besoins atteint mille"),
	"es": strings.Fields("el la los de y a en para con sobre que las personas migración oficina informe apoyo frontera familias salud niños trabajo acceso servicios gobierno comunidad respuesta local regional socios programa emergencia albergue agua escuela protección derechos mujeres datos viaje retorno desplazadas asistencia internacional organización plan año meses desde después antes ayuda equipo necesidades alcanzó mil"),
}

var places = strings.Fields("Mexico Colombia Niger Mali Haiti Jordan Lebanon Kenya Ethiopia Peru Chile Guatemala Panama Ukraine Poland Italy Spain Bangladesh Nepal Yemen")

// language of a feed.
func language(feed int) string { return []string{"en", "fr", "es"}[feed%3] }

// entry writes the text of one entry, always the same for the same numbers.
func (u *Upstream) entry(feed, n int) (title, html string) {
	r := rand.New(rand.NewPCG(uint64(feed), uint64(n)))
	list := words[language(feed)]
	sentence := func(min, max int) string {
		var b strings.Builder
		for i := range min + r.IntN(max-min) {
			w := list[r.IntN(len(list))]
			switch {
			case i == 0:
				w = strings.ToUpper(w[:1]) + w[1:]
			case r.IntN(25) == 0:
				w = places[r.IntN(len(places))]
			case r.IntN(30) == 0:
				w = strconv.Itoa(r.IntN(90000))
			}
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(w)
		}
		return b.String()
	}
	title = sentence(6, 12)
	var b strings.Builder
	for b.Len() < u.Bytes {
		b.WriteString("<p>")
		for range 3 + r.IntN(3) {
			b.WriteString(sentence(8, 22))
			b.WriteString(". ")
		}
		if r.IntN(3) == 0 {
			fmt.Fprintf(&b, `See <a href="/docs/%d">%s</a>, <strong>%s</strong>.`, r.IntN(1e6), sentence(2, 5), sentence(2, 4))
		}
		b.WriteString("</p>\n")
	}
	return title, b.String()
}

// feed writes a feed as it stands after some generations.
func (u *Upstream) feed(n, generation int) []byte {
	var b bytes.Buffer
	base := fmt.Sprintf("http://office-%d.example", n)
	newest := u.Entries + generation
	at := func(i int) time.Time {
		return time.Date(2026, 1, 1, n%24, n%60, 0, 0, time.UTC).Add(time.Duration(i) * 5 * time.Hour)
	}
	esc := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	if n%2 == 0 {
		fmt.Fprintf(&b, `<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Office %d</title><link>%s/</link><description>News of office %d</description><language>%s</language>`, n, base, n, language(n))
		for i := newest; i > newest-u.Entries; i-- {
			title, html := u.entry(n, i)
			fmt.Fprintf(&b, "\n<item><title>%s</title><link>%s/news/%d</link><guid isPermaLink=\"false\">%d-%d</guid><pubDate>%s</pubDate><category>news</category><description>%s</description><content:encoded>%s</content:encoded></item>",
				title, base, i, n, i, at(i).Format(time.RFC1123Z), title, esc.Replace(html))
		}
		b.WriteString("</channel></rss>")
		return b.Bytes()
	}
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="%s"><id>tag:office-%d.example,2026:feed</id><title>Office %d</title><link href="%s/"/><updated>%s</updated><author><name>Office %d</name></author>`,
		language(n), n, n, base, at(newest).Format(time.RFC3339), n)
	for i := newest; i > newest-u.Entries; i-- {
		title, html := u.entry(n, i)
		fmt.Fprintf(&b, "\n<entry><id>tag:office-%d.example,2026:%d</id><title>%s</title><link href=\"%s/news/%d\"/><published>%[6]s</published><updated>%[6]s</updated><content type=\"html\">%[7]s</content></entry>",
			n, i, title, base, i, at(i).Format(time.RFC3339), esc.Replace(html))
	}
	b.WriteString("</feed>")
	return b.Bytes()
}

// ServeHTTP answers /feed/{n}, with validators.
func (u *Upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/feed/"))
	if err != nil || n < 0 || n >= u.Feeds {
		http.NotFound(w, r)
		return
	}
	g := int(u.generation.Load())
	tag := fmt.Sprintf(`"%d-%d"`, n, g)
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	made, ok := u.bodies.Load(n)
	if !ok {
		made = u.feed(n, g)
	}
	body := made.([]byte)
	u.Served.Add(int64(len(body)))
	w.Header().Set("Content-Type", map[bool]string{true: "application/rss+xml", false: "application/atom+xml"}[n%2 == 0])
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a reader that leaves is its own affair
}
