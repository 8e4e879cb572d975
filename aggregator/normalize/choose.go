package normalize

import (
	"strings"

	"communique/aggregator/normalize/internal/ngram"
	"communique/feeds"
	"communique/internal/fnv1a"
)

const (
	// sureLength is how much text there must be before a detector's word
	// counts against a publisher's, in bytes.
	sureLength = 200
	// guessLength is how much text there must be before a detector's guess is
	// taken where nobody says anything, in bytes.
	guessLength = 100
)

// language says in which language an item is, and by which rule: the
// operator's setting when the source is not to be trusted in this, else what
// the item declares, else the feed, else the operator's setting, else the
// detector. Publishers of many languages often declare one of them for all, so
// a text that is long enough, or in other letters, and surely in another language
// beats what is declared, with a note.
func (n *Normalizer) language(d *feeds.Draft, item, feed string, o Options, note func(string)) (language, rule string) {
	setting := CanonicalLanguage(o.Source.Language)
	switch distrust := o.Source.Distrusts("language"); {
	case distrust && setting != "":
		return setting, "source"
	case distrust: // nobody is believed but the text
	case item != "":
		language, rule = item, "entry"
	case feed != "":
		language, rule = feed, "feed"
	case setting != "":
		language, rule = setting, "source"
	}
	text := d.Text.Body
	if language == "" {
		// A wrong language is worse than none: a headline alone must be sure.
		if detected, sure := n.Detect(d.Title + "\n" + text); detected != "" && (sure || len(d.Title)+len(text) >= guessLength) {
			return detected, "detector"
		}
		return "", ""
	}
	if len(text) < sureLength {
		// What is not even written in the language's letters takes less to tell.
		if text = d.Title + "\n" + text; !otherLetters(text, language) {
			return language, rule
		}
	} else if speaks(text, language) {
		return language, rule
	}
	detected, sure := n.Detect(text)
	if !sure || detected == "" || feeds.SameLanguage(detected, language) || confusable(detected, language) {
		return language, rule
	}
	note("declared " + language + ", written in " + detected)
	return detected, "detector"
}

// neighbours are languages that a detector takes for each other, or names of
// one language: between them, the publisher knows better.
var neighbours = []map[string]bool{
	set("no nb nn da sv"), set("sr hr bs sh cnr me mk sl"), set("id ms jv su min"), set("gl pt ast es-gl"), set("fa prs tg"), set("cs sk"), set("zh yue wuu lzh cmn"), set("fil tl ceb"),
	set("ro mo"), set("hi ne mr mai bho"), set("ru be uk bg mk"), set("et fi"), set("ca oc"), set("fr ht"), set("nl af"), set("ar arz ary acm apc"), set("ku kmr ckb"), set("sw swh"), set("az tr tk"), set("rw rn"), set("zu xh ss nd"), set("en sco pcm"),
}

func confusable(a, b string) bool {
	a, b = feeds.PrimaryLanguage(a), feeds.PrimaryLanguage(b)
	for _, group := range neighbours {
		if group[a] && group[b] {
			return true
		}
	}
	return false
}

// commonWords are words that make up a quarter of any text of a language and
// are rare in its neighbours.
var commonWords = map[string]map[string]bool{
	"en": set("the of and to in is that for with was are has have by from this which their"),
	"fr": set("le les des du et une dans pour qui est au aux sur la ont cette leur plus ce"),
	"es": set("el los las del y una con en la es su se al más sus fue han este esta como"),
	"pt": set("o os do da das dos em uma não para com ao na no nas nos são pelo pela mais foi"),
	"it": set("il di che della per non sono del nel alla e gli delle dei è una più con anche si"),
	"de": set("der die und den das ist von mit des dem ein eine für auf im sich auch nicht zu werden"),
	"nl": set("het een van dat op te zijn voor met niet aan ook door wordt bij naar"),
	"ru": set("и в на с что по не для из от как это к о его также за до"),
	"ar": set("في من على إلى أن التي عن مع هذا هذه كما الذي بين قد"),
}

// speaks reports whether a text plainly is in the language that it is declared
// to be: much of its first words are that language's commonest. Nearly every
// text is, and this costs a twentieth of asking the detector.
func speaks(text, language string) bool {
	words := commonWords[feeds.PrimaryLanguage(language)]
	if words == nil {
		return false
	}
	const enough, from, most = 30, 12, 100 // words; at least one in eight common
	count, common := 0, 0
	for word := range strings.FieldsSeq(text) {
		if words[strings.TrimRight(word, ".,;:)")] {
			common++
		}
		if count++; count == most {
			break
		}
	}
	return count >= enough && common*100 >= from*count
}

// lettersOf are the scripts of languages that are written in no other one.
var lettersOf = map[string]ngram.Script{"en": ngram.Latin, "fr": ngram.Latin, "es": ngram.Latin, "pt": ngram.Latin, "it": ngram.Latin, "de": ngram.Latin, "nl": ngram.Latin,
	"ru": ngram.Cyrillic, "uk": ngram.Cyrillic, "ar": ngram.Arabic, "fa": ngram.Arabic, "ur": ngram.Arabic, "zh": ngram.Han, "ko": ngram.Hangul, "el": ngram.Greek, "th": ngram.Thai}

// otherLetters reports whether nearly all of a text is in letters that a language
// is not written in.
func otherLetters(text, language string) bool {
	own, known := lettersOf[feeds.PrimaryLanguage(language)]
	if !known {
		return false
	}
	if own == ngram.Latin && strings.IndexFunc(text, func(r rune) bool { return r >= 0x370 && r < 0x2000 || r >= 0x2e80 }) < 0 {
		return false // as nearly every text is
	}
	var buf [maxParts]string
	script, letters, share := mainScript(sampleText(text, buf[:0]))
	return script != own && letters > 0 && share >= sureScript
}

// noticed is a hash of what a reader would notice if it changed: the words,
// where they lead, and what is attached; not of dates, tags, notes, or how the
// words are marked up. The hash is stored, so its input must not change.
func noticed(d *feeds.Draft, summary, content string) uint64 {
	h := fnv1a.Seed
	put := func(s string) {
		for n, i := uint64(len(s)), 0; i < 8; i++ {
			h = fnv1a.Add(h, n>>(8*i)&0xff)
		}
		h = fnv1a.Text(h, s)
	}
	put(d.Title)
	put(summary)
	put(content)
	put(firstOf(d.Canonical, d.Link))
	for i := range d.Enclosures {
		e := &d.Enclosures[i]
		put(firstOf(Canonical(e.URL), e.URL)) // not the length: hosts of podcasts mix in other advertisements every hour
	}
	return h
}
