package aggregator

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/aggregator/dedup"
	"communique/aggregator/normalize"
	"communique/feeds"
)

// release is what an office publishes: a title, and a text in paragraphs.
type release struct{ title, text string }

var (
	bridge = release{"New bridge over the Rufara opens the road to 84 villages",
		`A bridge of 212 metres over the river Rufara in southern Malawi was opened on Thursday, so that 84 villages in the districts of Nsanje and Chikwawa can be reached in the rainy season for the first time, the Lantern Fund said.
The old ferry carried no more than six cars an hour and sank twice, in 2008 and in 2015. “My mother died waiting for that ferry, and I have drawn bridges ever since,” said Grace Phiri, the engineer who planned the work and led 340 workers for three years.
The bridge cost 19.4 million dollars, of which the Lantern Fund paid 11 million. It stands two metres above the flood of 2019, the highest that was ever measured at Nsanje, and its deck has a path for people on foot and bicycles.
Traders from Blantyre expect that a sack of maize will cost a fifth less in the villages. The district hospital has moved two of its eight ambulances to the far bank.`}
	pont = release{"Un nouveau pont sur la Rufara ouvre la route à 84 villages",
		`Un pont de 212 mètres sur le fleuve Rufara, dans le sud du Malawi, a été inauguré jeudi ; 84 villages des districts de Nsanje et de Chikwawa pourront ainsi être atteints pour la première fois pendant la saison des pluies, a annoncé le Fonds Lanterne.
L'ancien bac ne transportait pas plus de six voitures par heure et avait coulé deux fois, en 2008 et en 2015. « Ma mère est morte en attendant ce bac, et depuis je dessine des ponts », a déclaré Grace Phiri, l'ingénieure qui a conçu l'ouvrage et dirigé 340 ouvriers pendant trois ans.
Le pont a coûté 19,4 millions de dollars, dont 11 millions payés par le Fonds Lanterne. Il se trouve deux mètres au-dessus de la crue de 2019, la plus haute jamais mesurée à Nsanje, et son tablier a une voie pour les piétons et les vélos.
Les commerçants de Blantyre s'attendent à ce qu'un sac de maïs coûte un cinquième de moins dans les villages. L'hôpital du district a installé deux de ses huit ambulances sur l'autre rive.`}
	puente = release{"Un nuevo puente sobre el Rufara abre el camino a 84 aldeas",
		`Un puente de 212 metros sobre el río Rufara, en el sur de Malawi, fue inaugurado el jueves, de modo que por primera vez se podrá llegar en la temporada de lluvias a 84 aldeas de los distritos de Nsanje y Chikwawa, informó el Fondo Linterna.
El antiguo transbordador no llevaba más de seis coches por hora y se hundió dos veces, en 2008 y en 2015. «Mi madre murió esperando ese transbordador, y desde entonces dibujo puentes», dijo Grace Phiri, la ingeniera que diseñó la obra y dirigió a 340 trabajadores durante tres años.
El puente costó 19,4 millones de dólares, de los que el Fondo Linterna pagó 11 millones. Está dos metros por encima de la inundación de 2019, la más alta jamás medida en Nsanje, y su tablero tiene un camino para peatones y bicicletas.
Los comerciantes de Blantyre esperan que un saco de maíz cueste una quinta parte menos en las aldeas. El hospital del distrito ha llevado dos de sus ocho ambulancias a la otra orilla.`}
)

// bulletin is a number of a weekly bulletin.
func bulletin(number int, people, tents, patients string) release {
	return release{fmt.Sprintf("Nsanje floods: bulletin no. %d", number),
		strings.NewReplacer("N1", fmt.Sprint(number), "P1", people, "T1", tents, "K1", patients).Replace(`Bulletin no. N1 on the floods in Nsanje. The camps at the foot of the hills hold P1 people this week, in T1 tents and in the halls of four schools. Water comes by tanker each morning and each evening.
The clinics saw K1 patients, most of them children with a cough. The vaccination teams go from tent to tent. Nobody has died of cholera since the first week, and the treatment centre remains open.
Seed for the second planting is on its way from Blantyre. Farmers will receive it when their fields are dry; the agronomists advise early maize and beans. The next bulletin follows in a week.`)}
}

// paragraphs takes those of a release that are numbered.
func (r release) paragraphs(which ...int) release {
	all := strings.Split(r.text, "\n")
	var out []string
	for _, i := range which {
		out = append(out, all[i])
	}
	return release{r.title, strings.Join(out, "\n")}
}

