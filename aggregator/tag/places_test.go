package tag

import (
	"slices"
	"strings"
	"testing"

	"communique/feeds"
)

// TestCountriesAreFoundByRealNames holds the words that are taken for
// countries by mistake, and names that are easily missed.
func TestCountriesAreFoundByRealNames(t *testing.T) {
	tg := newTagger(t)
	for _, c := range []struct{ lang, title, want string }{
		// Words that only look like a country.
		{"en", "A woman and a chad of paper, and turkey for dinner", ""},
		{"en", "Help us to reach those who need us most", ""},
		{"en", "HELP US REACH PEOPLE WHO FLED", ""},
		{"en", "A grant of US$ 4 million for schools", ""},
		{"en", "The Geneva Conventions, the Paris Agreement and the Marrakech Compact", ""},
		{"en", "Leaders adopt the Los Angeles Declaration", ""},
		{"en", "Flights over the Indian Ocean", ""},
		{"en", "Storm over New Mexico", "us"},
		{"en", "Fishing in the Gulf of Guinea", ""},
		{"en", "Students of the University of Chile Foundation meet", ""},
		{"en", "Michael Jordan visits a school", ""},
		{"en", "Storm damages houses in Atlanta, Georgia", "us"},
		{"fr", "Maurice et Dominique racontent leur voyage", ""},
		{"fr", "Déclaration de Los Angeles et Conventions de Genève", ""},
		{"fr", "L'Organisation des États américains se réunit", ""},
		{"fr", "Une réunion de haut niveau sur la santé", ""},
		{"es", "Reunión de ministros sobre migración en la región", ""},
		{"es", "Mauricio y Guadalupe regresan a su hogar en Granada", ""},
		{"es", "Acuerdo de París y Convenios de Ginebra", ""},
		{"es", "No se va a catar el agua de la china", ""},
		{"it", "Le paure e i mali della società", ""},
		{"pt", "Para os migrantes, um novo abrigo", ""},
		{"pt", "Ceia de peru com camarões", ""},
		{"ar", "الدعم المالي للمكتب القطري", ""},
		{"ar", "اتفاق باريس واتفاقيات جنيف", ""},

		// Names that hold another's name.
		{"en", "Floods in South Sudan", "ss"},
		{"en", "Floods in Sudan", "sd"},
		{"en", "Farmers of Papua New Guinea", "pg"},
		{"en", "Elections in Guinea-Bissau", "gw"},
		{"en", "Elections in Equatorial Guinea", "gq"},
		{"en", "Elections in Guinea", "gn"},
		{"en", "Nigerien families return", "ne"},
		{"en", "Nigerian families return", "ng"},
		{"en", "Oil spill in the Niger Delta", "ng"},
		{"en", "Support for the Dominican Republic", "do"},
		{"en", "Support for Dominica", "dm"},
		{"en", "Displaced people in the Democratic Republic of the Congo", "cd"},
		{"en", "Displaced people in the Republic of the Congo", "cg"},
		{"en", "Aid to the Democratic People's Republic of Korea", "kp"},
		{"en", "Students from the Republic of Korea", "kr"},
		{"en", "Storm in Northern Ireland", "gb"},
		{"en", "Storm in Ireland", "ie"},
		{"en", "Aid for the U.S. Virgin Islands", "vi"},
		{"en", "U.S. opens a new office", "us"},
		{"en", "Drought in the Central African Republic", "cf"},
		{"en", "Drought in South Africa", "za"},

		{"en", "Storm in the Republic of Guinea-Bissau", "gw"},
		{"fr", "Élections en République de Guinée équatoriale", "gq"},
		{"ar", "انتخابات في جمهورية غينيا الاستوائية", "gq"},
		{"it", "Fame nel Sudan del Sud", "ss"},
		{"es", "Lluvias en los Estados Unidos Mexicanos", "mx"},
		{"es", "Tormenta en Georgia del Sur", "gs"},
		{"pt", "Tempestade nas Ilhas Turcas e Caicos", "tc"},
		{"ru", "Землетрясение в Папуа — Новой Гвинее", "pg"},
		{"zh", "阿曼苏丹国的洪水", "om"},
		{"zh", "刚果（布）的洪水", "cg"},
		{"zh", "刚果（金）的洪水", "cd"},
		{"en", "Vaccines arrive in French Guiana", "gf"}, // "in French" alone is a language
		{"en", "Talks in French and English", ""},
		{"en", "Fire at the library of Lebanon, New Hampshire", "us"},

		// New and other names, in their languages.
		{"en", "Storm nears the Falkland Islands", "fk"},
		{"en", "The Hellenic Republic opens a centre", "gr"},
		{"fr", "Une école pour les filles indiennes", "in"},
		{"fr", "Cyclone à La Réunion", "re"},
		{"es", "Cierre de escuelas en Bermuda", "bm"},
		{"pt", "Escolas fechadas no Benim", "bj"},
		{"de", "Hochwasser in Botswana", "bw"},
		{"it", "Inondazioni in Malesia", "my"},
		{"ar", "فيضانات في زمبابوي وملاوي", "mw zw"},
		{"ar", "زلزال في بيرو", "pe"},
		{"en", "Eswatini, North Macedonia and Türkiye sign", "mk sz tr"},
		{"en", "Storm hits St. Lucia", "lc"},
		{"en", "Cote d'Ivoire opens a centre", "ci"},
		{"en", "Côte d’Ivoire opens a centre", "ci"},
		{"fr", "La RDC accueille des réfugiés", "cd"},
		{"fr", "Le Soudan du Sud et le Tchad", "ss td"},
		{"fr", "Retour d'Haïti après le séisme", "ht"},
		{"fr", "REPUBLIQUE CENTRAFRICAINE : APPEL", "cf"},
		{"fr", "L'île Maurice et la Dominique", "dm mu"},
		{"es", "Migrantes venezolanos en la frontera", "ve"},
		{"es", "EE.UU. anuncia nuevos fondos", "us"},
		{"es", "Crisis en la República Democrática del Congo", "cd"},
		{"pt", "Refugiados no Quénia e no Quênia", "ke"},
		{"pt", "Enchentes em Moçambique", "mz"},
		{"pt", "Cooperação com o Irão e o Vietname", "ir vn"},
		{"ar", "اللاجئون السوريون في لبنان والأردن", "jo lb sy"},
		{"ar", "فيضانات باليمن", "ye"},
		{"ar", "مساعدات للسودان وجنوب السودان", "sd ss"},
		{"ar", "شمال مالي", "ml"},
		{"de", "Hochwasser in Mosambik", "mz"},
		{"de", "Hilfe für die Vereinigten Staaten und das Vereinigte Königreich", "gb us"},
		{"de", "Syriens Nachbarn und syrische Flüchtlinge", "sy"},
		{"de", "Kolumbianerinnen in der Demokratischen Republik Kongo", "cd co"},
		{"de", "Wahlen in Niger und Nigeria, Türken und Zyprer", "cy ne ng tr"},
		{"de", "Wahl in der Zentralafrikanischen Republik", "cf"},
		{"de", "Das Pariser Abkommen und die Genfer Konventionen der Europäischen Union", ""},
		{"it", "Alluvioni in Mozambico, sfollati mozambicani", "mz"},
		{"it", "Rifugiati siriani in Giordania e nella Repubblica Democratica del Congo", "cd jo sy"},
		{"it", "Il Ciad, la Costa d’Avorio e gli Stati Uniti", "ci td us"},
		{"it", "L’Unione europea e l’Accordo di Parigi", ""},
		{"ru", "Наводнение: Мозамбик", "mz"},
		{"ru", "Беженцы из Сирии возвращаются", "sy"},
		{"ru", "Сирийские беженцы в Турции и в Ливане", "lb sy tr"},
		{"ru", "Помощь Южному Судану", "ss"},
		{"ru", "Наводнение в Судане", "sd"},
		{"ru", "Наводнение в Нигере", "ne"},
		{"ru", "Наводнение в Нигерии", "ng"},
		{"ru", "Выборы в Гвинее-Бисау", "gw"},
		{"ru", "Выборы в Экваториальной Гвинее", "gq"},
		{"ru", "Выборы в Гвинее", "gn"},
		{"ru", "Выборы в Демократической Республике Конго и Центральноафриканской Республике", "cd cf"},
		{"ru", "Жители Соединенных Штатов и Соединенного Королевства", "gb us"},
		{"ru", "ОАЭ и Объединенными Арабскими Эмиратами", "ae"},
		{"ru", "Филиппинам помогут Нидерланды", "nl ph"},
		{"ru", "Кроме того, грант в 5 млн долларов США", ""},
		{"ru", "Того же мнения Европейский союз и Африканский союз", ""},
		{"zh", "苏丹难民返回家园", "sd"},
		{"zh", "南苏丹难民返回家园", "ss"},
		{"zh", "几内亚比绍举行选举", "gw"},
		{"zh", "赤道几内亚举行选举", "gq"},
		{"zh", "巴布亚新几内亚举行选举", "pg"},
		{"zh", "尼日尔和尼日利亚的洪水", "ne ng"},
		{"zh", "印度尼西亚地震", "id"},
		{"zh", "叙利亚人在约旦和黎巴嫩", "jo lb sy"},
		{"zh", "刚果民主共和国的流离失所者", "cd"},
		{"zh", "多米尼加共和国飓风", "do"},
		{"zh", "多米尼克飓风", "dm"},
		{"zh", "发展中国家的移民", ""},
		{"zh", "上海地区的捐款达500万美元", "cn"},
		{"zh", "欧盟、非盟和日内瓦公约", ""},
		{"zh", "敘利亞與土耳其地震", "sy tr"},
		{"", "Terremoto en Ecuador", "ec"},
		{"ht", "Inondasyon ann Haïti", "ht"},
	} {
		tags := tg.Tag(Input{Language: c.lang, View: feeds.TextView{Title: c.title}})
		got := terms(tags, feeds.Country)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s %q: countries %v, want %q", c.lang, c.title, got, c.want)
		}
	}
}

