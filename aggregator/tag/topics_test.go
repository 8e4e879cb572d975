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

func TestTextWithoutTitleOpensWithOne(t *testing.T) {
	tg := newTagger(t)
	filler := strings.Repeat("The teams went on along the coast and met again in the old hall by the sea. ", 25)
	opening := "Pupils in the delta return to their school today. "
	if got := topicsOf(tg, "en", "", opening+filler); !slices.Equal(got, []string{"education"}) {
		t.Errorf("topics %v of a text that opens with its subject", got)
	}
	for _, text := range []string{filler + opening, "Good morning!\n" + opening + filler} {
		if got := topicsOf(tg, "en", "", text); len(got) > 0 {
			t.Errorf("topics %v of %.40q", got, text)
		}
	}
	if got := topicsOf(tg, "en", "News from the coast", opening+filler); len(got) > 0 {
		t.Errorf("topics %v where the title is another", got)
	}
}

// A rule with a threshold of its own is given from it, and stands beside a
// stronger topic in proportion; a publisher's word alone is not enough for it.
func TestThresholdOfATopic(t *testing.T) {
	rule := func(threshold float64) *Tagger {
		tg, err := New(Taxonomy{Topics: []Rule{{ID: "harbours", Threshold: threshold, Patterns: map[string][]string{"en": {"quay:1.1"}}}}})
		if err != nil {
			t.Fatal(err)
		}
		return tg
	}
	const alone, beside = "The quay was built anew.", "Earthquake and floods: earthquake and flood response after the earthquake. The quay was built anew."
	for _, c := range []struct {
		threshold   float64
		title, text string
		want        bool
	}{
		{0, "", alone, true}, // it opens with it
		{0, "News", alone, false},
		{1.3, "News", alone, true},
		{0, "Earthquake and floods", beside, false},
		{0.1, "Earthquake and floods", beside, true},
	} {
		if got := topicsOf(rule(c.threshold), "en", c.title, c.text); slices.Contains(got, "harbours") != c.want {
			t.Errorf("threshold %v, %q: topics %v", c.threshold, c.text, got)
		}
	}
	tags := rule(0.1).Tag(Input{Language: "en", View: view("News", "Teams met."), Categories: []feeds.Category{{Term: "Quay"}}})
	if got := terms(tags, feeds.Topic); len(got) > 0 {
		t.Errorf("topics %v by a publisher's category alone", got)
	}
}

