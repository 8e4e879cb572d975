package tag

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"communique/feeds"
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

// TestSummitStatement reads one made-up statement in five languages: every one
// must be of the Americas, of no country, of the summit, and of the same chief
// topics.
func TestSummitStatement(t *testing.T) {
	tg := newTagger(t)
	for _, c := range []struct{ lang, title, text string }{
		{"en", "Regional office welcomes the Los Angeles Declaration on Migration and Protection",
			`Los Angeles – The countries of the Americas have agreed at the Summit of the Americas on how to share the care for people on the move.
The declaration builds on the Geneva Conventions and on years of work on migration governance. It asks for international protection for those who flee, for regular pathways, and for help to host communities.
It also speaks of the fight against trafficking in persons and of the reintegration of migrants who return.`},
		{"fr", "Le bureau régional salue la Déclaration de Los Angeles sur la migration et la protection",
			`Los Angeles – Les pays des Amériques se sont entendus, lors du Sommet des Amériques, sur le partage de la responsabilité envers les personnes en déplacement.
La déclaration prolonge les Conventions de Genève et des années de travail sur la gouvernance des migrations. Elle demande une protection internationale pour celles et ceux qui fuient, des voies régulières et un appui aux communautés d'accueil.
Elle parle aussi de la lutte contre la traite des personnes et de la réintégration des migrants de retour.`},
		{"es", "La oficina regional saluda la Declaración de Los Ángeles sobre Migración y Protección",
			`Los Ángeles – Los países de las Américas acordaron en la Cumbre de las Américas cómo compartir la atención a las personas en movimiento.
La declaración se apoya en los Convenios de Ginebra y en años de trabajo sobre la gobernanza de la migración. Pide protección internacional para quienes huyen, vías regulares y apoyo a las comunidades de acogida.
También habla de la lucha contra la trata de personas y de la reintegración de los migrantes que regresan.`},
		{"pt", "Escritório regional saúda a Declaração de Los Angeles sobre Migração e Proteção",
			`Los Angeles – Os países das Américas chegaram a um acordo na Cúpula das Américas sobre como partilhar o cuidado com as pessoas em movimento.
A declaração apoia-se nas Convenções de Genebra e em anos de trabalho sobre a governança da migração. Pede proteção internacional para quem foge, vias regulares e apoio às comunidades de acolhimento.
Fala também do combate ao tráfico de pessoas e da reintegração dos migrantes que regressam.`},
		{"ar", "المكتب الإقليمي يرحب بإعلان لوس أنجلوس بشأن الهجرة والحماية",
			`لوس أنجلوس – اتفقت بلدان الأمريكتين في قمة الأمريكتين على تقاسم المسؤولية تجاه المتنقلين.
ويستند الإعلان إلى اتفاقيات جنيف وإلى سنوات من العمل على حوكمة الهجرة. ويدعو إلى الحماية الدولية لمن يفرون وإلى مسارات نظامية وإلى دعم المجتمعات المضيفة.
كما يتناول مكافحة الاتجار بالأشخاص وإعادة إدماج المهاجرين العائدين.`},
	} {
		tags := tg.Tag(Input{Language: c.lang, View: view(c.title, c.text), Published: day("2022-06-11")})
		if got := terms(tags, feeds.Country); len(got) > 0 {
			t.Errorf("%s: countries %v, want none", c.lang, got)
		}
		if got := terms(tags, feeds.Region); !slices.Equal(got, []string{"americas"}) {
			t.Errorf("%s: regions %v, want americas", c.lang, got)
		}
		if got := terms(tags, feeds.Event); !slices.Equal(got, []string{"summit-of-the-americas-2022"}) {
			t.Errorf("%s: events %v", c.lang, got)
		}
		got := terms(tags, feeds.Topic)
		if !slices.Contains(got, "migration-governance") || !slices.Contains(got, "protection") {
			t.Errorf("%s: topics %v, want migration-governance and protection among them", c.lang, got)
		}
		for _, topic := range got {
			if !slices.Contains([]string{"migration-governance", "protection", "regular-pathways", "integration", "counter-trafficking", "return-reintegration"}, topic) {
				t.Errorf("%s: topic %q is not what it speaks of", c.lang, topic)
			}
		}
	}
}

