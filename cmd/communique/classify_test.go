package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"communique/internal/testkit"
)

// verdicts classifies documents, a line each.
func verdicts(t *testing.T, documents ...string) []verdict {
	t.Helper()
	return readVerdicts(t, strings.Join(documents, "\n"), "-")
}

func readVerdicts(t *testing.T, stdin, file string) (out []verdict) {
	t.Helper()
	code, stdout, stderr := command(t, stdin, "classify", file)
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, stderr %q; want 0 and nothing", code, stderr)
	}
	lines := bufio.NewScanner(strings.NewReader(stdout))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var v verdict
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", lines.Bytes(), err)
		}
		out = append(out, v)
	}
	return out
}

const (
	tides = `"title":"Tides of the year","text":"The table of tides for the coming year can be had at the office from nine to noon, on paper and by mail."`
	lamps = `"title":"New lamps","text":"The lamps on the western pier were exchanged last night; they need a third of the power of the old ones."`
)

func TestClassifyKnowsTheSameTextOfTwoSources(t *testing.T) {
	got := verdicts(t,
		`{"id":"1",`+tides+`,"url":"https://hq.example/a","source":"hq"}`,
		`{"id":"2",`+lamps+`,"url":"https://hq.example/b","source":"hq"}`,
		`{"id":"3",`+tides+`,"url":"https://south.example/c","source":"south"}`)
	if len(got) != 3 || got[0].Statement != got[2].Statement || got[0].Statement == got[1].Statement {
		t.Fatalf("got %+v, want the first and third to be one statement", got)
	}
	if got[0].Relation != "origin" || got[2].Relation != "reprint" || got[2].Of != "1" {
		t.Errorf("got %q and %q of %q, want origin and reprint of 1", got[0].Relation, got[2].Relation, got[2].Of)
	}
}

func TestClassifyKnowsTheSameAddress(t *testing.T) {
	got := verdicts(t,
		`{"id":"1",`+tides+`,"url":"https://hq.example/a?utm_source=feed","source":"hq"}`,
		`{"id":"2","title":"Tides","text":"In short: from nine to noon.","url":"http://hq.example/a","source":"south"}`)
	if got[0].Statement != got[1].Statement || got[1].Of != "1" {
		t.Errorf("got %+v, want one statement, the second matched to 1", got)
	}
}

func TestClassifyFindsTheLanguage(t *testing.T) {
	got := verdicts(t,
		`{"id":"1","title":"Les phares","text":"Les lampes de la jetée ouest ont été changées la nuit dernière ; elles consomment un tiers des anciennes."}`,
		`{"id":"2","title":"Los faros","text":"Las lámparas del muelle oeste se cambiaron anoche y consumen un tercio de lo que consumían las anteriores."}`,
		`{"id":"3",`+lamps+`,"language":"pt-br"}`,
		`{"id":"4",`+tides+`,"language":"!!"}`) // no language: it is looked for
	for i, want := range []string{"fr", "es", "pt-BR", "en"} {
		if got[i].Language != want {
			t.Errorf("document %s: language %q, want %q", got[i].ID, got[i].Language, want)
		}
	}
}

func TestClassifyReadsHTMLAndTellsWhy(t *testing.T) {
	got := verdicts(t, `{"id":"1","title":"Pilots","html":"<p>Pilots from <b>Panama</b> were trained.</p><script>Peru</script>","url":"https://hq.example/1"}`)[0]
	if !slices.Equal(got.Countries, []string{"PA"}) || !slices.Contains(got.Regions, "americas") {
		t.Errorf("countries %v, regions %v; want PA, and americas among the regions", got.Countries, got.Regions)
	}
	for _, why := range got.Why {
		if !strings.Contains(why.Evidence, "Panama") && !strings.Contains(why.Rule, "from PA") {
			t.Errorf("%s: rule %q on %q, want a rule on the word Panama", why.Tag, why.Rule, why.Evidence)
		}
	}
}

func TestClassifyTakesALineOfFiveMegabytes(t *testing.T) {
	var text strings.Builder
	for i := 0; text.Len() < 5<<20; i++ {
		fmt.Fprintf(&text, "Ship %d of the line was seen off the western pier. ", i)
	}
	body, err := json.Marshal(map[string]string{"id": "long", "title": "All ships", "text": text.String(), "url": "https://hq.example/ships"})
	if err != nil {
		t.Fatal(err)
	}
	got := verdicts(t, `{"id":"1",`+tides+`}`, string(body), `{"id":"3",`+lamps+`}`)
	if len(got) != 3 || got[1].ID != "long" || got[1].Language != "en" || got[2].ID != "3" {
		t.Errorf("got %d verdicts, want 3 in the order given", len(got))
	}
}

func TestClassifyTheStatementThatTheProjectBeganFrom(t *testing.T) {
	got := readVerdicts(t, "", testkit.Shared(t, "seed/statement.jsonl"))
	if len(got) != 1 {
		t.Fatalf("%d verdicts, want 1", len(got))
	}
	v := got[0]
	if v.Language != "fr" || !slices.Equal(v.Regions, []string{"americas"}) || len(v.Countries) > 0 || !slices.Equal(v.Events, []string{"summit-of-the-americas-2022"}) {
		t.Errorf("language %q, regions %v, countries %v, events %v; want fr, americas, none and summit-of-the-americas-2022", v.Language, v.Regions, v.Countries, v.Events)
	}
	if !slices.Contains(v.Topics, "protection") {
		t.Errorf("topics %v, want protection among them", v.Topics)
	}
}

func TestParseTakesTheCharsetOfTheFlag(t *testing.T) {
	feed := append([]byte("<rss version=\"2.0\"><channel><title>"), 0xbf, 0xde, 0xe0, 0xe2) // Порт
	feed = append(feed, "</title></channel></rss>"...)
	code, stdout, _ := command(t, string(feed), "parse", "--jsonl", "--content-type", "application/xml; charset=iso-8859-5", "-")
	if code != 0 || !bytes.Contains([]byte(stdout), []byte(`"title":"Порт"`)) {
		t.Errorf("exit code %d, %s; want the title Порт", code, stdout)
	}
}
