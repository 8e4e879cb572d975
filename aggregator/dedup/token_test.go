package dedup

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"communique/aggregator/dedup/pivot"
	"communique/feeds"
)

// tokensOf gives the tokens of a text as they stand in it.
func tokensOf(s string) []string {
	var r reader
	var out []string
	r.read(s, maxTokens)
	for _, t := range r.tokens {
		out = append(out, s[t.start:t.end])
	}
	return out
}

func TestTextIsTakenApartIntoWordsAndNumbers(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"Three days of rain, 12,400 families.", "Three|days|of|rain|12,400|families"},
		{"l'eau est montée", "l|eau|est|montée"},
		{"12 400 familles et 7,8 millions", "12 400|familles|et|7,8|millions"},
		{"12 400 familles", "12 400|familles"},
		{"in 2019 500 people", "in|2019|500|people"},
		{"on 12/05/2021, at 09:30", "on|12/05/2021|at|09|30"},
		{"version 2.7.3-rc1 of COVID19", "version|2.7.3-rc1|of|COVID19"},
		{"the 13th of May", "the|13th|of|May"},
		{"price: 5.", "price|5"},
		{"٣٬١٥٠ شخصا في ٢٠١٩", "٣٬١٥٠|شخصا|في|٢٠١٩"},
		{"日本語 text", "日|本|語|text"},
		{"1,2", "1,2"},
		{"- - …", ""},
	} {
		if got := strings.Join(tokensOf(c.text), "|"); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

func TestOneNumberInManySpellingsIsOne(t *testing.T) {
	for _, c := range []struct {
		value     string
		spellings []string
	}{
		{"1234.5", []string{"1 234,5", "1.234,5", "1,234.5", "1234.5", "1234,5", "1 234,5", "1 234,5", "1'234.5", "1’234,5", "١٬٢٣٤٫٥", "۱۲۳۴٫۵"}},
		{"12400", []string{"12,400", "12.400", "12 400", "12 400", "12'400", "12400", "١٢٬٤٠٠", "१२,४००"}},
		{"1234567", []string{"1,234,567", "1.234.567", "1 234 567", "1234567"}},
		{"7.8", []string{"7.8", "7,8", "٧٫٨"}},
		{"13", []string{"13", "13th", "13e", "13º", "13ª"}},
		{"1", []string{"1st", "1er", "1ère"}},
		{"2.7.3", []string{"2.7.3"}},
		{"2.7.3-rc1", []string{"2.7.3-rc1", "2.7.3-RC1"}},
		{"12/05/2021", []string{"12/05/2021", "١٢/٠٥/٢٠٢١"}},
		{"2021-05-12", []string{"2021-05-12"}},
		{"12.05.2021", []string{"12.05.2021"}},
		{"0.125", []string{"0.125", "0,125"}},
	} {
		for _, s := range c.spellings {
			if got := string(appendValue(nil, s)); got != c.value {
				t.Errorf("%q is %q, want %q", s, got, c.value)
			}
		}
	}
	if a, b := string(appendValue([]byte("x9"), "1,234")), "x91234"; a != b {
		t.Errorf("what stood before is touched: %q, want %q", a, b)
	}
}

func TestFlagsSayWhatATokenIs(t *testing.T) {
	var r reader
	text := "Teams of the UN reached Buzi. They found 3,150 people"
	r.read(text, maxTokens)
	want := map[string]tokenFlags{"Teams": isCapital | opens, "of": 0, "UN": isCapital | shouts, "Buzi": isCapital, "They": isCapital | opens, "3,150": isNumber, "people": 0}
	for _, tok := range r.tokens {
		if f, ok := want[text[tok.start:tok.end]]; ok && tok.flags != f {
			t.Errorf("%q has the flags %05b, want %05b", text[tok.start:tok.end], tok.flags, f)
		}
	}
}

func TestLimitHolds(t *testing.T) {
	var r reader
	r.read(strings.Repeat("word 1 字 ", 100), 25)
	if len(r.tokens) != 25 || len(r.hashes) != 25 {
		t.Errorf("%d tokens with %d hashes, want 25", len(r.tokens), len(r.hashes))
	}
}

func FuzzRead(f *testing.F) {
	for _, l := range languages {
		f.Add(flood[l].title, flood[l].body)
	}
	f.Add("1.2.3-rc1 1 234,5 १२ 12/05/ 1'", "日本語 ไทย \xff\xfe a\xcc\x81 ⅷ İ ß ﷽")
	f.Add("", "\x00 0-0- 9.9.9.9 '’٫٬")
	f.Fuzz(func(t *testing.T, title, body string) {
		k := &desk{}
		k.reader.read(body, 50)
		last := int32(0)
		for _, tok := range k.reader.tokens {
			if tok.start < last || tok.end <= tok.start || int(tok.end) > len(body) {
				t.Fatalf("token %+v after %d in a text of %d", tok, last, len(body))
			}
			last = tok.end
			if tok.flags&isNumber == 0 && len(pivot.Fold(nil, []byte(body[tok.start:tok.end]))) == 0 {
				t.Fatalf("the token %q is nothing when folded", body[tok.start:tok.end])
			}
		}
		if n := len(k.reader.tokens); n > 50 || n != len(k.reader.hashes) {
			t.Fatalf("%d tokens with %d hashes", n, len(k.reader.hashes))
		}
		d := say("x", "en", title, body, monday)
		w := newWindow()
		r := k.draft(&d, w.weigh)
		s := sketchOf(r)
		var back sketch
		if err := back.decode(s.encode()); err != nil {
			t.Fatalf("the sketch of a text is not read: %v", err)
		}
		var sc scratch
		l := sc.compare(r, r, nil)
		if len(r.shingles) > 0 && (l.jaccard != 1 || l.containment != 1 || l.numbers+l.names != 0) {
			t.Fatalf("a text is not like itself: %+v", l)
		}
		if against := contradiction(&l); against != "" {
			t.Fatalf("a text contradicts itself: %s", against)
		}
	})
}

func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"1 234,5", "1.234,5", "1,234.5", "12/05/2021", "2.7.3-rc1", "13th", "٣٬١٥٠", "1''2", "9.", "0,0,0", "1 2 3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if s == "" || !utf8.ValidString(s) {
			return
		}
		c, _ := utf8.DecodeRuneInString(s)
		if !isDigit(c) {
			return
		}
		end := numberEnd(s, 0)
		if end <= 0 || end > len(s) || !utf8.ValidString(s[:end]) {
			t.Fatalf("the number at the head of %q ends at %d", s, end)
		}
		v := string(appendValue(nil, s[:end]))
		if v == "" {
			t.Fatalf("%q has no value", s[:end])
		}
	})
}