func TestTopicsInFiveLanguages(t *testing.T) {
	tg := newTagger(t)
	for topic, titles := range map[string][5]string{ // en fr es pt ar
		"displacement":         {"Thousands of displaced families flee", "Des milliers de déplacés internes fuient", "Miles de familias desplazadas huyen", "Milhares de famílias deslocadas fogem", "آلاف النازحين داخليا"},
		"migration-governance": {"New migration policies agreed", "De nouvelles politiques migratoires", "Nuevas políticas migratorias", "Novas políticas migratórias", "سياسات الهجرة الجديدة"},
		"labour-migration":     {"Migrant workers ask for fair pay", "Les travailleurs migrants demandent un salaire juste", "Trabajadores migrantes piden un salario justo", "Trabalhadores migrantes pedem salário justo", "العمال المهاجرون يطالبون بأجر عادل"},
		"return-reintegration": {"Voluntary return of 200 people", "Retour volontaire de 200 personnes", "Retorno voluntario de 200 personas", "Retorno voluntário de 200 pessoas", "العودة الطوعية لمئتي شخص"},
		"counter-trafficking":  {"Victims of human trafficking freed", "Des victimes de la traite des êtres humains libérées", "Liberan a víctimas de trata de personas", "Libertadas vítimas de tráfico de pessoas", "تحرير ضحايا الاتجار بالبشر"},
		"protection":           {"A call for the protection of civilians", "Appel à la protection des civils", "Llamado a la protección de civiles", "Apelo à proteção de civis", "دعوة إلى حماية المدنيين"},
		"human-rights":         {"Defenders of human rights honoured", "Hommage aux défenseurs des droits humains", "Homenaje a defensoras de derechos humanos", "Homenagem a defensores de direitos humanos", "تكريم المدافعين عن حقوق الإنسان"},
		"gender":               {"An end to gender-based violence", "En finir avec les violences basées sur le genre", "Fin a la violencia de género", "Fim da violência de gênero", "إنهاء العنف القائم على النوع الاجتماعي"},
		"children":             {"Unaccompanied children reach the coast", "Des enfants non accompagnés arrivent sur la côte", "Niños no acompañados llegan a la costa", "Crianças desacompanhadas chegam à costa", "الأطفال غير المصحوبين يصلون إلى الساحل"},
		"health":               {"Cholera vaccination begins", "La vaccination contre le choléra commence", "Comienza la vacunación contra el cólera", "Começa a vacinação contra a cólera", "بدء التطعيم ضد الكوليرا"},
		"climate-environment":  {"Climate change moves people", "Les changements climatiques déplacent", "El cambio climático mueve a la gente", "A mudança climática move as pessoas", "تغير المناخ يحرك الناس"},
		"emergencies":          {"Earthquake and floods: 40 villages cut off", "Séisme et inondations : 40 villages isolés", "Terremoto e inundaciones: 40 aldeas aisladas", "Terremoto e inundações: 40 aldeias isoladas", "زلزال وفيضانات: عزل 40 قرية"},
		"peace-security":       {"Ceasefire opens the way to peace talks", "Le cessez-le-feu ouvre la voie à la paix", "El alto el fuego abre el camino a la paz", "Cessar-fogo abre caminho à paz", "وقف إطلاق النار يفتح الطريق أمام محادثات السلام"},
		"food-security":        {"Acute malnutrition and hunger rise", "La malnutrition aiguë et la faim augmentent", "Aumentan la desnutrición aguda y el hambre", "Aumentam a desnutrição aguda e a fome", "ارتفاع الجوع وسوء التغذية"},
		"wash":                 {"Safe water and latrines for the camp", "Eau potable et latrines pour le camp", "Agua segura y letrinas para todos", "Água potável e latrinas para todos", "مياه الشرب والمراحيض للجميع"},
		"shelter":              {"Emergency shelter and tents arrive", "Abris d'urgence et bâches arrivent", "Llegan carpas y alojamiento temporal", "Chegam tendas e abrigo de emergência", "وصول الخيام ومواد الإيواء"},
		"education":            {"Classrooms reopen for the school year", "Les salles de classe rouvrent pour la rentrée scolaire", "Reabren las aulas para el año escolar", "Salas de aula reabrem para o ano letivo", "افتتاح الفصول الدراسية مع العام الدراسي"},
		"funding":              {"Donors pledge new funding", "Les bailleurs de fonds promettent un financement", "Donantes anuncian financiamiento", "Doadores anunciam financiamento", "المانحون يعلنون عن تمويل جديد"},
		"mine-action":          {"Demining teams clear unexploded ordnance", "Le déminage des munitions non explosées avance", "Avanza el desminado de minas antipersonal", "Avança a desminagem das minas terrestres", "إزالة الألغام والذخائر غير المنفجرة"},
		"resettlement":         {"Refugee resettlement places doubled", "La réinstallation des réfugiés double", "Se duplica el reasentamiento de refugiados", "Dobra o reassentamento de refugiados", "مضاعفة أماكن إعادة التوطين"},
		"remittances":          {"Remittances reach a new high", "Les envois de fonds atteignent un record", "Las remesas alcanzan un récord", "Remessas de migrantes batem recorde", "التحويلات المالية تبلغ مستوى قياسيا"},
		"border-management":    {"Training in border management", "Formation à la gestion des frontières", "Capacitación en gestión de fronteras", "Formação em gestão de fronteiras", "تدريب على إدارة الحدود"},
		"statelessness":        {"Stateless people gain papers", "Des apatrides obtiennent des papiers", "Personas apátridas obtienen documentos", "Apátridas obtêm documentos", "عديمو الجنسية يحصلون على أوراق"},
		"data":                 {"New portal for migration data", "Nouveau portail de données sur la migration", "Nuevo portal de datos migratorios", "Novo portal de dados migratórios", "بوابة جديدة لبيانات الهجرة"},
		"integration":          {"Local integration and social inclusion", "Intégration locale et inclusion sociale", "Integración local e inclusión social", "Integração local e inclusão social", "الاندماج المحلي في المجتمعات المضيفة"},
		"regular-pathways":     {"More regular pathways needed", "Il faut plus de voies régulières", "Se necesitan más vías regulares", "São precisas mais vias regulares", "الحاجة إلى مزيد من المسارات النظامية"},
		"xenophobia":           {"Xenophobia and racism on the rise", "Montée de la xénophobie et du racisme", "Aumentan la xenofobia y el racismo", "Crescem a xenofobia e o racismo", "تزايد كره الأجانب والعنصرية"},
	} {
		for i, lang := range []string{"en", "fr", "es", "pt", "ar"} {
			got := terms(tg.Tag(Input{Language: lang, View: feeds.TextView{Title: titles[i]}}), feeds.Topic)
			if !slices.Contains(got, topic) {
				t.Errorf("%s %q: topics %v, want %s among them", lang, titles[i], got, topic)
			}
		}
	}
	for _, x := range tg.Terms() {
		if x.Tag.Scheme == feeds.Topic && x.Labels["en"] == "" {
			t.Errorf("%s has no label", x.Tag)
		}
	}
}

