package normalize

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// foldDate makes all spellings of a date's words and digits one: lower case,
// no accents or vowel marks, compatibility forms taken apart (so Hangul becomes
// single letters, as in the vocabulary), digits of every script ASCII, invisible
// marks gone.
func foldDate(s string) string {
	ascii := true
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if ascii {
		return strings.ToLower(s)
	}
	return strings.TrimSpace(strings.Map(foldDateRune, norm.NFKD.String(s)))
}

func foldDateRune(r rune) rune {
	for _, zero := range [...]rune{'٠', '۰', '०', '০', '๐'} {
		if r >= zero && r <= zero+9 {
			return '0' + r - zero
		}
	}
	switch r {
	case 'ı':
		return 'i'
	case 'ł', 'Ł':
		return 'l'
	case 'ø', 'Ø':
		return 'o'
	case 'đ', 'Đ':
		return 'd'
	case 'ς':
		return 'σ'
	case 'ى', 'ی':
		return 'ي'
	case 'ة', 'ہ':
		return 'ه'
	case 'ک':
		return 'ك'
	case '−', '‐', '‑':
		return '-'
	case 'ـ', '\u061c', '\u200b', '\u200c', '\u200d', '\u200e', '\u200f', '\u202a', '\u202b', '\u202c', '\u2066', '\u2067', '\u2068', '\u2069', '\ufeff', utf8.RuneError:
		return -1
	}
	if unicode.Is(unicode.Mn, r) {
		return -1
	}
	if unicode.IsSpace(r) {
		return ' '
	}
	return unicode.ToLower(r)
}

// role is what a word can be in a date, besides the name of a month, a weekday
// or a zone.
type role uint16

const (
	roleFiller   role = 1 << iota // says nothing: "at", "de", "года"
	roleAM                        // before noon
	rolePM                        // after noon
	roleOrdinal                   // glued to a day: 16th, 1er
	roleYear                      // the number before it is the year: 年
	roleMonth                     // the month
	roleDay                       // the day
	roleHour                      // the hour: 15h30, 15 Uhr
	roleMinute                    // the minute
	roleSecond                    // the second
	roleMonthNum                  // the number after it is the month: tháng 5
	roleTime                      // what follows is a time: "kl. 14.30"
	roleKorean                    // so the date is written in Korea
	roleT                         // ISO 8601's T
)

// dateWord is all that a word can mean.
type dateWord struct {
	month   int8 // 1–12
	weekday int8 // 1–7, 1 is Sunday; 8 is a weekday that differs by language
	english bool // the month or weekday is (also) English
	american,
	zone bool
	offset int32  // of the zone, seconds
	area   string // or its name in the tz database, where the abbreviation says no season
	roles  role
}

