package normalize

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"communique/internal/testkit"
)

func TestCanonicalLanguage(t *testing.T) {
	for in, want := range map[string]string{
		"en": "en", "EN_us": "en-US", "en-us": "en-US", " fr-CA ": "fr-CA", "PT-br": "pt-BR", "zh-hant-tw": "zh-Hant-TW", "es-419": "es-419",
		"iw": "he", "in": "id", "ji": "yi", "fre": "fr", "fra": "fr", "ger": "de", "eng": "en", "arb": "ar", "cmn": "zh", "tl": "fil", "sh": "sr-Latn",
		"nb-NO": "nb-NO", "no": "no", "en-UK": "en-GB", "en-USA": "en-US", "zh-yue": "yue", "en_US.UTF-8": "en-US", "de_DE@euro": "de-DE",
		"English": "en", "english (UK)": "en", "FRENCH": "fr", "Haitian Creole": "ht", "français": "fr", "العربية": "ar",
		"en, fr": "en", "fr;q=0.8": "fr", "en-": "en", "ht": "ht", "en-GB-oed": "en-GB-oxendict",
		"": "", "und": "", "mul": "", "zxx": "", "mis": "", "xx": "", "C": "", "POSIX": "", "root": "", "x-default": "", "qaa": "", "none": "",
		"en us": "", "1": "", "-": "", "a-b-c-d": "", "deutschland": "", "\xff": "", strings.Repeat("en-", 100): "",
	} {
		if got := CanonicalLanguage(in); got != want {
			t.Errorf("CanonicalLanguage(%q) = %q, want %q", in, got, want)
		}
	}
}