// TestEveryCountryIsFoundByItsName takes each name of each country as a title.
// Those that mean something else as well are found in longer forms only.
func TestEveryCountryIsFoundByItsName(t *testing.T) {
	tg := newTagger(t)
	var missed []string
	n := 0
	for _, x := range tg.Terms() {
		if x.Tag.Scheme != feeds.Country {
			continue
		}
		for _, lang := range append(nine, "zh-Hant") {
			n++
			got := terms(tg.Tag(Input{Language: lang, View: feeds.TextView{Title: x.Labels[lang]}}), feeds.Country)
			if len(got) != 1 || got[0] != x.Tag.Term {
				missed = append(missed, lang+" "+x.Labels[lang]+" "+strings.Join(got, ","))
			}
		}
	}
	t.Logf("%d of %d: %q", n-len(missed), n, missed)
	if len(missed) > 42 {
		t.Errorf("%d of %d names are not found: %q", len(missed), n, missed)
	}
}

func TestFocusIsNotEveryMention(t *testing.T) {
	tg := newTagger(t)
	for _, c := range []struct{ name, title, text, want string }{
		{"the title decides", "Colombia opens a reception centre",
			"The centre was paid for by Norway and Canada.\nExperts from Peru and Ecuador were there, as were others from Peru.", "co"},
		{"a dateline is no subject", "New rules for safe migration", "Nairobi, Kenya – The rules were presented to all offices today. They hold for every region.", ""},
		{"a list is no subject", "A report on cities", "The report is out.\nIt speaks of cities.\nIt looks at Peru, Ghana, Nepal, Fiji, Oman, Chile, Togo and Laos.", ""},
		{"demonyms and towns add up", "Families return home", "Honduran families returned to San Pedro Sula this week.\nThe Honduran Red Cross met them.", "hn"},
		{"a list of the world counts little beside one that is named again", "A report on cities",
			"The report is out.\nIt speaks of cities.\nPeru, Ghana, Nepal, Fiji, Oman, Chile and Togo took part. In Togo, the report says, cities grow.", ""},
		{"who paid is no subject", "Clean water for the islands",
			"Families in Tonga have clean water again.\nThe work was funded by Norway, by the Government of Japan, and by Canada.", "to"},
		{"peacekeepers are somewhere else", "Blue helmets repair a road", "Rwandan peacekeepers and Nepalese peacekeepers repaired the road to Bambari in the Central African Republic.", "cf"},
		{"a society works abroad", "Shelter after the storm", "The Danish Red Cross brought tents to Dominica.\nThe Danish Red Cross will stay in Dominica for a month.", "dm"},
		{"a river is not its country", "Herders move early", "The pastures along the Senegal River and the river Niger are dry.", ""},
		{"where people met is not what they spoke of", "Ministers speak of shelter",
			"Ministers of the Caribbean met in Panama City, Panama.\nThey spoke of shelter in the Caribbean.\nThe Caribbean has had many storms.", ""},
		{"a region in the title keeps its examples out", "Drought in West Africa", "Herders lose their animals.\nIn Mali, one in three did.", ""},
		{"the code of an operation names the country", "Floods (MDRHN010)", "The report has three parts.", "hn"},
		{"the title's people do not hide where they are", "Somali refugees go back", "Kenya said on Monday that Kenya will help those in Garissa.", "ke so"},
		{"an address is no subject", "About us", "The office has three floors.\nIt stands at 17 Long Road, Geneva, Switzerland.", ""},
		{"a town of a country's name", "Help for towns", "The emergency ends in Zacatecas, El Salvador, Jalisco and Mazapil. The state of Zacatecas pays.", "mx"},
		{"Congo is the one that is named in full", "Peace in Congo", "The Republic of the Congo has seen a ceasefire in the region of Brazzaville.", "cg"},
		{"many neighbours do not hide the first", "Prices of a basket of goods",
			"Cameroon has many poor people; its north borders Nigeria.\nPrices rise in Cameroon.\nIn Nigeria they do so too. In Cameroon rice is dear. In Cameroon nobody saves. In Nigeria few do. Chad sends troops. Niger sends some. Mali waits. Benin waits. Togo waits. Ghana waits. Egypt waits. Sudan waits. Libya waits.", "cm"},
		{"a state of the same name", "Georgia changes a law", "The governor signed it in Atlanta on Monday.", "us"},
		{"the country of that name", "Georgia changes a law", "The president signed it in Tbilisi on Monday, and flew to Atlanta.", "ge"},
		{"towns of the gazetteer", "The river rises", "Houses in Mazatenango and Chicacao are under water.\nThe bridge to Mazatenango is closed, and a school in Masagua.", "gt"},
		{"a nickname", "A senator speaks", "Jesús “Maracay” García spoke.\nMaracay was here, and Maracay will come again.", ""},
		{"an office in capitals", "GAO reports on farms", "The office named GAO spoke of farms.", ""},
		{"a town with its state", "Fair in Lebanon, PA", "The fair in Lebanon, PA, opens on Monday.", ""},
		{"people are called like countries", "The Stars win", "Mike Sullivan and Jordan Cownie brought the home side back.\nThen Jordan Cownie scored.", ""},
		{"people are called like towns", "A new director", "Ana Maracay is the new director.\nMaracay said that Maracay is her name. Maracay will begin in May.", ""},
		{"a capital alone is weak", "Families return home", "The families were met by volunteers.\nOne of them had come from Lima.", ""},
		{"a city at the head, and nothing else", "Shelling hits hospital", "A hospital in Kharkiv was hit by shelling overnight.", "ua"},
		{"cities of two countries", "Flights delayed", "Flights between Kharkiv and Mosul were delayed.", ""},
		{"a city in a person's name", "New director", "The board chose Florence Mosul as its director.", ""},
		{"a city further down", "Food prices rise", strings.Repeat("Prices of wheat rose again.\n", 3) + "A trader in Kharkiv agreed.", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			tags := tg.Tag(Input{Language: "en", View: view(c.title, c.text)})
			if got := strings.Join(terms(tags, feeds.Country), " "); got != c.want {
				t.Errorf("countries %q, want %q: %+v", got, c.want, tags)
			}
		})
	}
}