// monthNames holds one language or more a row, the twelve months apart by
// semicolons, the spellings of each by spaces ("_" is a space in a name). What
// means different months in different languages is in monthsOf.
var monthNames = []string{
	"january jan; february feb; march mar; april apr; may; june jun; july jul; august aug; september sep sept; october oct; november nov; december dec",
	"janvier janv; fevrier fevr fev; mars; avril avr; mai; juin; juillet juil juill; aout aou; septembre; octobre; novembre; decembre",
	"enero ene; febrero; marzo; abril abr; mayo; junio; julio; agosto ago; septiembre setiembre set; octubre; noviembre; diciembre dic",
	"janeiro; fevereiro; março; abril; maio; junho; julho; agosto; setembro; outubro out; novembro; dezembro dez",
	"gennaio gen; febbraio febbr; marzo; aprile; maggio mag; giugno giu; luglio lug; agosto; settembre sett; ottobre ott; novembre; dicembre",
	"januar jaenner janner jän; februar feber; märz maerz mär mrz; april; mai; juni; juli; august; september; oktober okt; november; dezember",
	"januari; februari; maart mrt; april; mei; juni; juli; augustus; september; oktober; november; december",
	"januar; februar; marts; april; maj; juni; juli; august; september; oktober; november; december des",
	"januari; februari; mars; april; maj; juni; juli; augusti; september; oktober; november; december",
	"январь января янв; февраль февраля фев февр; март марта мар; апрель апреля апр; май мая; июнь июня июн; июль июля июл; август августа авг; сентябрь сентября сен сент; октябрь октября окт; ноябрь ноября ноя нояб; декабрь декабря дек",
	"січень січня січ; лютий лютого лют; березень березня бер; квітень квітня кві квіт; травень травня тра трав; червень червня чер черв; липень липня лип; серпень серпня сер серп; вересень вересня вер; жовтень жовтня жов жовт; листопад листопада лис лист; грудень грудня гру груд",
	"януари; февруари; март; април; май; юни; юли; август; септември; октомври; ноември; декември",
	"јануар јануари; фебруар фебруари; март; април; мај; јун јуни; јул јули; август; септембар септември; октобар октомври; новембар ноември; децембар декември",
	"januar; februar; mart; april; maj; jun; jul; avgust avg; septembar; oktobar; novembar; decembar",
	"styczeń stycznia sty; luty lutego lut; marzec marca; kwiecień kwietnia kwi; maj maja; czerwiec czerwca cze; lipiec lipca lip; sierpień sierpnia sie; wrzesień września wrz; październik października paź; ; grudzień grudnia gru",
	"leden ledna led; únor února úno; březen března bře; duben dubna dub; květen května kvě; červen června čvn; červenec července čvc; srpna; září zář; říjen října říj; listopadu; prosinec prosince pro",
	"január januára; február februára; marec; apríl apríla; máj mája; jún júna; júl júla; augusta; september septembra; október októbra; november novembra; december decembra",
	"januar januarja; februar februarja; marec; april aprila; maj maja; junij junija; julij julija; avgust avgusta; september septembra; oktober oktobra; november novembra; december decembra",
	"siječanj siječnja; veljača veljače; ožujak ožujka; travanj travnja; svibanj svibnja; lipanj lipnja; srpanj srpnja; kolovoz kolovoza; rujan rujna; ; studeni studenog; prosinac prosinca",
	"január; február; március márc; április ápr; május máj; június; július; augusztus; szeptember szept szep; október; november; december",
	"ianuarie ian; februarie; martie; aprilie; mai; iunie iun; iulie iul; august; septembrie; octombrie; noiembrie noi; decembrie",
	"ocak oca; şubat şub; mart; nisan nis; mayıs; haziran haz; temmuz tem; ağustos ağu; eylül eyl; ekim eki; kasım kas; aralık ara",
	"ιανουάριος ιανουαρίου ιαν; φεβρουάριος φεβρουαρίου φεβ φεβρ; μάρτιος μαρτίου μάρ μάρτ μαρ; απρίλιος απριλίου απρ; μάιος μαΐου μάι μάϊ μαι; ιούνιος ιουνίου ιούν ιουν; ιούλιος ιουλίου ιούλ ιολ ιουλ; αύγουστος αυγούστου αύγ αυγ; σεπτέμβριος σεπτεμβρίου σεπ σεπτ; οκτώβριος οκτωβρίου οκτ; νοέμβριος νοεμβρίου νοέ νοε νοεμ; δεκέμβριος δεκεμβρίου δεκ",
	"يناير; فبراير; مارس; أبريل إبريل; مايو; يونيو يونيه; يوليو يوليه; أغسطس; سبتمبر; أكتوبر; نوفمبر; ديسمبر",
	"كانون_الثاني; شباط; آذار; نيسان; أيار; حزيران; تموز; آب; أيلول; تشرين_الأول; تشرين_الثاني; كانون_الأول",
	"جانفي; فيفري; مارس; أفريل; ماي; جوان; جويلية; أوت; سبتمبر; أكتوبر; نوفمبر; ديسمبر",
	"يناير; فبراير; مارس; أبريل; ماي; يونيو; يوليوز; غشت; شتنبر; أكتوبر; نونبر; دجنبر",
	"ژانویه; فوریه; مارس; آوریل; مه; ژوئن; ژوئیه جولای; اوت آگوست; سپتامبر; اکتبر; نوامبر; دسامبر",
	"جنوری; فروری; مارچ; اپریل; مئی; جون; جولائی; اگست; ستمبر; اکتوبر; نومبر; دسمبر",
	"ינואר; פברואר; מרץ; אפריל; מאי; יוני; יולי; אוגוסט; ספטמבר; אוקטובר; נובמבר; דצמבר",
	"जनवरी; फ़रवरी फरवरी; मार्च; अप्रैल; मई; जून; जुलाई; अगस्त; सितंबर सितम्बर; अक्टूबर; नवंबर नवम्बर; दिसंबर दिसम्बर",
	"januari; februari; maret; april; mei; juni; juli; agustus agu agt; september; oktober; november nopember; desember",
	"januari; februari; machi; aprili; mei; juni; julai; agosti; septemba; oktoba; novemba; desemba",
	"gener; febrer; març; abril; maig; juny; juliol; agost; setembre; octubre; novembre; desembre",
	"xaneiro xan; febreiro; marzo; abril; maio; xuño xuñ; xullo xul; agosto; setembro; outubro; novembro; decembro",
	"janvye; fevriye; ; avril; ; jen; jiyè; ; septanm; oktòb; novanm; desanm",
	"tammikuu tammikuuta; helmikuu helmikuuta; maaliskuu maaliskuuta; huhtikuu huhtikuuta; toukokuu toukokuuta; kesäkuu kesäkuuta; heinäkuu heinäkuuta; elokuu elokuuta; syyskuu syyskuuta; lokakuu lokakuuta; marraskuu marraskuuta; joulukuu joulukuuta",
	"一月; 二月; 三月; 四月; 五月; 六月; 七月; 八月; 九月; 十月; 十一月; 十二月",
}