// What the tests say in many languages; none of it is in the table's source.
var sentences = map[string]string{
	"en":  "The ministers met on Tuesday and agreed to send more doctors to the islands before the rainy season begins.",
	"fr":  "Les ministres se sont réunis mardi et ont convenu d'envoyer davantage de médecins dans les îles avant la saison des pluies.",
	"es":  "Los ministros se reunieron el martes y acordaron enviar más médicos a las islas antes de que comience la temporada de lluvias.",
	"pt":  "Os ministros reuniram-se na terça-feira e concordaram em enviar mais médicos para as ilhas antes de começar a estação das chuvas.",
	"ar":  "اجتمع الوزراء يوم الثلاثاء واتفقوا على إرسال المزيد من الأطباء إلى الجزر قبل بدء موسم الأمطار.",
	"de":  "Die Minister trafen sich am Dienstag und beschlossen, vor der Regenzeit mehr Ärzte auf die Inseln zu schicken.",
	"it":  "I ministri si sono incontrati martedì e hanno deciso di mandare altri medici nelle isole prima della stagione delle piogge.",
	"nl":  "De ministers kwamen dinsdag bijeen en besloten om voor het regenseizoen meer artsen naar de eilanden te sturen.",
	"ru":  "Министры встретились во вторник и договорились отправить на острова больше врачей до начала сезона дождей.",
	"uk":  "Міністри зустрілися у вівторок і домовилися відправити на острови більше лікарів до початку сезону дощів.",
	"bg":  "Министрите се срещнаха във вторник и се споразумяха да изпратят повече лекари на островите преди дъждовния сезон.",
	"pl":  "Ministrowie spotkali się we wtorek i uzgodnili, że przed porą deszczową wyślą na wyspy więcej lekarzy.",
	"cs":  "Ministři se sešli v úterý a dohodli se, že před obdobím dešťů pošlou na ostrovy více lékařů.",
	"hu":  "A miniszterek kedden találkoztak, és megállapodtak abban, hogy az esős évszak előtt több orvost küldenek a szigetekre.",
	"ro":  "Miniștrii s-au întâlnit marți și au convenit să trimită mai mulți medici pe insule înainte de începerea sezonului ploios.",
	"tr":  "Bakanlar salı günü bir araya geldi ve yağmur mevsimi başlamadan önce adalara daha fazla doktor göndermeyi kararlaştırdı.",
	"sv":  "Ministrarna träffades i tisdags och kom överens om att skicka fler läkare till öarna innan regnperioden börjar.",
	"fi":  "Ministerit tapasivat tiistaina ja sopivat lähettävänsä saarille lisää lääkäreitä ennen sadekauden alkua.",
	"el":  "Οι υπουργοί συναντήθηκαν την Τρίτη και συμφώνησαν να στείλουν περισσότερους γιατρούς στα νησιά.",
	"he":  "השרים נפגשו ביום שלישי והסכימו לשלוח עוד רופאים לאיים לפני תחילת עונת הגשמים.",
	"fa":  "وزیران روز سه\u200cشنبه دیدار کردند و توافق کردند که پیش از آغاز فصل باران پزشکان بیشتری به جزیره\u200cها بفرستند.",
	"ur":  "وزراء نے منگل کو ملاقات کی اور بارش کا موسم شروع ہونے سے پہلے جزیروں پر مزید ڈاکٹر بھیجنے پر اتفاق کیا۔",
	"hi":  "मंत्रियों ने मंगलवार को मुलाकात की और बारिश का मौसम शुरू होने से पहले द्वीपों पर और डॉक्टर भेजने पर सहमति जताई।",
	"bn":  "মন্ত্রীরা মঙ্গলবার বৈঠক করেছেন এবং দ্বীপগুলিতে আরও চিকিৎসক পাঠাতে সম্মত হয়েছেন।",
	"zh":  "部长们星期二举行会议，同意在雨季开始之前向各岛屿派遣更多医生。",
	"ja":  "大臣たちは火曜日に会談し、雨季が始まる前に島々へさらに多くの医師を送ることで合意した。",
	"ko":  "장관들은 화요일에 만나 장마가 시작되기 전에 섬에 더 많은 의사를 보내기로 합의했다.",
	"vi":  "Các bộ trưởng đã họp hôm thứ Ba và đồng ý gửi thêm bác sĩ đến các đảo trước khi mùa mưa bắt đầu.",
	"th":  "รัฐมนตรีประชุมกันในวันอังคารและตกลงที่จะส่งแพทย์ไปยังเกาะต่างๆ เพิ่มขึ้นก่อนฤดูฝน",
	"sw":  "Mawaziri walikutana siku ya Jumanne na wakakubaliana kutuma madaktari zaidi katika visiwa kabla ya msimu wa mvua kuanza.",
	"so":  "Wasiirradu waxay kulmeen maalintii Talaadada waxayna ku heshiiyeen inay dhakhaatiir badan u diraan jasiiradaha ka hor xilliga roobka.",
	"ht":  "Minis yo te rankontre madi epi yo te dakò pou voye plis doktè nan zile yo anvan sezon lapli a kòmanse.",
	"am":  "ሚኒስትሮቹ ማክሰኞ ዕለት ተገናኝተው ከዝናብ ወቅት በፊት ተጨማሪ ሐኪሞችን ወደ ደሴቶቹ ለመላክ ተስማሙ።",
	"fil": "Nagpulong ang mga ministro noong Martes at nagkasundo na magpadala ng mas maraming doktor sa mga isla bago magsimula ang tag-ulan.",
	"ca":  "Els ministres es van reunir dimarts i van acordar enviar més metges a les illes abans que comenci la temporada de pluges.",
	"sq":  "Ministrat u takuan të martën dhe ranë dakord të dërgojnë më shumë mjekë në ishuj para fillimit të sezonit të shirave.",
	"ha":  "Ministocin sun gana ranar Talata kuma sun amince su tura ƙarin likitoci zuwa tsibirai kafin damina ta fara.",
	"ps":  "وزیرانو د سې شنبې په ورځ سره ولیدل او هوکړه یې وکړه چې د باران له موسم مخکې به ټاپوګانو ته نور ډاکټران ولیږي.",
	"ne":  "मन्त्रीहरूले मंगलबार भेटेर वर्षायाम सुरु हुनुअघि टापुहरूमा थप चिकित्सक पठाउने सहमति गरेका छन्।",
}

