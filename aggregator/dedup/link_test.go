package dedup

import (
	"slices"
	"strings"
	"testing"
	"time"

	"communique/feeds"
)

func TestTranslationIsOneStatement(t *testing.T) {
	for _, l := range languages[1:] {
		for _, first := range []string{"en", l} {
			second := "en"
			if first == "en" {
				second = l
			}
			t.Run(first+" then "+second, func(t *testing.T) {
				n := newNewsroom(t, Likeness{})
				n.tell("harbour", measles[first].at("m1", monday.Add(-time.Hour)))
				a := n.tell("harbour", flood[first].at("h1", monday))
				b := n.tell("harbour-"+second, flood[second].at("h2", monday.Add(26*time.Hour)))
				wantOne(t, a, b, feeds.IsTranslation)
				if b.Score < b.Threshold || !strings.HasPrefix(b.Why, "across languages: ") || b.Echo || b.Fuller {
					t.Errorf("score %.2f of %.2f, echo %v: %q", b.Score, b.Threshold, b.Echo, b.Why)
				}
			})
		}
	}
}

func TestTranslationsOfOneStatementAllMeet(t *testing.T) {
	n := newNewsroom(t, Likeness{})
	for i, l := range languages {
		n.tell("harbour-"+l, measles[l].at("m-"+l, monday.Add(time.Duration(i)*time.Hour)))
		n.tell("harbour-"+l, flood[l].at("f-"+l, monday.Add(time.Duration(i)*time.Hour)))
	}
	want := []string{"f-ar+f-en+f-es+f-fr+f-pt+f-ru", "m-ar+m-en+m-es+m-fr+m-pt+m-ru"}
	if got := n.groups(); !slices.Equal(got, want) {
		t.Errorf("groups %q, want %q", got, want)
	}
}

func TestAnotherTextOfTheSameOfficeAndDayIsNoTranslation(t *testing.T) {
	for _, l := range languages[1:] {
		n := newNewsroom(t, Likeness{})
		a := n.tell("harbour", flood["en"].at("h1", monday))
		b := n.tell("harbour", measles[l].at("h2", monday))
		if a.Statement == b.Statement {
			t.Errorf("a text in %s on something else is joined: %.2f, %s", l, b.Score, b.Why)
		}
	}
}

func TestTranslationOfATeaserIsFound(t *testing.T) {
	n := newNewsroom(t, Likeness{})
	n.tell("harbour", measles["en"].at("m1", monday))
	a := n.tell("harbour", flood["en"].at("h1", monday))
	b := n.tell("harbour-fr", say("h2", "fr", flood["fr"].title, lines(flood["fr"].body, 0, 1), monday.Add(time.Hour)))
	wantOne(t, a, b, feeds.IsTranslation)
}

