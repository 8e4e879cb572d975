package render

import (
	"strings"

	"communique/feeds"
)

// wellFormed gives a language tag that may stand in xml:lang, "" for anything
// else and for the tags that name no language.
func wellFormed(tag string) string {
	if tag == "" {
		return ""
	}
	parts := strings.Split(tag, "-")
	for i, p := range parts {
		if len(p) == 0 || len(p) > 8 || i == 0 && len(p) < 2 {
			return ""
		}
		for j := 0; j < len(p); j++ {
			letter := p[j]|0x20 >= 'a' && p[j]|0x20 <= 'z'
			if !letter && (i == 0 || p[j] < '0' || p[j] > '9') {
				return ""
			}
		}
	}
	switch strings.ToLower(parts[0]) {
	case "und", "mul", "mis", "zxx":
		return ""
	}
	return tag
}

// script gives the script subtag of a language tag, "" when it has none.
func script(tag string) string {
	if len(tag) < 7 {
		return ""
	}
	for i, p := range strings.Split(tag, "-") {
		if i > 0 && len(p) == 4 && (p[0] < '0' || p[0] > '9') {
			return strings.ToLower(p)
		}
	}
	return ""
}

// textLanguage is what two texts must share to be in one language: the primary
// language, and the script where the tag names one (zh-Hans is not zh-Hant).
func textLanguage(tag string) string {
	l := strings.ToLower(feeds.PrimaryLanguage(tag))
	if s := script(tag); s != "" {
		l += "-" + s
	}
	return l
}

// Direction gives "rtl" for languages that are written from right to left, else
// "ltr".
func Direction(language string) string {
	switch script(language) {
	case "arab", "hebr", "thaa", "syrc", "nkoo", "adlm", "rohg", "aran":
		return "rtl"
	case "":
	default:
		return "ltr"
	}
	switch strings.ToLower(feeds.PrimaryLanguage(language)) {
	case "ar", "arc", "ary", "arz", "azb", "bal", "ckb", "dv", "fa", "glk", "he", "iw", "ks", "lrc", "mzn", "nqo", "pnb", "prs", "ps",
		"sd", "skr", "syr", "ug", "ur", "yi":
		return "rtl"
	}
	return "ltr"
}

// LanguageName gives a language's name in itself, the tag when it is not known.
func LanguageName(tag string) string {
	if n := languageNames[strings.ToLower(tag)]; n != "" {
		return n
	}
	if n := languageNames[textLanguage(tag)]; n != "" {
		return n
	}
	if n := languageNames[strings.ToLower(feeds.PrimaryLanguage(tag))]; n != "" {
		return n
	}
	return tag
}

var languageNames = map[string]string{
	"af": "Afrikaans", "am": "አማርኛ", "ar": "العربية", "az": "Azərbaycanca", "be": "Беларуская", "bg": "Български", "bi": "Bislama",
	"bn": "বাংলা", "bs": "Bosanski", "ca": "Català", "ckb": "کوردیی ناوەندی", "cs": "Čeština", "da": "Dansk", "de": "Deutsch", "dv": "ދިވެހި",
	"el": "Ελληνικά", "en": "English", "es": "Español", "et": "Eesti", "eu": "Euskara", "fa": "فارسی", "fi": "Suomi", "fil": "Filipino", "fj": "Na vosa vakaviti",
	"fr": "Français", "ga": "Gaeilge", "gl": "Galego", "gn": "Avañe’ẽ", "gu": "ગુજરાતી", "ha": "Hausa", "he": "עברית", "hi": "हिन्दी", "hr": "Hrvatski",
	"ht": "Kreyòl ayisyen", "hu": "Magyar", "hy": "Հայերեն", "id": "Bahasa Indonesia", "ig": "Igbo", "is": "Íslenska", "it": "Italiano", "ja": "日本語",
	"ka": "ქართული", "kk": "Қазақша", "km": "ខ្មែរ", "ko": "한국어", "ku": "Kurdî", "ky": "Кыргызча", "lo": "ລາວ", "lt": "Lietuvių", "lv": "Latviešu",
	"mg": "Malagasy", "mk": "Македонски", "mn": "Монгол", "mr": "मराठी", "ms": "Bahasa Melayu", "mt": "Malti", "my": "မြန်မာ", "ne": "नेपाली",
	"nl": "Nederlands", "no": "Norsk", "nb": "Norsk bokmål", "nn": "Norsk nynorsk", "ny": "Chichewa", "om": "Afaan Oromoo", "pa": "ਪੰਜਾਬੀ", "pl": "Polski", "prs": "دری",
	"ps": "پښتو", "pt": "Português", "pt-br": "Português (Brasil)", "pt-pt": "Português (Portugal)", "qu": "Runa simi", "rn": "Ikirundi", "ro": "Română", "ru": "Русский", "rw": "Ikinyarwanda",
	"sd": "سنڌي", "si": "සිංහල", "sk": "Slovenčina", "sl": "Slovenščina", "sm": "Gagana Samoa", "sn": "ChiShona", "so": "Soomaali", "sq": "Shqip", "sr": "Српски",
	"sr-latn": "Srpski", "sv": "Svenska", "sw": "Kiswahili", "ta": "தமிழ்", "te": "తెలుగు", "tet": "Tetun", "tg": "Тоҷикӣ", "th": "ไทย", "ti": "ትግርኛ", "tk": "Türkmençe", "tl": "Tagalog",
	"to": "Lea fakatonga", "tpi": "Tok Pisin", "tr": "Türkçe", "ug": "ئۇيغۇرچە", "uk": "Українська", "ur": "اردو", "uz": "Oʻzbekcha", "vi": "Tiếng Việt", "wo": "Wolof",
	"xh": "IsiXhosa", "yi": "ייִדיש", "yo": "Yorùbá", "zh": "中文", "zh-hans": "简体中文", "zh-hant": "繁體中文", "zu": "IsiZulu",
}