// monthsOf holds the names that mean another month in another language: they
// are read only when the language is known.
var monthsOf = map[string]string{
	"pl": "; ; ; ; ; ; ; ; ; ; listopad listopada lis; ",
	"cs": "; ; ; ; ; ; ; srpen srp; ; ; listopad lis; ",
	"hr": "; ; ; ; ; ; srp; ; ; listopad listopada lis; ; ",
	"bs": "; ; ; ; ; ; srp; ; ; listopad listopada lis; ; ",
	"ht": "; ; mas; ; me; ; ; out; ; ; ; ",
}

// weekdayNames are written the same way, Sunday first.
var weekdayNames = []string{
	"sunday sun; monday mon; tuesday tue tues; wednesday wed weds wednes; thursday thu thur thurs; friday fri; saturday sat",
	"dimanche dim; lundi lun; mardi mar; mercredi mer mercr; jeudi jeu; vendredi ven vendr; samedi sam",
	"domingo dom; lunes lun; martes mar; miércoles mié; jueves jue; viernes vie; sábado sáb",
	"domingo dom; segunda segunda_feira segundafeira seg; terça terça_feira ter; quarta quarta_feira qua; quinta quinta_feira qui; sexta sexta_feira sex; sábado sab",
	"domenica dom; lunedì lun; martedì mar; mercoledì mer; giovedì gio; venerdì ven; sabato sab",
	"sonntag so son; montag mo mon; dienstag die; mittwoch mi mit; donnerstag do don; freitag fr fre; samstag sonnabend sa sam",
	"zondag zo; maandag ma; dinsdag di; woensdag wo; donderdag do; vrijdag vr; zaterdag za",
	"søndag søn; mandag man; tirsdag tir; onsdag ons; torsdag tor; fredag fre; lørdag lør",
	"söndag sön; måndag mån; tisdag tis; onsdag; torsdag; fredag; lördag lör",
	"воскресенье воскресенья вс; понедельник понедельника пн; вторник вторника вт; среда среды среду ср; четверг четверга чт; пятница пятницы пт; суббота субботы сб",
	"неділя нд; понеділок; вівторок; середа; четвер; п'ятниця; субота",
	"niedziela niedz nd; poniedziałek pon; wtorek wt wto; środa śr śro; czwartek czw; piątek pt pią; sobota sob",
	"neděle ne; pondělí po; úterý út; středa; čtvrtek čt; pátek pá; sobota",
	"nedeľa; pondelok; utorok; streda; štvrtok; piatok; sobota",
	"nedelja nedjelja ned; ponedeljak ponedjeljak ponedeljek; utorak torek; sreda srijeda sri sre; četvrtak četrtek čet; petak petek pet; subota sub",
	"vasárnap; hétfő; kedd; szerda; csütörtök; péntek; szombat",
	"duminică; luni; marți; miercuri; joi; vineri; sâmbătă",
	"pazar paz; pazartesi pzt; salı sal; çarşamba çar; perşembe per; cuma cum; cumartesi cmt",
	"κυριακή κυρ; δευτέρα δευ; τρίτη τρι; τετάρτη τετ; πέμπτη πεμ; παρασκευή παρ; σάββατο σαβ",
	"الأحد; الاثنين الإثنين; الثلاثاء; الأربعاء; الخميس; الجمعة; السبت",
	"یکشنبه; دوشنبه; سه_شنبه سهشنبه; چهارشنبه; پنجشنبه; جمعه; شنبه",
	"diumenge; dilluns; dimarts; dimecres; dijous; divendres; dissabte",
	"minggu; senin; selasa; rabu; kamis; jumat; sabtu",
	"jumapili; jumatatu; jumanne; jumatano; alhamisi; ijumaa; jumamosi",
	"dimanch; lendi; madi; mèkredi; jedi; vandredi; samdi",
	"일요일; 월요일; 화요일; 수요일; 목요일; 금요일; 토요일",
	"日曜日; 月曜日; 火曜日; 水曜日; 木曜日; 金曜日; 土曜日",
	"星期日 星期天 周日 週日; 星期一 周一 週一; 星期二 周二 週二; 星期三 周三 週三; 星期四 周四 週四; 星期五 周五 週五; 星期六 周六 週六",
}