func TestDetectKnowsLanguages(t *testing.T) {
	n := New()
	unsure := 0
	for want, s := range sentences {
		got, sure := n.Detect(s)
		if got != want {
			t.Errorf("Detect(%q) = %q, want %s", s, got, want)
		}
		if !sure {
			t.Logf("not sure that this is %s: %q", want, s)
			unsure++
		}
		if CanonicalLanguage(want) != want {
			t.Errorf("%s is not canonical", want)
		}
	}
	if unsure > 3 { // of languages with a near one
		t.Errorf("not sure of %d of %d sentences", unsure, len(sentences))
	}
}

func TestDetectIsNotSureOf(t *testing.T) {
	n := New()
	for _, s := range []string{
		"", "   ", "12.345", "https://example.org/the-ministers-met-on-tuesday", "OK", "Summit of the", "Madrid", "António Guterres",
		"Ministerial Declaration", "Menteri bertemu hari Selasa",
		sentences["en"] + " " + sentences["fr"],
		sentences["es"] + "\n" + sentences["en"],
		sentences["ar"] + " " + sentences["en"],
		strings.Repeat(sentences["pt"]+" ", 20) + strings.Repeat(sentences["en"]+" ", 20),
		"qwrtz plkjh gfdsy xcvbn mnbvc lkjhg fdsay qwpou zxmnv wrtpl kjhgf",
	} {
		if got, sure := n.Detect(s); sure {
			t.Errorf("Detect(%.80q) = %s, sure", s, got)
		}
	}
}

// What is said ten times over is no surer than what is said once, but for some
// words where a sample ends.
func TestDetectIsNoSurerOfWhatIsRepeated(t *testing.T) {
	n := New()
	unsure := []string{"Read more here.", "Follow us on Twitter.", "Press release: winter help in Ukraine.", "We are open.", "My dear friends", "of of", "a"}
	texts := unsure
	for _, s := range sentences {
		if words := strings.Fields(s); len(words) > 8 { // else the script tells all
			texts = append(texts, s, strings.Join(words[:4], " "), strings.Join(words[:7], " "))
		}
	}
	for _, s := range texts {
		once, sure := n.Detect(s)
		for _, times := range []int{2, 3, 10, 100} {
			if got, surely := n.Detect(strings.Repeat(s+" ", times)); surely && (got != once || !sure && slices.Contains(unsure, s)) {
				t.Errorf("%q is %s (sure: %v), and %d times %s, surely", s, once, sure, times, got)
			}
		}
	}
}

func TestDetectLeavesOutWhatIsNoText(t *testing.T) {
	s := "https://www.example.org/en/the-people-of-the-world example.org office@example.org @theministers 12345 COVID-19 " + sentences["fr"]
	if got, sure := New().Detect(s); got != "fr" || !sure {
		t.Errorf("Detect(%q) = %s %v, want fr", s, got, sure)
	}
}

func TestDetectTakesShortTitles(t *testing.T) {
	right, all := 0, 0
	for want, s := range sentences {
		words := strings.Fields(s)
		if len(words) < 8 {
			continue
		}
		all++
		if got, _ := New().Detect(strings.Join(words[:7], " ")); got == want {
			right++
		} else {
			t.Logf("%q is %s, want %s", strings.Join(words[:7], " "), got, want)
		}
	}
	if right < all-2 {
		t.Errorf("%d of %d right", right, all)
	}
}

type labelled struct{ Lang, Title, Text string }

