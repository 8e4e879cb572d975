package dedup

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"communique/feeds"
)

// short is news of a sentence or two in six languages: P is a place, N and M are figures.
var short = []map[string][2]string{
	{
		"en": {"Fire in market of P", "A fire destroyed the central market of P on Sunday night. N families lost their income and M stalls burned down, the mayor said."},
		"fr": {"Incendie au marché de P", "Un incendie a détruit le marché central de P dans la nuit de dimanche. N familles ont perdu leurs revenus et M étals ont brûlé, selon le maire."},
		"es": {"Incendio en el mercado de P", "Un incendio destruyó el mercado central de P la noche del domingo. N familias perdieron sus ingresos y M puestos se quemaron, dijo el alcalde."},
		"pt": {"Incêndio no mercado de P", "Um incêndio destruiu o mercado central de P na noite de domingo. N famílias perderam o seu rendimento e M bancas arderam, disse o presidente da câmara."},
		"ar": {"حريق في سوق P", "دمر حريق السوق المركزية في P ليلة الأحد. وفقدت N أسرة دخلها واحترق M كشكًا، بحسب رئيس البلدية."},
		"ru": {"Пожар на рынке в P", "Пожар уничтожил центральный рынок в P в ночь на воскресенье. N семей потеряли доход, сгорели M прилавков, сообщил мэр."},
	},
	{
		"en": {"Clinic opens in P", "A new clinic for mothers and children opened in P this week. N women gave birth there, and M nurses were trained."},
		"fr": {"Ouverture d'une clinique à P", "Une nouvelle clinique pour les mères et les enfants a ouvert cette semaine à P. N femmes y ont accouché et M infirmières ont été formées."},
		"es": {"Abre una clínica en P", "Una nueva clínica para madres y niños abrió esta semana en P. N mujeres dieron a luz allí y M enfermeras recibieron formación."},
		"pt": {"Abre uma clínica em P", "Uma nova clínica para mães e crianças abriu esta semana em P. N mulheres deram à luz ali e M enfermeiras receberam formação."},
		"ar": {"افتتاح عيادة في P", "افتتحت هذا الأسبوع عيادة جديدة للأمهات والأطفال في P. وأنجبت فيها N امرأة، ودُرِّبت M ممرضة."},
		"ru": {"В P открылась клиника", "На этой неделе в P открылась новая клиника для матерей и детей. Там родили N женщин, обучение прошли M медсестёр."},
	},
	{
		"en": {"Floods near P", "After heavy rain the river rose over its banks near P. N people fled to schools, and M houses are under water."},
		"fr": {"Inondations près de P", "Après de fortes pluies, le fleuve est sorti de son lit près de P. N personnes se sont réfugiées dans des écoles et M maisons sont sous l'eau."},
		"es": {"Inundaciones cerca de P", "Tras fuertes lluvias el río se desbordó cerca de P. N personas huyeron a escuelas y M casas están bajo el agua."},
		"pt": {"Inundações perto de P", "Após fortes chuvas, o rio transbordou perto de P. N pessoas fugiram para escolas e M casas estão debaixo de água."},
		"ar": {"فيضانات قرب P", "بعد أمطار غزيرة فاض النهر قرب P. وفر N شخص إلى المدارس، وغمرت المياه M منزل."},
		"ru": {"Наводнение у P", "После сильных дождей река вышла из берегов у P. N человек укрылись в школах, M домов под водой."},
	},
	{
		"en": {"Teachers trained in P", "The ministry of education and the agency trained N teachers in P. They will teach M pupils who fled the war."},
		"fr": {"Des enseignants formés à P", "Le ministère de l'éducation et l'agence ont formé N enseignants à P. Ils enseigneront à M élèves qui ont fui la guerre."},
		"es": {"Capacitan a maestros en P", "El ministerio de educación y la agencia capacitaron a N maestros en P. Enseñarán a M alumnos que huyeron de la guerra."},
		"pt": {"Professores formados em P", "O ministério da educação e a agência formaram N professores em P. Vão ensinar M alunos que fugiram da guerra."},
		"ar": {"تدريب معلمين في P", "دربت وزارة التعليم والوكالة N معلم في P. وسيعلمون M تلميذ فروا من الحرب."},
		"ru": {"В P обучили учителей", "Министерство образования и агентство обучили N учителей в P. Они будут учить M учеников, бежавших от войны."},
	},
}