var roleWords = map[role]string{
	roleFiller: "of the on in and posted published updated date " +
		"le el la il lo den der dem am de del della di do da das dos dia día du en em a ngày η την στις " +
		"o г года год в р року r roku hs hrs hours horas heures ore klockan uhr uur і " +
		"ال في م يوم من و عام سنة نشر dne dnia ob",
	roleTime:     "at à às as alle um gegen kl klo klockan om ore o_godz godz las los a_las a_la pukul ώρα ώρες saat الساعة بتوقيت ساعة lúc",
	roleAM:       "am πμ ص صباحا صباحاً 上午 午前 凌晨 早上 오전",
	rolePM:       "pm μμ م مساء مساءً 下午 午後 晚上 오후",
	roleOrdinal:  "st nd rd th er re ère e eme ème ere o os a as da ta de ste º ª ου η",
	roleYear:     "年 년",
	roleMonth:    "月 월",
	roleDay:      "日 号 일",
	roleHour:     "h uhr uur 时 時 点 點 시 heures horas",
	roleMinute:   "m min mn 分 분",
	roleSecond:   "s sec 秒 초",
	roleMonthNum: "tháng thg",
	roleKorean:   "오전 오후 년 월 일 시 분 초 일요일 월요일 화요일 수요일 목요일 금요일 토요일",
	roleT:        "t",
}