func TestMentionedCountriesAreNamedForThemselves(t *testing.T) {
	tg := newTagger(t)
	for _, c := range []struct{ lang, title, text, want string }{
		{"en", "Colombia opens a reception centre", "Experts came from Peru and Ecuador.\nMost guests had come from Venezuela.", "ec pe ve"},
		{"fr", "Un centre ouvre au Tchad", "Des familles y arrivent du Soudan.\nElles étaient passées par la Libye.", "ly sd"},
		{"en", "Colombia opens a reception centre", "Lima, Peru – The centre opens today.", ""},
		{"en", "Colombia opens a reception centre", "Scholars of the University of Chile came.\nThe embassy of Brazil had sent books.", ""},
		{"en", "Colombia opens a reception centre", "It was built with funding from the governments of Norway, Japan and Canada.", ""},
		{"en", "Colombia opens a reception centre", "The network joins Peru, Ghana, Nepal, Fiji, Oman, Chile and Togo.", ""},
		{"en", "Colombia opens a reception centre", "The Italian Red Cross gave beds.", ""},
		{"en", "Colombia opens a reception centre", "Bogotá and Colombia are glad.", ""},
	} {
		tags := tg.Tag(Input{Language: c.lang, View: view(c.title, c.text)})
		if got := strings.Join(terms(tags, feeds.Mention), " "); got != c.want {
			t.Errorf("%q: mentioned %q, want %q: %+v", c.text, got, c.want, tags)
		}
	}
}