func TestAlikeForgivesTypingErrorsAndEndings(t *testing.T) {
	for _, c := range []struct {
		a, b string
		is   bool
	}{
		{"families", "famillies", true}, {"shelter", "sheltter", true}, {"children", "chidlren", true}, {"flood", "floods", true}, {"school", "schooling", true},
		{"humanitarian", "hmuanitariaan", true}, {"Mozambique", "Moçambique", true},
		{"march", "april", false}, {"north", "south", false}, {"2021", "2022", false}, {"b12", "b13", false}, {"cat", "car", false}, {"mali", "male", true},
		{"floods", "bloods", true}, {"", "", true}, {"", "a", false}, {"женщины", "женщина", true}, {"تطعيم", "تطعيمه", true},
	} {
		if got := alike(c.a, c.b); got != c.is {
			t.Errorf("%q and %q alike = %v, want %v", c.a, c.b, got, c.is)
		}
	}
}

func FuzzAlike(f *testing.F) {
	f.Add("families", "famillies")
	f.Add("abcdefgh", "abcdefghij")
	f.Add("ab", "ba")
	f.Add("наводнение", "наводнения")
	f.Add(strings.Repeat("x", 41), strings.Repeat("x", 40))
	f.Add("a\xff", "a\xfe")
	f.Fuzz(func(t *testing.T, a, b string) {
		if alike(a, b) != alike(b, a) {
			t.Fatalf("%q and %q are alike one way only", a, b)
		}
		if !alike(a, a) {
			t.Fatalf("%q is not like itself", a)
		}
		x, y := []rune(a), []rune(b)
		if len(x) <= mostLetters && len(y) <= mostLetters {
			most := 1 + len(x)/6
			if p, q := damerau(x, y, most), damerau(y, x, most); p != q && (p <= most || q <= most) {
				t.Fatalf("from %q to %q it is %d, back %d", a, b, p, q)
			}
		}
	})
}

func TestNumbersInWordsAreNumbers(t *testing.T) {
	for word, want := range map[string]int{"seven": 7, "sept": 7, "siete": 7, "семь": 7, "ثلاث": 3, "hundred": 100, "one": 0, "": 0} {
		if got := numeral(string(pivot.Fold(nil, []byte(word)))); got != want {
			t.Errorf("%q is %d, want %d", word, got, want)
		}
	}
}

func TestCompareIsTheSameBothWays(t *testing.T) {
	k := &desk{}
	var all []*reading
	add := func(title, body string) {
		all = append(all, k.read("en", &feeds.TextView{Title: title, Body: body}, false))
	}
	en := flood["en"]
	add(en.title, en.body)
	add(en.title, lines(en.body, 0, 1))
	add("Floods in central Mozambique leave 13,000 families without shelter", strings.Replace(en.body, "25 nurses", "31 nurses", 1))
	add(measles["en"].title, measles["en"].body)
	for i := range 3 {
		title, body := edition([]string{"12", "13", "14"}[i], []string{"1 May", "8 May", "15 May"}[i], []string{"14", "15", "16"}[i], "9", []string{"7", "8", "9"}[i], "5", "4", "3", "2")
		add(title, body)
	}
	add("", en.body)
	add(en.title, "")
	for _, a := range all {
		for _, b := range all {
			var s scratch
			x, y := s.compare(a, b, nil), s.compare(b, a, nil)
			if x.common != y.common || x.jaccard != y.jaccard || x.containment != y.containment || x.same != y.same || x.numbers != y.numbers || x.names != y.names ||
				x.overlap != y.overlap || x.sameTitle != y.sameTitle || x.titleSwap != y.titleSwap || x.titleEdition != y.titleEdition || x.titleSeries != y.titleSeries {
				t.Errorf("%.30q and %.30q: %+v, the other way round %+v", a.title, b.title, x, y)
			}
			if (contradiction(&x) == "") != (contradiction(&y) == "") {
				t.Errorf("%.30q and %.30q: %q, the other way round %q", a.title, b.title, contradiction(&x), contradiction(&y))
			}
		}
	}
}

func TestShinglesOfShortTexts(t *testing.T) {
	for tokens, want := range map[int]int{0: 0, 1: 1, 4: 1, 5: 1, 6: 2, 100: 96} {
		got := shinglesOf(slices.Repeat([]token{{word: 3}}, tokens))
		if len(got) != want {
			t.Errorf("%d tokens have %d shingles, want %d", tokens, len(got), want)
		}
	}
}