// entry makes an item of a feed of it.
func (r release) entry(guid string, at time.Time) string {
	body := "<p>" + strings.ReplaceAll(html.EscapeString(r.text), "\n", "</p><p>") + "</p>"
	return fmt.Sprintf(`<item><guid isPermaLink="false">%s</guid><link>https://%s.example.org/news/1</link><title>%s</title><pubDate>%s</pubDate><description>%s</description></item>`,
		guid, guid, html.EscapeString(r.title), at.Format(time.RFC1123Z), html.EscapeString(body))
}

// told gives a statement's copies as "source relation language", sorted.
func told(st *feeds.Statement) string {
	var out []string
	for i := range st.Copies {
		c := &st.Copies[i]
		out = append(out, fmt.Sprintf("%s %s %s", c.Source, c.Relation, c.Language))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// with gives the statement with a copy of the guid.
func (w *world) with(guid string) feeds.Statement {
	w.t.Helper()
	for _, st := range w.all() {
		for i := range st.Copies {
			if st.Copies[i].ID == guid {
				return st
			}
		}
	}
	w.t.Fatalf("nothing has the guid %q", guid)
	return feeds.Statement{}
}

func TestOneStatementWhateverOfficeWordingAndLanguage(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"fund", "fonds", "fondo", "valley", "teasers"} {
		w.source(id)
	}
	at := w.now.AddDate(0, 0, -3)
	local := bridge.paragraphs(0, 1, 3)
	local.text = "Our valley's engineers helped to plan it; this is what the fund writes about it today, after five years of work on both banks.\n" + local.text
	w.set("/fund", rss(bridge.entry("bridge", at), bulletin(12, "4,310", "870", "612").entry("b12", at.Add(time.Hour))))
	w.set("/fonds", rss(pont.entry("pont", at.Add(2*time.Hour))))
	w.set("/fondo", rss(puente.entry("puente", at.Add(3*time.Hour))))
	w.set("/valley", rss(local.entry("local", at.Add(4*time.Hour))))
	w.set("/teasers", rss(bridge.paragraphs(0).entry("teaser", at.Add(5*time.Hour))))
	w.pull()
	st := w.with("bridge")
	if got, want := told(&st), "fondo translation es, fonds translation fr, fund origin en, teasers excerpt en, valley reprint en"; got != want {
		t.Errorf("the statement is %s, want %s", got, want)
	}
	if len(w.all()) != 2 {
		t.Errorf("%d statements, want the bridge and the bulletin", len(w.all()))
	}
	for language, source := range map[string]feeds.SourceID{"en": "fund", "fr": "fonds", "es": "fondo"} {
		if lead := st.Lead(language); lead.Source != source {
			t.Errorf("in %s it is led by %s, want %s", language, lead.Source, source)
		}
	}
	for i := range st.Copies {
		if c := &st.Copies[i]; c.Relation != feeds.IsOrigin && (c.Why == "" || c.Score < c.Threshold || c.Threshold == 0) {
			t.Errorf("%s: score %.2f of %.2f, %q: want the evidence", c.Source, c.Score, c.Threshold, c.Why)
		}
	}
	if !st.Published.Equal(at) || !st.Updated.Equal(at) {
		t.Errorf("published %s, updated %s, want both %s", st.Published, st.Updated, at)
	}

	// The next number of the bulletin is another statement, and is told to be related.
	w.set("/fund", rss(bulletin(13, "3,985", "790", "548").entry("b13", at.AddDate(0, 0, 2)), bridge.entry("bridge", at), bulletin(12, "4,310", "870", "612").entry("b12", at.Add(time.Hour))))
	w.pull()
	twelve, thirteen := w.with("b12"), w.with("b13")
	if related := thirteen.Related(); twelve.ID == thirteen.ID || len(related) != 1 || related[0].Statement != twelve.ID || related[0].Why == "" {
		t.Errorf("bulletins %s and %s, related %+v", twelve.ID, thirteen.ID, related)
	}
}

func TestLikenessIsSeenAfterARestart(t *testing.T) {
	w := newWorld(t)
	w.source("fund")
	w.source("fonds")
	at := w.now.AddDate(0, 0, -3)
	w.set("/fund", rss(bridge.entry("bridge", at)))
	w.set("/fonds", rss(pont.paragraphs(0, 1, 2).entry("pont", at.Add(2*time.Hour))))
	w.pull("fund")
	w.store.Close()
	w.open()
	w.pull("fonds")
	st := w.one()
	if got, want := told(&st), "fonds translation fr, fund origin en"; got != want {
		t.Errorf("the statement is %s, want %s", got, want)
	}
}

func TestLaterCopyMakesOneOfTwoStatementsAndTheOlderStays(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"fonds", "valley", "fund"} {
		w.source(id)
	}
	at := w.now.AddDate(0, 0, -3)
	market := bridge.paragraphs(3, 1)
	market.title = "Cheaper maize and a hospital nearer"
	w.set("/fonds", rss(pont.paragraphs(0, 2).entry("pont", at)))
	w.set("/valley", rss(market.entry("end", at.Add(time.Hour))))
	w.set("/fund", rss(bridge.entry("bridge", at.Add(2*time.Hour))))
	w.pull("fonds")
	w.pull("valley")
	older, other := w.with("pont"), w.with("end")
	if older.ID == other.ID {
		t.Fatal("the first paragraphs and the last ones are one without the text between")
	}
	w.pull("fund")
	st := w.one()
	if st.ID != older.ID || len(st.Copies) != 3 {
		t.Errorf("the statement is %s (%s), want the older %s with three copies", st.ID, told(&st), older.ID)
	}
	if _, at, ok, err := w.store.Statement(other.ID); err != nil || !ok || at != older.ID {
		t.Errorf("%s leads to %s (%v, %v), want %s", other.ID, at, ok, err, older.ID)
	}
}