func TestRegionsComeFromCountriesAndNames(t *testing.T) {
	tg := newTagger(t)
	for _, c := range []struct{ lang, title, want string }{
		{"en", "Floods in Honduras", "americas central-america latin-america-and-the-caribbean"},
		{"en", "Drought in Kenya", "africa eastern-africa sub-saharan-africa"},
		{"en", "New routes across the Americas", "americas"},
		{"fr", "Nouvelles routes à travers les Amériques", "americas"},
		{"fr", "Un continent américain en mouvement", "americas"},
		{"es", "Nuevas rutas en las Américas", "americas"},
		{"pt", "Novas rotas nas Américas", "americas"},
		{"ar", "طرق جديدة في الأمريكتين", "americas"},
		{"en", "Insecurity in the Sahel grows", "africa sahel"},
		{"es", "Migrantes del Triángulo Norte", "americas central-america latin-america-and-the-caribbean northern-central-america"},
		{"en", "Central American ministers meet", "americas central-america latin-america-and-the-caribbean"},
		{"en", "Migrants cross the Darién Gap", "americas central-america darien latin-america-and-the-caribbean"},
		{"fr", "La jungle du Darién", "americas central-america darien latin-america-and-the-caribbean"},
		{"fr", "Paix dans les Grands Lacs", "africa great-lakes sub-saharan-africa"},
		{"en", "Drought in the Horn of Africa", "africa eastern-africa horn-of-africa sub-saharan-africa"},
		{"en", "Workers in the Gulf States", "asia gulf western-asia"},
		{"en", "A ship in the Gulf of Mexico", ""},
		{"en", "Salt in the Mekong Delta", "asia mekong south-eastern-asia"},
		{"en", "New routes through the Levant", "asia levant western-asia"},
		{"en", "New routes through the Balkans", "europe southern-europe western-balkans"},
		{"ru", "Засуха в Сахеле", "africa sahel"},
		{"ru", "Беженцы в Западной Африке и на Ближнем Востоке", "africa middle-east sub-saharan-africa western-africa"},
		{"ru", "Мигранты в Северном треугольнике", "americas central-america latin-america-and-the-caribbean northern-central-america"},
		{"de", "Dürre am Horn von Afrika", "africa eastern-africa horn-of-africa sub-saharan-africa"},
		{"de", "Hilfe im Nahen Osten", "middle-east"},
		{"it", "Migranti nel Mediterraneo", "mediterranean"},
		{"it", "Nuove rotte nei Balcani", "europe southern-europe western-balkans"},
		{"zh", "萨赫勒地区的旱灾", "africa sahel"},
		{"zh", "拉丁美洲和加勒比的移民", "americas latin-america-and-the-caribbean"},
		{"en", "The African Union and the European Union meet", ""},
		{"en", "The Organization of American States meets", ""},
	} {
		tags := tg.Tag(Input{Language: c.lang, View: feeds.TextView{Title: c.title}})
		if got := strings.Join(terms(tags, feeds.Region), " "); got != c.want {
			t.Errorf("%s %q: regions %q, want %q", c.lang, c.title, got, c.want)
		}
	}
}

func TestSourceDefaultsSpeakOnlyWhenTheTextDoesNot(t *testing.T) {
	tg := newTagger(t)
	src := feeds.Source{ID: "office", Regions: []string{"south-america"}, Topics: []string{"integration"}}
	tags := tg.Tag(Input{Language: "en", View: feeds.TextView{Title: "Our office is closed on Monday"}, Source: src})
	if got := terms(tags, feeds.Region); !slices.Equal(got, []string{"americas", "latin-america-and-the-caribbean", "south-america"}) {
		t.Errorf("regions %v", got)
	}
	for _, g := range tags {
		if g.Rule != SourceDefault {
			t.Errorf("%s by rule %q, want source default", g.Tag, g.Rule)
		}
	}
	tags = tg.Tag(Input{Language: "en", View: feeds.TextView{Title: "Cholera outbreak in Mozambique"}, Source: src})
	if got := terms(tags, feeds.Region); slices.Contains(got, "americas") {
		t.Errorf("regions %v although the text names a country", got)
	}
	if got := terms(tags, feeds.Topic); !slices.Equal(got, []string{"epidemics", "health"}) {
		t.Errorf("topics %v, want epidemics and health", got)
	}
}
