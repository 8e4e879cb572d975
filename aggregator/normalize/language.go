package normalize

import (
	"strings"

	"golang.org/x/text/language"
)

// CanonicalLanguage gives a language tag in its canonical form (BCP 47, RFC 5646
// §4.5): the usual case, and today's subtags for old and three-letter ones
// ("EN_us" is en-US, "iw" he, "fre" fr). It also reads the English names of
// languages, POSIX locales, and the first of several. It gives "" for what names no
// language: "und", "mul", "zxx", private tags, and everything else.
func CanonicalLanguage(tag string) string {
	tag = strings.TrimSpace(tag)
	if i := strings.IndexAny(tag, ",;.@("); i >= 0 { // "en, fr", "fr;q=0.8", "en_US.UTF-8", "English (UK)"
		tag = strings.TrimSpace(tag[:i])
	}
	if tag = strings.TrimRight(tag, "-_"); tag == "" || len(tag) > 60 {
		return ""
	}
	if named, ok := languageNames[strings.ToLower(tag)]; ok {
		return named
	}
	tag = strings.ReplaceAll(tag, "_", "-")
	// "en-USA": the parser would take the country for a language of China or
	// Arabia (RFC 5646 §2.2.2), which only few languages have.
	if primary, rest, _ := strings.Cut(tag, "-"); len(rest) == 3 && !hasExtended[strings.ToLower(primary)] {
		if region, err := language.ParseRegion(rest); err == nil {
			tag = primary + "-" + region.String()
		}
	}
	t, err := language.Parse(tag)
	if err != nil {
		return ""
	}
	base, _, _ := t.Raw()
	switch b := base.String(); {
	case b == "und" || b == "mul" || b == "zxx" || b == "mis", len(b) == 3 && "qaa" <= b && b <= "qtz":
		return ""
	case b != "nb": // which also is a Norwegian, but the one that the publisher means
		// From the language of one country to what everybody calls it: cmn is zh, arb is ar.
		if m, err := language.All.Canonicalize(t); err == nil {
			t = m
		}
	}
	return t.String()
}

// hasExtended holds the languages that are written with an extended language
// subtag.
var hasExtended = map[string]bool{"zh": true, "ar": true, "ms": true, "sgn": true, "sw": true, "uz": true, "lv": true, "kok": true}

// languageNames are what feeds say instead of a tag.
var languageNames = map[string]string{
	"albanian": "sq", "amharic": "am", "arabic": "ar", "armenian": "hy", "azerbaijani": "az", "basque": "eu", "belarusian": "be",
	"bengali": "bn", "bosnian": "bs", "bulgarian": "bg", "burmese": "my", "catalan": "ca", "chinese": "zh", "croatian": "hr",
	"czech": "cs", "danish": "da", "dari": "prs", "dutch": "nl", "english": "en", "estonian": "et", "farsi": "fa", "filipino": "fil",
	"finnish": "fi", "french": "fr", "galician": "gl", "georgian": "ka", "german": "de", "greek": "el", "haitian creole": "ht",
	"hausa": "ha", "hebrew": "he", "hindi": "hi", "hungarian": "hu", "icelandic": "is", "indonesian": "id", "irish": "ga",
	"italian": "it", "japanese": "ja", "kazakh": "kk", "khmer": "km", "korean": "ko", "kurdish": "ku", "kyrgyz": "ky", "lao": "lo",
	"latvian": "lv", "lithuanian": "lt", "macedonian": "mk", "malay": "ms", "mongolian": "mn", "nepali": "ne", "norwegian": "no",
	"pashto": "ps", "persian": "fa", "polish": "pl", "portuguese": "pt", "punjabi": "pa", "romanian": "ro", "russian": "ru",
	"serbian": "sr", "sinhala": "si", "slovak": "sk", "slovenian": "sl", "somali": "so", "spanish": "es", "swahili": "sw",
	"swedish": "sv", "tagalog": "fil", "tajik": "tg", "tamil": "ta", "telugu": "te", "thai": "th", "tigrinya": "ti", "turkish": "tr",
	"turkmen": "tk", "ukrainian": "uk", "urdu": "ur", "uzbek": "uz", "vietnamese": "vi", "welsh": "cy",
	"français": "fr", "francais": "fr", "español": "es", "espanol": "es", "português": "pt", "portugues": "pt", "deutsch": "de",
	"italiano": "it", "العربية": "ar", "русский": "ru", "中文": "zh", "日本語": "ja", "한국어": "ko",
}