func TestSubjectsOfAidWork(t *testing.T) {
	tg := newTagger(t)
	langs := []string{"en", "fr", "es", "pt", "ar"}
	for topic, titles := range map[string][]string{
		"mine-action":   {"Children at school learn of unexploded shells", "Les zones minées sont balisées", "Víctimas de minas reciben ayuda", "Vítimas de minas recebem ajuda", "ضحايا الألغام في الشمال"},
		"shelter":       {"Families in evacuation centres", "Familles dans les centres d'évacuation", "Familias en centros de evacuación", "Famílias em centros de evacuação", "عائلات في مراكز الإجلاء"},
		"wash":          {"Water shortage in the camp", "Pénurie d'eau dans le camp", "Escasez de agua en el campamento", "Escassez de água no campo", "نقص المياه في المخيم"},
		"food-security": {"Food parcels for families", "Colis alimentaires pour les familles", "Escasez de alimentos en el sur", "Escassez de alimentos no sul", "سلال غذائية للأسر"},
		"protection":    {"Family tracing after the flood", "Rétablissement des liens familiaux", "Reunificación familiar en la frontera", "Reunificação familiar na fronteira", "لم شمل الأسر"},
		"funding":       {"EU adopts new assistance package", "L'UE adopte un paquet d'aide", "La UE adopta un paquete de ayuda", "UE adota pacote de ajuda", "حزمة مساعدات جديدة"},
		"aid-security":  {"Attacks on hospitals", "Attaques contre les hôpitaux", "Ataques contra hospitales", "Ataques contra hospitais", "الهجمات على المستشفيات"},
		"coordination":  {"Centre for humanitarian data opens", "Centre de données humanitaires", "Centro de datos humanitarios", "Centro de dados humanitários", "مركز البيانات الإنسانية"},
		"logistics":     {"Relief flights land", "Des vols humanitaires", "Llegan vuelos humanitarios", "Voos humanitários chegam", "رحلات جوية إنسانية"},
		"displacement":  {"Thousands leave their homes", "Contraints à quitter leur village", "Miles obligados a abandonar sus hogares", "Milhares obrigados a deixar suas casas", "الآلاف يضطرون إلى ترك منازلهم"},
		"human-rights":  {"Experts denounce arbitrary arrests", "Arrestations arbitraires dénoncées", "Denuncian detenciones arbitrarias", "Denunciadas prisões arbitrárias", "اعتقالات تعسفية في المدينة"},
		"recovery":      {"The recovery phase begins", "La phase de relèvement commence", "Empieza la fase de recuperación", "Começa a fase de recuperação", "مرحلة التعافي تبدأ"},
	} {
		for i, lang := range langs {
			if got := topicsOf(tg, lang, titles[i], ""); !slices.Contains(got, topic) {
				t.Errorf("%s %q: topics %v, want %s among them", lang, titles[i], got, topic)
			}
		}
	}
	// Words that look alike and mean something else.
	for _, c := range []struct{ lang, title, not string }{
		{"fr", "Le Secrétaire général salue l'accord", "funding"},
		{"en", "New rules contribute to better towns", "funding"},
		{"fr", "Contribuer à la réduction des accidents", "funding"},
		{"en", "An option for SSL connections", "logistics"},
		{"en", "Server restored", "recovery"},
		{"en", "Data protection notice", "protection"},
		{"en", "No protection concerns in the north", "protection"},
		{"fr", "Aucun problème de protection signalé", "protection"},
		{"es", "Campamento de verano del club", "displacement"},
		{"pt", "Regras de proteção de dados", "protection"},
		{"es", "Más almacenamiento en la nube", "logistics"},
		{"en", "The United Nations Development Programme opens an office", "recovery"},
		{"en", "Turkish Cooperation and Coordination Agency opens an office", "coordination"},
	} {
		if got := topicsOf(tg, c.lang, c.title, ""); slices.Contains(got, c.not) {
			t.Errorf("%s %q: topics %v", c.lang, c.title, got)
		}
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

func TestEveryTopicHasItsCoreInNineLanguages(t *testing.T) {
	r := builtin()
	for i := range r.terms {
		x := &r.terms[i]
		if x.tag.Scheme != feeds.Topic {
			continue
		}
		for _, lang := range []string{"en", "fr", "es", "pt", "ar", "ru", "zh", "de", "it"} {
			if !slices.ContainsFunc(x.sources, func(s source) bool { return s.lang == lang && s.role == isTopic }) {
				t.Errorf("%s has no patterns in %s", x.tag, lang)
			}
			if x.labels[lang] == "" {
				t.Errorf("%s has no label in %s", x.tag, lang)
			}
		}
	}
}

func TestTopicsInFourMoreLanguages(t *testing.T) {
	tg := newTagger(t)
	for topic, titles := range map[string][]string{
		"displacement":         {"Тысячи беженцев прибыли в лагерь", "数千名难民抵达营地", "Tausende Flüchtlinge erreichen das Lager", "Migliaia di rifugiati arrivano al campo"},
		"migration-governance": {"Новая миграционная политика стран региона", "各国讨论移民治理问题", "Der Globale Migrationspakt wird umgesetzt", "I governi discutono la gestione della migrazione"},
		"labour-migration":     {"Права трудящихся-мигрантов", "保障移民工人的权利", "Rechte von Wanderarbeitern", "I diritti dei lavoratori migranti"},
		"return-reintegration": {"Программа добровольного возвращения и реинтеграции", "自愿返回与重返社会方案", "Freiwillige Rückkehr und Reintegration", "Ritorno volontario e reintegrazione"},
		"counter-trafficking":  {"Борьба с торговлей людьми", "打击贩运人口行动", "Gegen Menschenhandel und Schleuser", "Lotta alla tratta di esseri umani"},
		"protection":           {"Защита гражданских лиц в условиях войны", "必须保护平民", "Schutz der Zivilbevölkerung gefordert", "Protezione dei civili nel conflitto"},
		"human-rights":         {"Нарушения прав человека", "人权理事会审议人权状况", "Menschenrechte in Gefahr", "Violazioni dei diritti umani"},
		"gender":               {"Насилие в отношении женщин растет", "制止暴力侵害妇女行为", "Gewalt gegen Frauen nimmt zu", "Violenza di genere in aumento"},
		"children":             {"Несопровождаемые дети на границе", "无人陪伴的儿童抵达海岸", "Unbegleitete Kinder an der Küste", "Minori non accompagnati sulla costa"},
		"health":               {"Началась вакцинация против холеры", "霍乱疫苗接种开始", "Impfung gegen Cholera beginnt", "Inizia la vaccinazione contro il colera"},
		"climate-environment":  {"Изменение климата и опустынивание", "气候变化影响数百万人", "Klimawandel vertreibt Menschen", "Il cambiamento climatico colpisce milioni di persone"},
		"emergencies":          {"Землетрясение и наводнения", "地震和洪水造成破坏", "Erdbeben und Überschwemmungen", "Terremoto e alluvioni nel nord"},
		"peace-security":       {"Прекращение огня и мирные переговоры", "停火与和平谈判", "Waffenruhe und Friedensverhandlungen", "Cessate il fuoco e colloqui di pace"},
		"food-security":        {"Голод и недоедание растут", "饥荒和营养不良加剧", "Hunger und Mangelernährung nehmen zu", "Fame e malnutrizione in aumento"},
		"wash":                 {"Питьевая вода для лагеря", "为营地提供饮用水", "Trinkwasser für das Lager", "Acqua potabile per il campo"},
		"shelter":              {"Палатки и временное жилье", "帐篷和临时住所", "Zelte und Notunterkünfte", "Tende e alloggi temporanei"},
		"education":            {"Дети возвращаются в школы", "儿童重返学校接受教育", "Schulen öffnen wieder", "Riaprono le scuole e le aule"},
		"funding":              {"Доноры объявили о финансировании", "捐助方承诺提供资金", "Geberkonferenz sagt Finanzierung zu", "I donatori annunciano finanziamenti"},
		"mine-action":          {"Разминирование продолжается", "排雷行动取得进展", "Minenräumung kommt voran", "Sminamento e ordigni inesplosi"},
		"xenophobia":           {"Ксенофобия и расизм растут", "反对仇外与种族主义", "Fremdenfeindlichkeit und Rassismus nehmen zu", "Cresce la xenofobia e il razzismo"},
		"asylum":               {"Число просителей убежища растет", "寻求庇护者人数上升", "Zahl der Asylanträge steigt", "Aumentano i richiedenti asilo"},
	} {
		for i, lang := range []string{"ru", "zh", "de", "it"} {
			if got := topicsOf(tg, lang, titles[i], ""); !slices.Contains(got, topic) {
				t.Errorf("%s %q: topics %v, want %s among them", lang, titles[i], got, topic)
			}
		}
	}
}

// What has the same stem as a topic's word and is another word.
func TestWordsOfOneStemAreNotOneWord(t *testing.T) {
	tg := newTagger(t)
	for _, c := range []struct{ lang, title, not string }{
		{"ru", "Тысячи семей нуждаются в помощи", "food-security agriculture"}, // of families; seeds
		{"ru", "Переговоры в Северной Корее и о Корее", "health epidemics"},    // Korea; measles
		{"ru", "Он жил за рекой за городом", "shelter funding"},                // lived; behind: a loan
		{"ru", "Визит министра, второй визит", "border-management"},            // a visit; a visa
		{"fr", "Le projet vise à aider, un autre visant les villes", "border-management regular-pathways"},
		{"es", "El equipo ganó y quiere ganar otra vez", "agriculture"},
		{"es", "Más vale: vale la pena", "cash-assistance"},
		{"es", "El ministro manifestó su interés y manifestó apoyo", "peace-security human-rights"},
		{"es", "Miles de niños cantan con otros niños", "gender"},
		{"pt", "Milhares de pessoas, milhares de casas", "food-security agriculture"},
		{"it", "Il numero sale: sale ancora", "health"},
		{"it", "Gli abitanti e gli abitati", "shelter"},
		{"it", "Le minoranze e la minoranza", "children"},
		{"de", "Sie bauen eine Brücke und bauen Straßen", "agriculture"},
		{"en", "Waste and wasted years", "nutrition"},
		{"en", "Protestants and a Protestant church", "human-rights peace-security"},
	} {
		for _, topic := range strings.Fields(c.not) {
			if got := ruleOf(tg, c.lang, c.title, c.title+".", topic); got != "" {
				t.Errorf("%s: %q is about %s", c.lang, c.title, topic)
			}
		}
	}
	for _, c := range []struct{ lang, title, want string }{
		{"ru", "Вспышка кори: дети болеют корью", "epidemics"},
		{"ru", "Тысячи вынуждены покинуть свои дома", "displacement"},
		{"ru", "Фермерам раздали семена и скот", "agriculture"},
		{"es", "Muere el ganado: cabezas de ganado", "agriculture"},
		{"pt", "Perda do milho: milho e feijão", "agriculture"},
	} {
		if ruleOf(tg, c.lang, c.title, "", c.want) == "" {
			t.Errorf("%s: %q is not about %s", c.lang, c.title, c.want)
		}
	}
}

func TestChineseWordsAreFoundInsideALine(t *testing.T) {
	tg := newTagger(t)
	text := "联合国难民署今天表示，数十万名难民需要住所、粮食、饮用水和教育。"
	got := topicsOf(tg, "zh", "数十万人逃离家园", text)
	if !slices.Contains(got, "displacement") {
		t.Errorf("topics %v", got)
	}
	// A character is less than a word, so a text is not long for having many.
	if got := topicsOf(tg, "zh", "", strings.Repeat("联合国今天在日内瓦表示，各方将继续开展工作。", 8)+"数十万名难民抵达营地，难民需要帮助。"); !slices.Contains(got, "displacement") {
		t.Errorf("topics %v of a text without a title", got)
	}
	tags := tg.Tag(Input{Language: "zh", View: view("墨西哥发生地震", "")})
	if got := terms(tags, feeds.Country); !slices.Equal(got, []string{"mx"}) {
		t.Errorf("countries %v, want mx", got)
	}
	// A phrase does not go over the end of a sentence.
	if got := topicsOf(tg, "zh", "这是人。权利", ""); slices.Contains(got, "human-rights") {
		t.Errorf("topics %v", got)
	}
}

// What is no statement gets nothing, or little, and in good time.
func TestStrangeTextsAreTaggedSanely(t *testing.T) {
	tg := newTagger(t)
	for name, c := range map[string]struct {
		title, text string
		most        int // topics
	}{
		"empty":          {"", "", 0},
		"a word":         {"Hello", "", 0},
		"numbers":        {"2024 12 7", strings.Repeat("12 345,6 78% 9/10 ", 200), 0},
		"punctuation":    {"?!", strings.Repeat("… – «» ", 500), 0},
		"unknown script": {"ᚠᚢᚦᚨᚱᚲ", strings.Repeat("ᚠᚢᚦ ᚨᚱᚲ ", 300), 0},
		"thai":           {"ผู้ลี้ภัยมาถึง", strings.Repeat("สวัสดีชาวโลก ", 100), 0},
		"no language":    {"Refugees and réfugiés", "Les réfugiés et the refugees in the camp.", 4},
		"broken bytes":   {"\xff\xfe\x00", strings.Repeat("\xc3\x28 \xe2\x82", 100), 0},
		"one topic only": {"refugees", strings.Repeat("refugees ", 20000), 4},
		"long word":      {strings.Repeat("x", 100000), "", 0},
		"one megabyte":   {"Report", strings.Repeat("Food, water, shelter and health care for refugees, children and women in the camps. ", 12500), 2 * allMost},
		"megabyte of 人权": {"报告", strings.Repeat("人权", 1<<20/6), 4},
	} {
		for _, lang := range []string{"en", "", "zh"} {
			got := topicsOf(tg, lang, c.title, c.text)
			if len(got) > c.most {
				t.Errorf("%s in %q: topics %v, want at most %d", name, lang, got, c.most)
			}
		}
	}
}

func TestAllEventsHaveNamesInFiveLanguages(t *testing.T) {
	r := builtin()
	for i := range r.terms {
		x := &r.terms[i]
		if x.tag.Scheme != feeds.Event {
			continue
		}
		for _, lang := range []string{"en", "fr", "es", "pt", "ar"} {
			if !slices.ContainsFunc(x.sources, func(s source) bool { return s.lang == lang }) {
				t.Errorf("%s has no names in %s", x.tag, lang)
			}
		}
		if !x.window.limited {
			t.Errorf("%s has no days", x.tag)
		}
	}
}