func TestTwoOfficesAtOnceAgree(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"fund", "fonds", "valley"} {
		w.source(id)
	}
	at := w.now.AddDate(0, 0, -1)
	w.set("/fund", rss(bridge.entry("bridge", at)))
	w.set("/fonds", rss(pont.entry("pont", at.Add(time.Minute))))
	w.set("/valley", rss(bridge.paragraphs(0, 1, 2).entry("valley", at.Add(2*time.Minute))))
	e := w.engine(nil)
	if err := e.Pull(t.Context(), "fund", "fonds", "valley"); err != nil {
		t.Fatal(err)
	}
	if st := w.one(); len(st.Copies) != 3 {
		t.Errorf("%s, want three copies", told(&st))
	}
}

func TestShadowModeJoinsNothingAndTells(t *testing.T) {
	w := newWorld(t)
	w.like.Shadow = true
	w.source("fund")
	w.source("fonds")
	at := w.now.AddDate(0, 0, -1)
	w.set("/fund", rss(bridge.entry("bridge", at)))
	w.set("/fonds", rss(pont.entry("pont", at.Add(time.Minute))))
	w.pull()
	if n := len(w.all()); n != 2 {
		t.Fatalf("%d statements, want two", n)
	}
	a, b := w.with("bridge"), w.with("pont")
	if r := b.Related(); len(r) != 1 || r[0].Statement != a.ID || r[0].Score < r[0].Threshold {
		t.Errorf("related %+v, want what would be joined", r)
	}
}

func TestPinKeepsApartForGood(t *testing.T) {
	w := newWorld(t)
	w.like.Pins = []dedup.Pin{{Links: [2]string{normalize.Canonical("https://bridge.example.org/news/1"), normalize.Canonical("https://pont.example.org/news/1")}}}
	for _, id := range []string{"fund", "fonds", "fondo"} {
		w.source(id)
	}
	at := w.now.AddDate(0, 0, -1)
	w.set("/fund", rss(bridge.entry("bridge", at)))
	w.set("/fonds", rss(pont.entry("pont", at.Add(time.Minute))))
	w.set("/fondo", rss(puente.entry("puente", at.Add(2*time.Minute))))
	w.pull("fund")
	w.pull("fonds")
	w.store.Close()
	w.open()
	w.pull("fondo") // is like both
	if a, b := w.with("bridge"), w.with("pont"); a.ID == b.ID {
		t.Error("the pin holds no more")
	}
	if n := len(w.all()); n != 2 {
		t.Errorf("%d statements, want the third copy in one of the two", n)
	}
}

func TestCopyistLeadsNothing(t *testing.T) {
	w := newWorld(t)
	w.source("fund")
	w.source("fonds")
	w.source("copyist").Distrust = []string{"date"}
	at := w.now.AddDate(0, 0, -1)
	more := func(r release, n int) release {
		for i := range n {
			r.text += fmt.Sprintf("\nMore news number %d: buy %d lamps and %d shovels at the market of our town, where everything is cheap today and nothing will be tomorrow.", i, 3*i+2, 5*i+1)
		}
		return r
	}
	w.set("/fund", rss(bridge.entry("bridge", at)))
	w.set("/fonds", rss(pont.entry("pont", at.Add(time.Minute))))
	w.set("/copyist", rss(more(bridge, 14).entry("copy1", at.AddDate(0, 0, -9))))
	w.pull("fund")
	was := w.one()
	w.pull("copyist")
	w.pull("fonds")
	st := w.one()
	if st.ID != was.ID || st.Lead("en").Source != "fund" || st.Lead("en").Relation != feeds.IsOrigin {
		t.Errorf("statement %s led by %s as %s, want %s led by the fund", st.ID, st.Lead("en").Source, st.Lead("en").Relation, was.ID)
	}
}
