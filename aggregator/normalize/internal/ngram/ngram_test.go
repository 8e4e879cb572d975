package ngram

import (
	"bytes"
	"slices"
	"testing"
)

func TestWordsKeepWordsOfOneScript(t *testing.T) {
	for _, c := range []struct {
		in     string
		script Script
		lower  bool
		want   string
	}{
		{"The Rivers, ROSE", Latin, false, " the rivers rose "},
		{"The Rivers rose", Latin, true, " rose "},
		{"l’Île d'or", Latin, false, " l'île d'or "},
		{"see https://example.org/a or www.example.org, office@example.org @office #tag 12 B2B", Latin, false, " see or "},
		{"вода and ماء", Cyrillic, false, " вода "},
		{"вода and مَاء", Arabic, false, " ماء "},
		{"", Latin, false, " "},
	} {
		if got := string(Words(make([]rune, 0, 100), c.in, c.script, c.lower)); got != c.want {
			t.Errorf("Words(%q, %d, %v) = %q, want %q", c.in, c.script, c.lower, got, c.want)
		}
	}
}

func TestWordsStopAtCapacity(t *testing.T) {
	for n := 4; n < 20; n++ {
		got := Words(make([]rune, 0, n), "one two three four five", Latin, false)
		if len(got) > n || got[len(got)-1] != ' ' {
			t.Errorf("in %d runes: %q", n, string(got))
		}
	}
}

// The detector adds up in Score what the generator learned by Runs.
func TestScoreAddsUpRuns(t *testing.T) {
	words := []rune(" the rivers rose internationally ")
	weights := map[uint32][]Weight{}
	want := 0
	Runs(words, func(key uint32, length int) { weights[key] = []Weight{{Model: 1, Weight: int8(length)}} })
	Runs(words, func(key uint32, _ int) { want += int(weights[key][0].Weight) })
	var got [MaxModels]int32
	Build(nil, weights).Score(words, &got)
	if want == 0 || got[1] != int32(want) || got[0] != 0 {
		t.Errorf("got %d and %d, want %d and 0", got[1], got[0], want)
	}
}

func someTable() *Table {
	weights := map[uint32][]Weight{}
	for i := range uint32(1000) {
		weights[i*i*7919] = []Weight{{0, int8(i)}, {2, -5}}[:1+i%2]
	}
	return Build([]Model{{"en", Latin, 48}, {"no", Latin, 0}, {"ru", Cyrillic, -24}}, weights)
}

func TestTableSurvivesEncoding(t *testing.T) {
	a, err := someTable().Encode()
	if err != nil {
		t.Fatal(err)
	}
	table, err := Decode(a)
	if err != nil {
		t.Fatal(err)
	}
	b, err := table.Encode()
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("encoded again it differs (%v)", err)
	}
	if !slices.Equal(table.Models, someTable().Models) {
		t.Errorf("models: %v", table.Models)
	}
}

func TestDecodeRefusesWhatIsCut(t *testing.T) {
	a, err := someTable().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for n := range a {
		if _, err := Decode(a[:n]); err == nil {
			t.Fatalf("%d of %d bytes are decoded", n, len(a))
		}
	}
}