func TestNamesOfOrganisationsAreNoTopics(t *testing.T) {
	tg := newTagger(t)
	for _, c := range []struct{ lang, title string }{
		{"en", "International Organization for Migration moves house"},
		{"en", "Save the Children has a new director"},
		{"en", "World Health Organization meets in May"},
		{"fr", "L'Organisation internationale pour les migrations déménage"},
		{"es", "La Organización Mundial de la Salud se reúne en mayo"},
		{"pt", "A Organização Internacional para as Migrações muda de casa"},
		{"ar", "المنظمة الدولية للهجرة تنتقل إلى مقر جديد"},
	} {
		if got := terms(tg.Tag(Input{Language: c.lang, View: feeds.TextView{Title: c.title}}), feeds.Topic); len(got) > 0 {
			t.Errorf("%s %q: topics %v, want none", c.lang, c.title, got)
		}
	}
}

func TestEventsHaveTheirDays(t *testing.T) {
	tg := newTagger(t)
	for _, c := range []struct{ title, published, want string }{
		{"Ninth Summit of the Americas opens", "2022-06-06", "summit-of-the-americas-2022"},
		{"Summit of the Americas opens", "2018-04-13", ""},
		{"Summit of the Americas opens", "", "summit-of-the-americas-2022"},
		{"Global Refugee Forum opens", "2019-12-17", "global-refugee-forum-2019"},
		{"Global Refugee Forum opens", "2023-12-13", "global-refugee-forum-2023"},
		{"Global Refugee Forum opens", "", ""}, // it may be either
		{"Statement on World Refugee Day", "2021-06-20", "world-refugee-day"},
		{"Statement on World Refugee Day", "2021-11-20", ""},
		{"Statement on International Migrants Day", "2024-01-03", "international-migrants-day"},
		{"Statement on International Migrants Day", "2024-03-03", ""},
	} {
		in := Input{Language: "en", View: feeds.TextView{Title: c.title}}
		if c.published != "" {
			in.Published = day(c.published)
		}
		if got := strings.Join(terms(tg.Tag(in), feeds.Event), " "); got != c.want {
			t.Errorf("%q of %q: events %q, want %q", c.title, c.published, got, c.want)
		}
	}
}

