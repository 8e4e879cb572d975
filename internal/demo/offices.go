package demo

// office is one made-up regional office and the way its site publishes.
type office struct {
	id, title, language, city string
	format                    string // "rss2", "atom", "rss1", "json"
	regions                   string // YAML list for the configuration
	priority                  int
}

// offices are the offices of the Harbour Alliance, which does not exist. Each
// publishes in the format its site happens to speak, as offices do.
var offices = []office{
	{"hq", "Harbour Alliance, Headquarters", "en", "Geneva", "atom", "", 10},
	{"americas", "Alianza Harbour, Oficina Regional para las Américas", "es", "San José", "rss2", "[americas]", 5},
	{"andes", "Alianza Harbour, Países Andinos", "es", "Lima", "rss1", "[south-america]", 0},
	{"brazil", "Aliança Harbour no Brasil", "pt", "Brasília", "rss2", "[south-america]", 0},
	{"caribbean", "Harbour Alliance, Caribbean Office", "en", "Bridgetown", "json", "[caribbean]", 0},
	{"haiti", "Alliance Harbour en Haïti", "fr", "Port-au-Prince", "rss2", "[caribbean]", 0},
	{"canada", "Alliance Harbour au Canada", "fr", "Montréal", "atom", "[northern-america]", 0},
	{"europe", "Harbour Alliance, Liaison Office for Europe", "en", "Brussels", "rss2", "[europe]", 0},
	{"iberia", "Aliança Harbour em Portugal", "pt", "Lisboa", "json", "[europe]", 0},
	{"wca", "Alliance Harbour, Afrique de l'Ouest et du Centre", "fr", "Dakar", "rss2", "[western-africa]", 0},
	{"mena", "تحالف هاربر، الشرق الأوسط وشمال أفريقيا", "ar", "Cairo", "atom", "[northern-africa]", 0},
}

// place is where a statement of the stream is about, in each language.
type place struct{ name, country map[string]string }

var places = []place{
	{named("Necoclí", "نيكوكلي"), map[string]string{"en": "Colombia", "fr": "Colombie", "es": "Colombia", "pt": "Colômbia", "ar": "كولومبيا"}},
	{named("Tapachula", "تاباتشولا"), map[string]string{"en": "Mexico", "fr": "Mexique", "es": "México", "pt": "México", "ar": "المكسيك"}},
	{named("Esquipulas", "إسكيبولاس"), map[string]string{"en": "Guatemala", "fr": "Guatemala", "es": "Guatemala", "pt": "Guatemala", "ar": "غواتيمالا"}},
	{named("Agadez", "أغاديز"), map[string]string{"en": "Niger", "fr": "Niger", "es": "Níger", "pt": "Níger", "ar": "النيجر"}},
	{named("Ouanaminthe", "وانامينت"), map[string]string{"en": "Haiti", "fr": "Haïti", "es": "Haití", "pt": "Haiti", "ar": "هايتي"}},
	{named("Boa Vista", "بوا فيستا"), map[string]string{"en": "Brazil", "fr": "Brésil", "es": "Brasil", "pt": "Brasil", "ar": "البرازيل"}},
	{named("Choluteca", "تشولوتيكا"), map[string]string{"en": "Honduras", "fr": "Honduras", "es": "Honduras", "pt": "Honduras", "ar": "هندوراس"}},
	{named("Gao", "غاو"), map[string]string{"en": "Mali", "fr": "Mali", "es": "Malí", "pt": "Mali", "ar": "مالي"}},
	{named("Tulcán", "تولكان"), map[string]string{"en": "Ecuador", "fr": "Équateur", "es": "Ecuador", "pt": "Equador", "ar": "الإكوادور"}},
	{named("Mafraq", "المفرق"), map[string]string{"en": "Jordan", "fr": "Jordanie", "es": "Jordania", "pt": "Jordânia", "ar": "الأردن"}},
}

// named gives a place's name, the same in all Latin scripts.
func named(latin, arabic string) map[string]string {
	return map[string]string{"en": latin, "fr": latin, "es": latin, "pt": latin, "ar": arabic}
}