func readLabelled(t testing.TB, name string) []labelled {
	f, err := os.Open(testkit.Shared(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []labelled
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<24)
	for sc.Scan() {
		var r labelled
		if err := json.Unmarshal(sc.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// The labels are the publishers', who now and then label an English text with
// the language of a file attached to it; such rows cannot be right.
func TestDetectOnLabelledTexts(t *testing.T) {
	n := New()
	for _, c := range []struct {
		name, file         string
		text               func(labelled) string
		atLeast            int // letters of text, roughly
		right, sure, wrong float64
	}{
		{"paragraphs", "eval/stream_dev.jsonl", func(r labelled) string { return r.Title + "\n" + r.Text }, 100, 0.998, 0.98, 0.0015},
		{"titles", "eval/stream_dev.jsonl", func(r labelled) string { return r.Title }, 1, 0.95, 0.6, 0.005},
		{"reports", "data/humanitarian/reliefweb/language_en_fr_es.jsonl", func(r labelled) string { return r.Text }, 100, 0.985, 0.97, 0.012},
	} {
		all, right, sure, wrong := 0., 0., 0., 0.
		for _, r := range readLabelled(t, c.file) {
			s := c.text(r)
			if utf8.RuneCountInString(s) < c.atLeast {
				continue
			}
			all++
			got, ok := n.Detect(s)
			if got == r.Lang {
				right++
			} else {
				if c.atLeast > 1 {
					t.Logf("%s: %s, labelled %s: %.100q", c.name, got, r.Lang, s)
				}
				if ok {
					wrong++
				}
			}
			if ok {
				sure++
			}
		}
		t.Logf("%s: %.0f texts, right %.2f %%, sure %.2f %%, sure and wrong %.2f %%", c.name, all, 100*right/all, 100*sure/all, 100*wrong/all)
		if right/all < c.right || sure/all < c.sure || wrong/all > c.wrong {
			t.Errorf("%s: right %.4f, sure %.4f, sure and wrong %.4f; want %.4f, %.4f, at most %.4f",
				c.name, right/all, sure/all, wrong/all, c.right, c.sure, c.wrong)
		}
	}
}

func FuzzDetect(f *testing.F) {
	for _, s := range sentences {
		f.Add(s)
	}
	f.Add(strings.Repeat("a ", 2000))
	f.Add("Ǆ İ ﷺ \u0300\u0300 \xff\xfe")
	f.Fuzz(func(t *testing.T, s string) {
		got, sure := detectLanguage(s)
		if got == "" && sure {
			t.Errorf("Detect(%q) is sure of nothing", s)
		}
		if got != "" && CanonicalLanguage(got) != got {
			t.Errorf("Detect(%q) = %q, not canonical", s, got)
		}
	})
}

func FuzzCanonicalLanguage(f *testing.F) {
	for _, s := range []string{"en", "EN_us", "zh-Hant-TW", "en, fr", "english", "x-a", "en-a-bbb-x-a-ccc", "und-u-co-phonebk"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := CanonicalLanguage(s)
		if again := CanonicalLanguage(got); again != got {
			t.Errorf("CanonicalLanguage(%q) = %q, but of that %q", s, got, again)
		}
	})
}

func BenchmarkDetect(b *testing.B) {
	languageTable() // decoded once, not measured here
	var docs []string
	if _, err := os.Stat("../../../shared"); err == nil {
		for i, r := range readLabelled(b, "eval/stream_dev.jsonl") {
			if i%5 == 0 {
				docs = append(docs, r.Title+"\n"+r.Text)
			}
		}
	}
	for _, c := range []struct {
		name string
		docs []string
	}{
		{"sentence", []string{sentences["en"], sentences["ar"], sentences["pt"], sentences["ru"], sentences["zh"]}},
		{"megabyte", []string{strings.Repeat(sentences["es"]+" ", 9000)}},
		{"documents", docs},
	} {
		if len(c.docs) == 0 {
			continue
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				detectLanguage(c.docs[i%len(c.docs)])
				i++
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "docs/s")
		})
	}
}

func BenchmarkDecodeLanguageTable(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		decodeLanguageTable()
	}
}
