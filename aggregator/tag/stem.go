package tag

import (
	"strings"

	"github.com/blevesearch/snowballstem"
	arabicstem "github.com/blevesearch/snowballstem/arabic"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/spanish"
)

// stemmer gives the Snowball stemmer of a language, nil when there is none.
func stemmer(lang string) func(*snowballstem.Env) bool {
	switch lang {
	case "ar":
		return arabicstem.Stem
	case "de":
		return german.Stem
	case "en":
		return english.Stem
	case "es":
		return spanish.Stem
	case "fr":
		return french.Stem
	case "it":
		return italian.Stem
	case "pt":
		return portuguese.Stem
	case "ru":
		return russian.Stem
	}
	return nil
}

// stemsOf gives the hashes of a word's stem and of its unaccented form's stem,
// which differ at times: headlines in capitals are often written without
// accents, which the stemmers rely on. Without a stemmer it is the word itself.
func (l *lexicon) stemsOf(word string, letters []rune, env *snowballstem.Env) (accented, plain uint64) {
	if l.stem == nil {
		h := hashWord(letters)
		return h, h
	}
	var buf [maxWord]rune
	lower := strings.ToLower(word)
	*env = snowballstem.Env{}
	env.SetCurrent(lower)
	l.stem(env)
	accented = hashWord(l.fold.letters(buf[:0], env.Current()))
	bare := string(letters)
	if bare == lower {
		return accented, accented
	}
	*env = snowballstem.Env{}
	env.SetCurrent(bare)
	l.stem(env)
	return accented, hashWord(l.fold.letters(buf[:0], env.Current()))
}

// arabic reports whether folded letters are of the Arabic script.
func arabic(letters []rune) bool {
	return len(letters) > 0 && letters[0] >= 0x600 && letters[0] <= 0x6FF
}

// forms calls yield with the folded letters of an Arabic word and of what is
// left when the words written together with it are taken off: and, so (و ف);
// in, for, as (ب ل ك); and, when loose, the article. Of the others it gives
// only the word itself.
func forms(letters []rune, loose bool, yield func([]rune)) {
	yield(letters)
	if !arabic(letters) {
		return
	}
	const left = 3 // letters that must remain
	article := func(w []rune) {
		if loose && len(w) >= 2+left && w[0] == 'ا' && w[1] == 'ل' {
			yield(w[2:])
		}
	}
	preposition := func(w []rune) {
		article(w)
		if len(w) < 1+left {
			return
		}
		switch w[0] {
		case 'ل':
			if w[1] == 'ل' && len(w) >= 2+left { // "for the" drops the article's alef
				var buf [maxWord]rune
				yield(append(append(buf[:0], 'ا', 'ل'), w[2:]...))
				if loose {
					yield(w[2:])
				}
				return
			}
			fallthrough
		case 'ب', 'ك':
			yield(w[1:])
			article(w[1:])
		}
	}
	preposition(letters)
	if (letters[0] == 'و' || letters[0] == 'ف') && len(letters) >= 1+left {
		yield(letters[1:])
		preposition(letters[1:])
	}
}
