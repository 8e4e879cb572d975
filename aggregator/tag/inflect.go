package tag

import (
	"strings"
	"unicode/utf8"
)

// inflect calls yield with the forms that a name's word takes in German and
// Russian texts, the name itself apart; after is how many words of the name
// follow it. They are made by the endings alone: a form that nobody writes does
// no harm. Stems would: the Russian stems of Niger and Nigeria are one.
func inflect(lang, word string, after int, yield func(string)) {
	if utf8.RuneCountInString(word) < 3 {
		return
	}
	switch lang {
	case "de":
		inflectGerman(word, after, yield)
	case "ru":
		inflectRussian(word, yield)
	}
}

// inflectGerman gives the genitive ("Syriens") and, of adjectives before a
// noun, the other cases ("in den Vereinigten Staaten").
func inflectGerman(word string, after int, yield func(string)) {
	switch last := word[len(word)-1]; {
	case after > 0 && last == 'e':
		yield(word + "n")
		yield(word + "r")
	case after > 0 && strings.HasSuffix(word, "es"):
		yield(strings.TrimSuffix(word, "s"))
		yield(strings.TrimSuffix(word, "s") + "n")
	case after == 0 && !strings.ContainsRune("szxß", rune(last)):
		yield(word + "s")
	}
}

// cases is how Russian words decline, by their ending: the longest that fits.
var cases = []struct {
	ending string
	forms  []string
}{
	{"ая", []string{"ой", "ую", "ою"}},                                     // Южная
	{"яя", []string{"ей", "юю"}},                                           // Средняя
	{"ое", []string{"ого", "ому", "ым", "ом"}},                             // Соединенное
	{"ие", []string{"их", "им", "ими"}},                                    // Сейшельские
	{"ые", []string{"ых", "ым", "ыми"}},                                    // Соединенные
	{"ый", []string{"ого", "ому", "ым", "ом"}},                             // Восточный
	{"ий", []string{"ого", "ому", "им", "ом"}},                             // Ближний
	{"ия", []string{"ии", "ию", "ией", "иею"}},                             // Сирия
	{"ея", []string{"еи", "ее", "ею", "еей"}},                              // Гвинея
	{"ья", []string{"ьи", "ье", "ью", "ьей"}},                              // Гасконья
	{"во", []string{"ва", "ву", "вом", "ве"}},                              // Королевство
	{"ны", []string{"н", "нам", "нами", "нах", "нов"}},                     // Филиппины
	{"ды", []string{"д", "дов", "дам", "дами", "дах"}},                     // Нидерланды
	{"вы", []string{"в", "вов", "вам", "вами", "вах"}},                     // Мальдивы
	{"ты", []string{"тов", "там", "тами", "тах"}},                          // Штаты
	{"ры", []string{"р", "ров", "рам", "рами", "рах"}},                     // Коморы
	{"мы", []string{"м", "мов", "мам", "мами", "мах"}},                     // Багамы, Бермуды
	{"ва", []string{"вов", "вам", "вами", "вах", "вы", "ве", "ву", "вой"}}, // острова, Молдова
	{"а", []string{"ы", "и", "е", "у", "ой", "ей"}},                        // Куба, Польша
	{"я", []string{"и", "е", "ю", "ей"}},                                   // Земля
	{"й", []string{"я", "ю", "ем", "е"}},                                   // Китай
	{"ь", []string{"я", "ю", "ем", "е", "и", "ью"}},                        // Израиль, Сахель
}

// inflectRussian gives the cases of a noun or adjective. Foreign names in о, и,
// у, е have none; what ends in a consonant is masculine.
func inflectRussian(word string, yield func(string)) {
	if last, _ := utf8.DecodeLastRuneInString(word); strings.ToUpper(word) == word || last < 'а' || last > 'я' {
		return // США; Latin letters
	}
	for _, d := range cases {
		if stem, ok := strings.CutSuffix(word, d.ending); ok {
			for _, f := range d.forms {
				yield(stem + f)
			}
			return
		}
	}
	if last, _ := utf8.DecodeLastRuneInString(word); !strings.ContainsRune("оиуеэыюё", last) {
		for _, f := range []string{"а", "у", "ом", "ем", "е"} {
			yield(word + f)
		}
	}
}

// decline calls yield with a word and its cases or plural, and what of those it
// may be itself, for words that are too short for their stem to say anything.
func decline(lang, word string, yield func(string)) {
	yield(word)
	switch lang {
	case "ru":
		inflectRussian(word, yield)
	case "de":
		inflectGerman(word, 0, yield)
	case "en", "fr", "es", "pt":
		if one, ok := strings.CutSuffix(word, "s"); ok {
			yield(one)
		} else {
			yield(word + "s")
		}
	}
}