func TestSecondTextOfALanguageMustBeLikeTheFirst(t *testing.T) {
	en, fr := flood["en"], flood["fr"]
	retold := text{"fr", "Mozambique : 12 400 foyers sans toit après les crues",
		`Plus de 12 400 foyers du centre du Mozambique n'ont plus de toit : il pleut à verse depuis trois jours et les districts de Buzi, Nhamatanda et Dondo se trouvent sous l'eau, selon un communiqué publié mardi par la Mission de secours du Port.
C'est en bateau que les secouristes sont entrés lundi soir à Buzi. Là, 3 150 habitants avaient cherché refuge dans deux écoles et sur le toit de l'hôpital ; beaucoup n'avaient rien mangé ni bu d'eau propre pendant 48 heures. « Personne ne se souvient d'une montée des eaux aussi rapide ; les gens ont tout laissé », raconte Amelia Chissano, responsable de la mission pour le Sofala.
De l'entrepôt de Chimoio sont partis 6 000 bâches, 9 500 couvertures ainsi que 40 tonnes de farine de maïs. Les 25 infirmières de la mission pansent les plaies et guettent le choléra, qui après le cyclone de 2019 avait fait 87 morts dans ces mêmes districts.
Selon les ingénieurs, la crue du Pungwe culminera vendredi. Entre Beira et Chimoio, la route est noyée sur 68 kilomètres ; à Inchope, les camions attendent l'examen du pont. Pour secourir 90 000 personnes jusqu'à fin avril, la mission cherche 7,8 millions de dollars.`}
	other := text{"fr", "Centre du Mozambique : la Croix des Vallées ouvre des abris pour les familles inondées",
		`La Croix des Vallées a ouvert mardi neuf abris à Dondo et à Nhamatanda, dans le centre du Mozambique, où les inondations ont chassé des milliers de familles de leurs maisons.
Chaque abri accueille 200 personnes et dispose d'une cuisine, de douches et d'un coin pour les enfants. « Nous avons appris de 2019, et cette fois tout était prêt avant la pluie », a expliqué Teresa Macuacua, qui dirige l'association à Beira depuis douze ans.
L'association distribue aussi 1 300 lampes solaires, du savon et des moustiquaires. Ses bénévoles notent les noms des personnes qui cherchent un parent ; 74 familles se sont déjà retrouvées.
Le gouverneur du Sofala a visité les abris mardi après-midi. Il a promis que les camions d'eau passeraient deux fois par jour tant que le fleuve Pungwe resterait au-dessus de son niveau d'alerte.`}
	for _, c := range []struct {
		name string
		x    text
		one  bool
	}{
		{"half of it in the same words", text{"fr", retold.title, lines(fr.body, 1) + "\n" + lines(retold.body, 0, 2, 3)}, true},
		{"all in other words", retold, false},
		{"another statement on the same matter", other, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNewsroom(t, Likeness{})
			a := n.tell("harbour", en.at("h1", monday))
			b := n.tell("harbour-fr", fr.at("h2", monday.Add(time.Hour)))
			wantOne(t, a, b, feeds.IsTranslation)
			if got := n.tell("valley", c.x.at("v1", monday.Add(2*time.Hour))); (got.Statement == a.Statement) != c.one {
				t.Errorf("one = %v (%s), want %v; near %+v", got.Statement == a.Statement, got.Why, c.one, got.Near)
			}
		})
	}
}

// bulletin is a number of a bulletin in two languages; all but the title's number
// is the same from one to the next.
func bulletin(number string, figures ...string) (en, fr text) {
	f := strings.NewReplacer("A1", figures[0], "A2", figures[1], "A3", figures[2])
	g := strings.NewReplacer("A1", figures[0], "A2", figures[1], "A3", figures[2])
	en = text{"en", "Drought in the Sahel: bulletin no. " + number,
		f.Replace(`The drought in northern Mali and Niger goes on. In the region of Gao, A1 families received seed and tools from the Lantern Fund during the month, and A2 wells were made deeper. Herders from Menaka move south with their goats earlier than in other years.
Prices of millet in the market of Gao rose again. The teams weighed A3 children, of whom one in six was too thin. The fund thanks the farmers' unions of Niger for storing the seed, and asks donors to think of the planting season, which begins in June.`)}
	fr = text{"fr", "Sécheresse au Sahel : bulletin n° " + number,
		g.Replace(`La sécheresse se poursuit dans le nord du Mali et au Niger. Dans la région de Gao, A1 familles ont reçu des semences et des outils du Fonds Lanterne au cours du mois, et A2 puits ont été approfondis. Les éleveurs de Ménaka descendent vers le sud avec leurs chèvres plus tôt que les autres années.
Le prix du mil sur le marché de Gao a encore augmenté. Les équipes ont pesé A3 enfants, dont un sur six était trop maigre. Le fonds remercie les unions d'agriculteurs du Niger de stocker les semences et demande aux donateurs de penser à la saison des semis, qui commence en juin.`)}
	return en, fr
}

