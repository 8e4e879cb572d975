package tag

import (
	"slices"
	"strings"
	"testing"

	"communique/feeds"
)

func topicsOf(tg *Tagger, lang, title, text string) []string {
	return terms(tg.Tag(Input{Language: lang, View: view(title, text)}), feeds.Topic)
}

// ruleOf gives the rule that gave a topic, "" when the text has it not.
func ruleOf(tg *Tagger, lang, title, text, topic string) string {
	for _, g := range tg.Tag(Input{Language: lang, View: view(title, text)}) {
		if g.Tag == (feeds.Tag{Scheme: feeds.Topic, Term: topic}) {
			return g.Rule
		}
	}
	return ""
}

func TestListedSectorsAreTopics(t *testing.T) {
	tg := newTagger(t)
	filler := strings.Repeat("The road along the coast was open again and the teams went on. ", 8)
	for _, c := range []struct{ lang, title, text string }{
		{"en", "Tropical storm hits the south coast", "The storm came ashore at night. " + filler + "\nPartners bring food, water and sanitation, shelter, and protection services to all."},
		{"fr", "Une tempête tropicale frappe la côte sud", "La tempête a touché terre la nuit. " + filler + "\nLes partenaires apportent des vivres, de l'eau, des abris et des services de protection."},
		{"es", "Una tormenta tropical golpea la costa sur", "La tormenta llegó de noche. " + filler + "\nLos socios llevan alimentos, agua y saneamiento, albergues y servicios de protección."},
		{"pt", "Tempestade tropical atinge a costa sul", "A tempestade chegou à noite. " + filler + "\nOs parceiros levam alimentos, água e saneamento, abrigo e serviços de proteção."},
		{"ar", "عاصفة استوائية تضرب الساحل الجنوبي", "وصلت العاصفة ليلا. " + filler + "\nيقدم الشركاء الغذاء والمياه والمأوى وخدمات الحماية."},
	} {
		got := topicsOf(tg, c.lang, c.title, c.text)
		for _, want := range []string{"emergencies", "food-security", "wash", "shelter", "protection"} {
			if !slices.Contains(got, want) {
				t.Errorf("%s: topics %v, want %s among them", c.lang, got, want)
			}
		}
	}
	if r := ruleOf(tg, "en", "Tropical storm hits the south coast", "The storm came ashore at night. "+filler+"\nPartners bring food, water, shelter, and protection services to all.", "shelter"); r != "topic shelter: in a list of sectors" {
		t.Errorf("rule %q", r)
	}
	// Three are no list, and neither are four that stand far apart.
	for _, text := range []string{
		"The storm came ashore at night. " + filler + "\nPartners bring food, water and shelter.",
		"The storm came ashore at night. " + filler + "\nThey bring food. " + filler + "They bring water. " + filler + "They give shelter. " + filler + "They speak of education.",
	} {
		if got := topicsOf(tg, "en", "Tropical storm hits the south coast", text); slices.Contains(got, "shelter") {
			t.Errorf("topics %v of %q", got, text[len(text)-40:])
		}
	}
}

// A declaration goes through everything that it asks for, and names each once.
func TestTextThatNamesManyTopicsHasThem(t *testing.T) {
	tg := newTagger(t)
	asks := []string{"protect human rights", "end trafficking in persons", "open regular pathways", "support the voluntary return of people", "act against climate change",
		"end gender-based violence", "protect unaccompanied children", "support mine action", "support emergency response and disaster preparedness"}
	filler := strings.Repeat("The governments met in the old hall and spoke for two days about what lies ahead. ", 10)
	title := "Governments adopt declaration on migration governance"
	text := func(n int) string {
		return filler + "\n" + filler + "\nThey will " + strings.Join(asks[:n], ", ") + "."
	}
	want := []string{"human-rights", "counter-trafficking", "regular-pathways", "return-reintegration", "climate-environment", "gender", "children", "mine-action", "emergencies"}
	got := topicsOf(tg, "en", title, text(len(asks)))
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("topics %v, want %s among them", got, w)
		}
	}
	if r := ruleOf(tg, "en", title, text(len(asks)), "gender"); r != "topic gender: one of many that are named" {
		t.Errorf("rule %q", r)
	}
	if got := topicsOf(tg, "en", title, text(4)); slices.Contains(got, "counter-trafficking") {
		t.Errorf("topics %v of a text that names few of them once", got)
	}
	// What is only a cause is not named.
	caused := text(len(asks)) + "\nIt is a crisis caused by cholera and by food insecurity."
	if got := topicsOf(tg, "en", title, caused); slices.Contains(got, "food-security") || slices.Contains(got, "epidemics") {
		t.Errorf("topics %v, want none of the causes", got)
	}
}

func TestParentsComeWithTheirChildren(t *testing.T) {
	tg := newTagger(t)
	for _, c := range []struct{ lang, title, child, parent string }{
		{"en", "Locust swarms threaten crops", "agriculture", "food-security"},
		{"fr", "Les demandes d'asile augmentent", "asylum", "protection"},
		{"es", "Gestión del riesgo de desastres en tres municipios", "disaster-risk", "emergencies"},
		{"pt", "Violência doméstica em alta", "gender-based-violence", "gender"},
		{"ar", "تفشي الكوليرا", "epidemics", "health"},
		{"en", "Livelihoods for returnees", "livelihoods", "recovery"},
	} {
		got := topicsOf(tg, c.lang, c.title, "")
		if !slices.Contains(got, c.child) || !slices.Contains(got, c.parent) {
			t.Errorf("%s %q: topics %v, want %s and %s", c.lang, c.title, got, c.child, c.parent)
		}
	}
}