func TestPublishersCategoriesAreLightEvidence(t *testing.T) {
	tg := newTagger(t)
	in := Input{Language: "en", View: view("Work goes on in the north", "Teams met the people of three villages.\nThey heard how the illness came, and of a clinic."), Categories: []feeds.Category{{Term: "Health"}, {Term: "Disease outbreak"}, {Term: "https://example.org/tags/peace"}}}
	with := terms(tg.Tag(in), feeds.Topic)
	in.Categories = nil
	without := terms(tg.Tag(in), feeds.Topic)
	if !slices.Equal(with, []string{"health"}) || len(without) > 0 && !slices.Equal(without, []string{"health"}) {
		t.Errorf("topics with categories %v, without %v", with, without)
	}
	in = Input{Language: "en", View: view("Work goes on", "Teams met."), Categories: []feeds.Category{{Term: "Health"}}}
	if got := terms(tg.Tag(in), feeds.Topic); len(got) > 0 {
		t.Errorf("topics %v from one category alone", got)
	}
}

func TestEvidenceStandsInTheText(t *testing.T) {
	tg := newTagger(t)
	in := Input{Language: "fr", View: view("Appui aux réfugiés au Tchad", "À N'Djamena, des enfants non accompagnés ont été accueillis. L'accès à l’eau potable reste difficile.\nLes bailleurs de fonds ont été remerciés."), Published: day("2024-02-01")}
	tags := tg.Tag(in)
	if len(tags) < 4 {
		t.Fatalf("tags %+v", tags)
	}
	for _, g := range tags {
		follows := strings.HasPrefix(g.Rule, "from ") // then the words stand with what it follows from
		if g.Rule == "" || (g.Evidence == "") != follows || g.Score <= 0 {
			t.Errorf("%s has rule %q, evidence %q, score %v", g.Tag, g.Rule, g.Evidence, g.Score)
		}
		if follows {
			continue
		}
		for part := range strings.SplitSeq(g.Evidence, `"; `) {
			_, words, _ := strings.Cut(part, `: "`)
			words = strings.Trim(strings.TrimSuffix(words, `"`), "…")
			if words = strings.TrimSpace(words); !strings.Contains(in.View.Title+"\n"+in.View.Body, words) {
				t.Errorf("%s: evidence %q does not stand in the text", g.Tag, words)
			}
		}
	}
	if i := slices.IndexFunc(tags, func(g feeds.Tagging) bool { return g.Tag == feeds.Tag{Scheme: feeds.Country, Term: "td"} }); i < 0 || tags[i].Rule != "country TD: name" || tags[i].Evidence != `title: "…aux réfugiés au Tchad"` {
		t.Errorf("tags %+v, want TD by name", tags)
	}
	if i := slices.IndexFunc(tags, func(g feeds.Tagging) bool { return g.Tag == feeds.Tag{Scheme: feeds.Region, Term: "africa"} }); i < 0 || tags[i].Rule != "from TD" {
		t.Errorf("tags %+v, want Africa from TD", tags)
	}
}