func TestNextEditionIsNoTranslation(t *testing.T) {
	en12, fr12 := bulletin("12", "2,140", "17", "3,905")
	_, fr13 := bulletin("13", "2,866", "23", "4,120")
	n := newNewsroom(t, Likeness{})
	a := n.tell("fund", en12.at("e12", monday))
	b := n.tell("fund-fr", fr13.at("f13", monday.Add(7*24*time.Hour)))
	wantTwo(t, a, b, false)
	c := n.tell("fund-fr", fr12.at("f12", monday.Add(24*time.Hour)))
	wantOne(t, a, c, feeds.IsTranslation)
}

func TestNumberInOneTitleKeepsApartWhatHasOtherNumbers(t *testing.T) {
	en, _ := bulletin("", "2,140", "17", "3,905")
	en.title = "Drought in the Sahel"
	_, fr := bulletin("13", "2,140", "23", "4,120")
	n := newNewsroom(t, Likeness{})
	a := n.tell("fund", en.at("e", monday))
	b := n.tell("fund-fr", fr.at("f", monday.Add(5*time.Hour)))
	wantTwo(t, a, b, true)

	en.body += " This is bulletin number 13."
	n = newNewsroom(t, Likeness{})
	a = n.tell("fund", en.at("e", monday))
	b = n.tell("fund-fr", fr.at("f", monday.Add(5*time.Hour)))
	wantOne(t, a, b, feeds.IsTranslation)
}

func TestLaterItemMakesOneOfTwoStatements(t *testing.T) {
	en, fr := flood["en"], flood["fr"]
	n := newNewsroom(t, Likeness{})
	teaser := n.tell("harbour-fr", say("f1", "fr", "Le point du lundi", "La mission publie chaque lundi un point sur les inondations. Cette semaine : bateaux, bâches et infirmières. À lire en entier sur nos pages.", monday))
	reprint := n.tell("valley", say("v1", "en", en.title, lines(en.body, 3, 4), monday.Add(time.Hour)))
	if teaser.Statement == reprint.Statement {
		t.Fatal("they have next to nothing in common")
	}
	french := n.tell("harbour-fr", say("f2", "fr", fr.title, lines(fr.body, 0, 1, 2), monday.Add(2*time.Hour)))
	if french.Statement == reprint.Statement || french.Statement == teaser.Statement {
		t.Fatalf("a first paragraph and a last one are one: %s", french.Why)
	}
	full := n.tell("harbour", en.at("h1", monday.Add(3*time.Hour)))
	if !slices.Equal(full.Join, []feeds.StatementID{french.Statement}) || full.Statement != reprint.Statement {
		t.Fatalf("statement %s joins %v, want the older %s to take in %s; near %+v", full.Statement, full.Join, reprint.Statement, french.Statement, full.Near)
	}
	if got := n.groups(); !slices.Equal(got, []string{"f1", "f2+h1+v1"}) {
		t.Errorf("groups %q", got)
	}
	// What comes later finds the winner by any of the copies.
	more := n.tell("valley-fr", say("v2", "fr", fr.title, lines(fr.body, 0, 1, 4), monday.Add(4*time.Hour)))
	if more.Statement != full.Statement {
		t.Errorf("a copy of the statement that was joined is placed in %s, want the winner %s", more.Statement, full.Statement)
	}
}

func TestItemIsComparedAgainWhenItsTextIsNew(t *testing.T) {
	en := flood["en"]
	n := newNewsroom(t, Likeness{})
	full := n.tell("harbour", en.at("h1", monday))
	d := say("v1", "en", "Our week", words(3, 8), monday.Add(time.Hour))
	first := n.tell("valley", d)
	wantTwo(t, full, first, false)
	d.Title, d.Text = en.title, feeds.TextView{Title: en.title, Body: lines(en.body, 0, 1, 2, 3)}
	again := n.tellAt(feeds.Source{ID: "valley"}, d, monday.Add(2*time.Hour))
	if !again.Seen || again.Item != first.Item {
		t.Fatalf("the revision is a new item: %+v", again)
	}
	if again.Statement != full.Statement || !slices.Equal(again.Join, []feeds.StatementID{first.Statement}) {
		t.Errorf("statement %s joins %v, want %s and %s", again.Statement, again.Join, full.Statement, first.Statement)
	}
}
