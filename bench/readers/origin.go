package main

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// officeIDs are the made offices, in the order in which they are pulled.
var officeIDs = []struct{ id, language string }{{"centre", "en"}, {"south", "en"}, {"ouest", "fr"}}

// offices serve /{id}.rss: what each has published until now.
type offices struct {
	base string
	mu   sync.Mutex
	said map[string][]told
}

// told is an item of an office's feed.
type told struct {
	slug, title, text  string
	published, updated time.Time
}

func (o *offices) say(office string, t told) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.said == nil {
		o.said = map[string][]told{}
	}
	for i := range o.said[office] {
		if o.said[office][i].slug == t.slug {
			t.published = o.said[office][i].published
			o.said[office][i] = t
			return
		}
	}
	o.said[office] = append([]told{t}, o.said[office]...)
}

func (o *offices) link(office, slug string) string { return o.base + "/" + office + "/" + slug }

func (o *offices) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, ok := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/"), ".rss")
	if !ok {
		http.NotFound(w, r)
		return
	}
	esc := func(s string) string {
		var b strings.Builder
		_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder never fails
		return b.String()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	w.Header().Set("Content-Type", "application/rss+xml; charset=utf-8")
	fmt.Fprintf(w, `<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Office %s</title><link>%s/%s/</link><description>News</description>`, id, o.base, id)
	for _, t := range o.said[id] {
		updated := ""
		if !t.updated.IsZero() {
			updated = "<atom:updated>" + t.updated.Format(time.RFC3339) + "</atom:updated>"
		}
		fmt.Fprintf(w, "\n<item><title>%s</title><link>%s</link><guid>%[2]s</guid><pubDate>%s</pubDate>%s<description>%s</description></item>",
			esc(t.title), esc(o.link(id, t.slug)), t.published.Format(time.RFC1123Z), updated, esc("<p>"+strings.ReplaceAll(t.text, "\n", "</p><p>")+"</p>"))
	}
	fmt.Fprint(w, "</channel></rss>")
}

const (
	bridgeTitle = "Bridge at Calanta reopens to trucks after four months"
	bridge      = `Calanta – The bridge over the Orno reopened to trucks on Monday, 124 days after the flood took its northern pier. The first of 48 vehicles carried 600 tonnes of rice and cooking oil for the camps of the upper valley.
Until now everything had gone by ferry, at four times the price, and for nine days of September nothing had gone at all. Aid workers expect prices at the market of Calanta to fall by a third before the end of the year.
The repair cost 2.3 million dollars, of which half came from the regional solidarity fund. Trucks of more than 30 tonnes still have to wait for the new deck, which is due in March 2027.`
	bridgeCorrected = `Calanta – The bridge over the Orno reopened to trucks on Monday, 124 days after the flood took its northern pier. The first of 48 vehicles carried 650 tonnes of rice and cooking oil for the camps of the upper valley.
Until now everything had gone by ferry, at four times the price, and for nine days of September nothing had gone at all. Aid workers expect prices at the market of Calanta to fall by a third before the end of the year.
The repair cost 2.8 million dollars, of which half came from the regional solidarity fund. Trucks of more than 30 tonnes still have to wait for the new deck, which is due in March 2027. An earlier text named 600 tonnes and 2.3 million dollars.`
	bridgeFrenchTitle = "Le pont de Calanta rouvre aux camions après quatre mois"
	bridgeFrench      = `Calanta – Le pont sur l'Orno a rouvert aux camions lundi, 124 jours après que la crue a emporté sa pile nord. Le premier des 48 véhicules portait 600 tonnes de riz et d'huile pour les camps de la haute vallée.
Jusqu'ici tout passait par le bac, à un prix quatre fois plus élevé, et pendant neuf jours de septembre rien n'est passé du tout. Les travailleurs humanitaires attendent que les prix au marché de Calanta baissent d'un tiers avant la fin de l'année.
La réparation a coûté 2,3 millions de dollars, dont la moitié vient du fonds régional de solidarité. Les camions de plus de 30 tonnes doivent encore attendre le nouveau tablier, prévu pour mars 2027.`
	schoolTitle = "Twelve schools on the coast open their doors again"
	school      = `Port Sabel – Twelve of the nineteen schools that the cyclone closed took pupils back this week, most of them under canvas. The education cluster counts 5,400 children in class and as many who still wait.
Teachers have been paid again since October. Textbooks for the lower grades are at the harbour; those for the upper ones have been ordered.`
	wellsTitle = "Ninety wells tested in the dry south: a third must be closed"
	wells      = `Laboratories in the capital have finished with the samples that our engineers took in the dry south in summer. In thirty-one of ninety wells they found arsenic above the limit of the health organisation.
Families there get water by lorry from Friday on. New drilling begins once the rains are over.`
	arsenicTitle = "Arsenic: southern villages will drink from tank lorries"
	arsenic      = `From Friday, tank lorries will bring drinking water to villages whose pumps have to be shut. What the chemists measured leaves no choice, said the head of the southern office.
She asked donors for 400,000 dollars to drill deeper holes, and for patience: the rigs are on another continent.`
)
