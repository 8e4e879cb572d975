package dedup

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"communique/feeds"
)

// What has no sense is taken for one language here and another there.
func TestTextsWithoutSenseAreNoTranslations(t *testing.T) {
	latin, cyrillic, arabic := "abcdefghijklmnopqrstuvwxyz", "абвгдежзиклмнопрстуфхцчшщыэюя", "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
	for _, c := range []struct {
		name      string
		letters   string
		low, high int // letters of a word
		words     int // of them all
		guesses   string
	}{
		{"single letters", latin, 1, 1, 26, "cs mt pt so pl"},
		{"letters and pairs", latin, 1, 3, 4000, "cs mt pt so"},
		{"single letters of three scripts", latin + cyrillic + arabic, 1, 1, 80, "cs ru ar"},
		{"a few words", latin, 3, 9, 60, "so cy mt"},
		{"a few words in languages that are known", latin, 3, 9, 60, "en fr it"},
		{"a few Cyrillic words", cyrillic, 3, 8, 80, "mk tg ru"},
		{"a few Arabic words", arabic, 3, 6, 80, "ug ar ps"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, uint64(len(c.name))))
			letters, guesses := []rune(c.letters), strings.Fields(c.guesses)
			all := make([]string, c.words)
			for i := range all {
				for range c.low + r.IntN(c.high-c.low+1) {
					all[i] += string(letters[r.IntN(len(letters))])
				}
			}
			text := func(n int) string {
				var b strings.Builder
				for range n {
					b.WriteString(all[min(r.IntN(len(all)), r.IntN(len(all)))] + " ")
				}
				return b.String()
			}
			n := newNewsroom(t, Likeness{})
			translations := 0
			for i := range 300 {
				d := say(fmt.Sprint(i), guesses[r.IntN(len(guesses))], text(2+r.IntN(7)), text([]int{14, 20, 40, 100}[r.IntN(4)]), monday.Add(time.Duration(i)*time.Minute))
				if pl := n.tell(fmt.Sprint("office", i%20), d); pl.Relation == feeds.IsTranslation {
					translations++
				}
			}
			if translations > 0 {
				t.Errorf("%d of 300 texts are translations of another", translations)
			}
		})
	}
}

// The order of words is all that the guard goes by: what is in it stays a
// translation between languages that are close.
func TestCloseLanguagesAreTranslatedInOrder(t *testing.T) {
	var k desk
	read := func(language, body string) *reading {
		return k.read(language, &feeds.TextView{Body: body}, false)
	}
	danish := read("da", "floden steg næsten tre meter på en nat og rev to broer med sig, og holdet delte tæpper og presenninger ud, men vejen er afbrudt fire steder")
	norwegian := read("nb", "elven steg nesten tre meter på en natt og tok to broer med seg, og laget delte ut tepper og presenninger, men veien er brutt fire steder")
	other := read("nb", "men fire broer er brutt og to meter med presenninger steg på laget, tre steder og en natt delte tepper ut med elven")
	if jumbled(danish, norwegian) {
		t.Error("a translation between close languages is taken for other words")
	}
	if !jumbled(danish, other) {
		t.Error("the same words in another order are taken for a translation")
	}
}

// A list in a language that is known has none of its small words, and may be a
// translation all the same when its page says so.
func TestTextWithoutSmallWordsIsLinkedByItsPage(t *testing.T) {
	n := newNewsroom(t, Likeness{})
	one := flood["en"].at("h1", monday)
	one.Link = "https://harbour.example/en/rain"
	one.Canonical, one.Permalink = one.Link, one.Link
	a := n.tell("harbour", one)
	two := say("h2", "fr", "Mozambique: 12 400 familles sans abri", "Buzi, Nhamatanda, Dondo: 12 400 familles. Bâches: 6 000. Couvertures: 9 500. Infirmiers: 25. Chimoio: 40 tonnes. Choléra: 87 morts. Pungwe: vendredi. Beira, Chimoio: 68 kilomètres.", monday.Add(time.Hour))
	two.Alternate = []string{one.Link}
	b := n.tell("harbour", two)
	wantOne(t, a, b, feeds.IsTranslation)
}