// zoneNames: offset in hours and the abbreviations. Where two zones share one,
// the one that feeds mean most is here (IST is India, CST is America).
var zoneNames = []struct {
	hours float32
	names string
}{
	{0, "z utc ut gmt wet uct zulu"},
	{1, "cet met mez bst west wat"},
	{2, "cest mest mesz eet cat sast wast"},
	{3, "eest msk eat trt idt"},
	{3.5, "irst"}, {4, "gst azt get msd samt"}, {4.5, "irdt aft"}, {5, "pkt uzt yekt"}, {5.5, "ist"}, {5.75, "npt"},
	{6, "bdt omst almt"}, {6.5, "mmt"}, {7, "wib ict krat"}, {8, "awst hkt sgt myt wita pht irkt"}, {9, "jst kst wit yakt"},
	{9.5, "acst"}, {10, "aest vlat"}, {10.5, "acdt"}, {11, "aedt"}, {12, "nzst"}, {13, "nzdt"},
	{-1, "azot cvt"}, {-2, "brst uyst"}, {-2.5, "ndt"}, {-3, "adt brt art uyt clst"}, {-3.5, "nst"},
	{-4, "ast clt pyt vet bot"}, {-5, "pet cot ect"}, {-9, "akst"}, {-8, "akdt"}, {-10, "hst"},
	// RFC 822 §5 (RSS cites it): A is -1 … M is -12, N is +1 … Y is +12. RFC 5322
	// §4.3 would have them all unknown, that is UTC.
	{-1, "a"}, {-2, "b"}, {-3, "c"}, {-4, "d"}, {-5, "e"}, {-6, "f"}, {-7, "g"}, {-8, "h"}, {-9, "i"}, {-10, "k"}, {-11, "l"}, {-12, "m"},
	{1, "n"}, {2, "o"}, {3, "p"}, {4, "q"}, {5, "r"}, {6, "s"}, {7, "t"}, {8, "u"}, {9, "v"}, {10, "w"}, {11, "x"}, {12, "y"},
}

var americanZones = []struct {
	hours float32
	names string
}{{-5, "est"}, {-4, "edt"}, {-6, "cst"}, {-5, "cdt"}, {-7, "mst"}, {-6, "mdt"}, {-8, "pst"}, {-7, "pdt"}}

// seasonalZones say the place and not the season.
var seasonalZones = map[string]string{
	"et": "America/New_York", "ct": "America/Chicago", "mt": "America/Denver", "pt": "America/Los_Angeles", "at": "America/Halifax",
}

// dateVocabulary is all of the above by folded word. It is constant data, put
// together at first use.
var dateVocabulary = sync.OnceValue(func() *vocabulary {
	v := &vocabulary{words: map[string]dateWord{}, local: map[string]map[string]int8{}}
	each := func(row string, fn func(i int, w string)) {
		for i, names := range strings.Split(row, ";") {
			for _, w := range strings.Fields(names) {
				fn(i, foldDate(strings.ReplaceAll(w, "_", " ")))
			}
		}
	}
	for i, row := range monthNames {
		each(row, func(m int, w string) {
			d := v.words[w]
			d.month = int8(m + 1)
			d.english = d.english || i == 0
			v.words[w] = d
		})
	}
	for lang, row := range monthsOf {
		v.local[lang] = map[string]int8{}
		each(row, func(m int, w string) { v.local[lang][w] = int8(m + 1) })
	}
	for i, row := range weekdayNames {
		each(row, func(n int, w string) {
			d := v.words[w]
			if d.weekday != 0 && d.weekday != int8(n+1) {
				d.weekday = 8
			} else {
				d.weekday = int8(n + 1)
			}
			d.english = d.english || i == 0
			v.words[w] = d
		})
	}
	for r, row := range roleWords {
		each(row, func(_ int, w string) {
			d := v.words[w]
			d.roles |= r
			v.words[w] = d
		})
	}
	for _, z := range zoneNames {
		each(z.names, func(_ int, w string) {
			d := v.words[w]
			d.zone, d.offset = true, int32(z.hours*3600)
			v.words[w] = d
		})
	}
	for _, z := range americanZones {
		each(z.names, func(_ int, w string) {
			d := v.words[w]
			d.zone, d.american, d.offset = true, true, int32(z.hours*3600)
			v.words[w] = d
		})
	}
	for w, area := range seasonalZones {
		d := v.words[w]
		d.zone, d.american, d.area = true, true, area
		v.words[w] = d
	}
	return v
})

type vocabulary struct {
	words map[string]dateWord
	local map[string]map[string]int8
}

// look gives what a folded word means to readers of the given languages.
func (v *vocabulary) look(w string, languages []string) (dateWord, bool) {
	d, ok := v.words[w]
	for _, l := range languages {
		l, _, _ = strings.Cut(l, "-")
		if m := v.local[strings.ToLower(l)][w]; m != 0 {
			d.month, ok = m, true
			break
		}
	}
	return d, ok
}
