package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"communique/internal/testkit"
)

func TestListsOfAnyCharsetAreRead(t *testing.T) {
	latin := []byte("<?xml version='1.0' encoding=\"ISO-8859-1\"?><opml><body><outline text='R\xe9seau' xmlUrl='https://r.example/f'/></body></opml>")
	undeclared := []byte("<opml><body><outline text='R\xe9seau' xmlUrl='https://r.example/f'/></body></opml>")
	utf16 := []byte("\xff\xfe")
	for _, r := range "<opml><body><outline text='Réseau' xmlUrl='https://r.example/f'/></body></opml>" {
		utf16 = append(utf16, byte(r), byte(r>>8))
	}
	marked := []byte("\uFEFF<opml><body><outline text='Réseau' xmlUrl='https://r.example/f'/></body></opml>")
	for name, text := range map[string][]byte{"declared": latin, "undeclared": undeclared, "UTF-16": utf16, "with a byte order mark": marked} {
		list, problems, err := ReadOPML(text)
		if err != nil || len(problems) > 0 || len(list) != 1 || list[0].Title != "Réseau" {
			t.Errorf("%s: got %+v %v %v, want Réseau", name, list, problems, err)
		}
	}
}

func TestADeepOrEndlessListIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"deep":    "<opml>" + strings.Repeat("<outline text='x'>", maxOutlineDepth+1),
		"endless": "<opml>" + strings.Repeat("<outline text='x'/>", maxOutlines+1),
	} {
		if _, _, err := ReadOPML([]byte(text)); err == nil || !strings.Contains(err.Error(), "line 1: more than") {
			t.Errorf("%s: got error %v, want a refusal", name, err)
		}
	}
}

// What any list gives must be readable as a configuration, each id once.
func FuzzReadOPML(f *testing.F) {
	f.Add([]byte(`<opml><body><outline text="a: #b" xmlUrl="https://a.example/?x=${y}" language="pt-br"/><outline title="- [x" xmlUrl="feed:https://b.example"/></body></opml>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, _, err := ReadOPML(text)
		if err != nil {
			return
		}
		var none *Config
		written, skipped := none.Propose(list)
		var got struct {
			Sources []struct{ ID, URL, Title string }
		}
		if err := yaml.Unmarshal(written, &got); err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
		if len(got.Sources)+len(skipped) != len(list) {
			t.Errorf("%d sources of %d, %d skipped\n%s", len(got.Sources), len(list), len(skipped), written)
		}
		seen := map[string]bool{}
		for _, s := range got.Sources {
			var id ID
			var url URL
			if err := errors.Join(id.set(s.ID), url.set(strings.ReplaceAll(s.URL, "$${", "${"))); err != nil || seen[s.ID] {
				t.Errorf("id %q (seen %t), url %q: %v", s.ID, seen[s.ID], s.URL, err)
			}
			seen[s.ID] = true
		}
	})
}

func TestRealListsAreRead(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testkit.Shared(t, "data/conformance"), "*/*/*/*ubs*.opml"))
	if err != nil {
		t.Fatal(err)
	}
	more, _ := filepath.Glob(filepath.Join(testkit.Shared(t, "data/conformance"), "newsboat/test/data/*.opml"))
	for _, file := range append(files, more...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list, _, err := ReadOPML(text)
		if err != nil || len(list) != strings.Count(string(text), "xmlUrl=") {
			t.Errorf("%s: %d feeds, %v; want %d", file, len(list), err, strings.Count(string(text), "xmlUrl="))
		}
	}
}