// places are towns as the languages of short name them.
var places = []map[string]string{
	{"en": "Lagos", "fr": "Lagos", "es": "Lagos", "pt": "Lagos", "ar": "لاغوس", "ru": "Лагосе"},
	{"en": "Kharkiv", "fr": "Kharkiv", "es": "Járkiv", "pt": "Kharkiv", "ar": "خاركيف", "ru": "Харькове"},
	{"en": "Mosul", "fr": "Mossoul", "es": "Mosul", "pt": "Mossul", "ar": "الموصل", "ru": "Мосуле"},
	{"en": "Cebu", "fr": "Cebu", "es": "Cebú", "pt": "Cebu", "ar": "سيبو", "ru": "Себу"},
	{"en": "Guayaquil", "fr": "Guayaquil", "es": "Guayaquil", "pt": "Guayaquil", "ar": "غواياكيل", "ru": "Гуаякиле"},
	{"en": "Douala", "fr": "Douala", "es": "Duala", "pt": "Duala", "ar": "دوالا", "ru": "Дуале"},
	{"en": "Agadez", "fr": "Agadez", "es": "Agadez", "pt": "Agadez", "ar": "أغاديز", "ru": "Агадесе"},
	{"en": "Zinder", "fr": "Zinder", "es": "Zinder", "pt": "Zinder", "ar": "زندر", "ru": "Зиндере"},
	{"en": "Tillabery", "fr": "Tillabéri", "es": "Tillabéri", "pt": "Tillabéri", "ar": "تيلابيري", "ru": "Тиллабери"},
	{"en": "Gao", "fr": "Gao", "es": "Gao", "pt": "Gao", "ar": "غاو", "ru": "Гао"},
}

func shortNews(kind, place int, lang string, figures [2]int, at time.Time) feeds.Draft {
	r := strings.NewReplacer("P", places[place][lang], "N", fmt.Sprint(figures[0]), "M", fmt.Sprint(figures[1]))
	k := short[kind][lang]
	return say(fmt.Sprintf("%d-%d-%s", kind, place, lang), lang, r.Replace(k[0]), r.Replace(k[1]), at)
}

// eachShort calls fn with every kind of news from every place, in any order, in a newsroom
// for each of thirty seeds; the hours tell when.
func eachShort(t *testing.T, stream uint64, fn func(n *newsroom, r *rand.Rand, kind, place int, figures [2]int, at time.Time)) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, stream))
		n := newNewsroom(t, Likeness{})
		for i, kp := range r.Perm(len(short) * len(places)) {
			fn(n, r, kp%len(short), kp/len(short), [2]int{20 + r.IntN(900), 11 + r.IntN(80)}, monday.Add(time.Duration(i+1)*time.Hour))
		}
	}
}

// News of one kind from many places, each told in one language with its own figures, is
// as many statements, but for a few.
func TestShortNewsOfOtherPlacesIsNoTranslation(t *testing.T) {
	joined, told := 0, 0
	eachShort(t, 7, func(n *newsroom, r *rand.Rand, kind, place int, figures [2]int, at time.Time) {
		told++
		got := n.tell(fmt.Sprintf("office-%d", r.IntN(9)), shortNews(kind, place, languages[r.IntN(len(languages))], figures, at))
		if got.Relation != feeds.IsOrigin {
			joined++
			t.Logf("%s is joined to %s: %.3f %s", got.Item, got.Of, got.Score, got.Why)
		}
	})
	t.Logf("%d of %d items are joined with news from another place", joined, told)
	if 50*joined > told { // without a place that both languages' lexicons know, there is little to tell them by
		t.Errorf("%d of %d items are joined with news from another place, want at most a fiftieth", joined, told)
	}
}

// And its translations are found.
func TestShortNewsIsFoundInTranslation(t *testing.T) {
	missed, told := 0, 0
	eachShort(t, 8, func(n *newsroom, r *rand.Rand, kind, place int, figures [2]int, at time.Time) {
		two := r.Perm(len(languages))[:2]
		a := n.tell("office", shortNews(kind, place, languages[two[0]], figures, at))
		b := n.tell("other", shortNews(kind, place, languages[two[1]], figures, at.Add(20*time.Minute)))
		told++
		if a.Statement != b.Statement {
			missed++
			t.Logf("%s is not found in %s: near %+v", a.Item, languages[two[1]], b.Near)
		}
	})
	t.Logf("%d of %d translations are missed", missed, told)
	if 20*missed > told {
		t.Errorf("%d of %d translations are missed, want at most a twentieth", missed, told)
	}
}

// Numbers that are all different keep texts apart, but not pages of which one names
// the other as its translation.
func TestOtherNumbersForbidNoTranslationThatAPageNames(t *testing.T) {
	for _, named := range []bool{false, true} {
		n := newNewsroom(t, Likeness{})
		a := shortNews(0, 0, "en", [2]int{300, 40}, monday)
		b := shortNews(0, 0, "fr", [2]int{512, 77}, monday.Add(time.Hour))
		if named {
			b.Alternate = []string{a.Link}
		}
		first, second := n.tell("office", a), n.tell("other", b)
		if (first.Statement == second.Statement) != named {
			t.Errorf("named %t: %s; near %+v", named, second.Why, second.Near)
		}
	}
}