func TestTagsAreSortedAndTheSameEachTime(t *testing.T) {
	tg := newTagger(t)
	ins := []Input{
		{Language: "en", View: view(sampleTitle, sampleText)},
		{Language: "es", View: view("Inundaciones en Perú y Ecuador", "Familias damnificadas de Puno y Loja.\nHay niños y niñas en albergues.")},
		{Language: "", View: view("Terremoto en Haití", "Earthquake in Haiti.\nSéisme en Haïti.")},
	}
	var want [][]feeds.Tagging
	for _, in := range ins {
		want = append(want, tg.Tag(in))
		if !slices.IsSortedFunc(want[len(want)-1], func(a, b feeds.Tagging) int { return strings.Compare(a.Tag.String(), b.Tag.String()) }) {
			t.Errorf("not sorted: %+v", want[len(want)-1])
		}
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				i := rand.IntN(len(ins))
				if got := tg.Tag(ins[i]); !slices.Equal(got, want[i]) {
					t.Errorf("got %+v, want %+v", got, want[i])
				}
			}
		})
	}
	wg.Wait()
	other := newTagger(t)
	for i, in := range ins {
		if got := other.Tag(in); !slices.Equal(got, want[i]) {
			t.Errorf("another tagger got %+v, want %+v", got, want[i])
		}
	}
}

func TestLabels(t *testing.T) {
	tg := newTagger(t)
	for _, c := range []struct{ tag, lang, want string }{
		{"region/americas", "fr", "Amériques"}, {"country/sz", "en", "Eswatini"}, {"country/mk", "pt-BR", "Macedônia do Norte"},
		{"topic/protection", "ar", "الحماية"}, {"event/world-refugee-day", "es", "Día Mundial de los Refugiados"},
		{"topic/protection", "nl", "Protection"}, {"topic/unheard-of", "en", "unheard-of"},
	} {
		tag, _ := feeds.ParseTag(c.tag)
		if got := tg.Label(tag, c.lang); got != c.want {
			t.Errorf("label of %s in %s is %q, want %q", c.tag, c.lang, got, c.want)
		}
	}
	all := tg.Terms()
	i := slices.IndexFunc(all, func(x Term) bool { return x.Tag == feeds.Tag{Scheme: feeds.Country, Term: "mx"} })
	want := []feeds.Tag{{Scheme: feeds.Region, Term: "central-america"}, {Scheme: feeds.Region, Term: "latin-america-and-the-caribbean"}, {Scheme: feeds.Region, Term: "americas"}}
	if i < 0 || !slices.Equal(all[i].Parents, want) {
		t.Errorf("parents of Mexico: %v", all[i].Parents)
	}
}

func FuzzTag(f *testing.F) {
	f.Add("en", "Floods in Mali", "The U.S. St. Lucia\nword")
	f.Add("ar", "بالعراق وللأردن", "والسودان")
	f.Add("fr", "L’Île d’Haïti\u0301", "ß\xffœ e\u0301tat")
	f.Add("", "İstanbul ǅ ﬀ", "缀 Ệ")
	tg, err := New(Taxonomy{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, lang, title, text string) {
		in := Input{Language: lang, View: view(title, text)}
		a := tg.Tag(in)
		seen := map[feeds.Tag]bool{}
		for _, g := range a {
			if seen[g.Tag] {
				t.Errorf("%s twice", g.Tag)
			}
			seen[g.Tag] = true
			if g.Rule == "" || utf8.ValidString(title) && utf8.ValidString(text) && !utf8.ValidString(g.Evidence) {
				t.Errorf("%s: rule %q, evidence %q", g.Tag, g.Rule, g.Evidence)
			}
			if g.Tag.Scheme == feeds.Mention {
				if seen[feeds.Tag{Scheme: feeds.Country, Term: g.Tag.Term}] {
					t.Errorf("%s beside its country", g.Tag)
				}
				continue
			}
			for _, p := range tg.rules.ancestors(tg.rules.get(g.Tag.Scheme, g.Tag.Term)) {
				if !slices.ContainsFunc(a, func(h feeds.Tagging) bool { return h.Tag == p }) {
					t.Errorf("%s without %s", g.Tag, p)
				}
			}
		}
		if b := tg.Tag(in); !slices.Equal(a, b) {
			t.Errorf("first %+v, then %+v", a, b)
		}
	})
}
