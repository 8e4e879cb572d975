package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"communique/internal/testkit"
)

func TestVerifiedIsWrittenAndEveryOtherOctetStays(t *testing.T) {
	const file = "# A pack.\r\nx-of: &of\n  terms: any # comment\nsources: # these\n" +
		"  # The first.\n  - <<: *of\n    id: one\n    url: \"https://é.example/a\" # its feed\n    # what it is\n    title:   Un   # odd spaces\n\n" +
		"  - {id: two, url: 'https://b.example/', verified: listed, title: \"x, y\"}\n" +
		"  - {url: https://c.example/, id: three}\n" +
		"  - id: four\n    verified: '2020-01-01'   # long ago\n    url: https://d.example/\n" +
		"  - id: five\n    url: https://e.example/\n    verified: 2026-11-28\n" +
		"  - id: six\n    url: https://f.example/"
	all := map[string]string{"one": "2026-11-28", "two": "2026-11-28", "three": "2026-11-28", "four": "2026-11-28", "five": "2026-11-28", "six": "2026-11-28", "other": "2026-11-28"}
	out, found, err := SetVerified([]byte(file), all)
	if err != nil || len(found) != 6 {
		t.Fatalf("found %v, %v", found, err)
	}
	want := strings.NewReplacer("# its feed\n", "# its feed\n    verified: 2026-11-28\n", "verified: listed", "verified: 2026-11-28",
		"id: three", "id: three, verified: 2026-11-28", "'2020-01-01'", "2026-11-28", "https://f.example/", "https://f.example/\n    verified: 2026-11-28").Replace(file)
	if string(out) != want {
		t.Errorf("got:\n%s\nwant:\n%s", out, want)
	}
	again, _, err := SetVerified(out, all)
	if err != nil || string(again) != string(out) {
		t.Errorf("written twice it changes (%v):\n%s", err, again)
	}
	if out, found, err := SetVerified([]byte("sites: []\n"), all); err != nil || len(found) != 0 || string(out) != "sites: []\n" {
		t.Errorf("of a file without sources: %q, %v, %v", out, found, err)
	}
	for _, bad := range []string{"sources: [", "sources:\n  - id: one\n    verified: [x]\n", "sources:\n  - id: &a one\n", "sources:\n  - id: one\n    verified: |\n      listed\n"} {
		if out, _, err := SetVerified([]byte(bad), all); err == nil {
			t.Errorf("%q: got %q, want an error", bad, out)
		}
	}
}

func TestVerifiedIsWrittenIntoEveryPack(t *testing.T) {
	packs, err := filepath.Glob(filepath.Join(testkit.Root(t), "packs", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pack := range append(packs, filepath.Join(testkit.Root(t), "communique.example.yaml")) {
		text, err := os.ReadFile(pack)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Load(pack, options)
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]string{}
		for _, s := range c.Sources {
			all[string(s.ID)] = "2031-01-02"
		}
		out, found, err := SetVerified(text, all)
		if err != nil || len(found) != len(c.Sources) {
			t.Errorf("%s: wrote %d of %d, %v", filepath.Base(pack), len(found), len(c.Sources), err)
			continue
		}
		file := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(file, out, 0o600); err != nil {
			t.Fatal(err)
		}
		is, err := Load(file, options)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(pack), err)
			continue
		}
		if slices.ContainsFunc(is.Sources, func(s Source) bool { return s.Verified != "2031-01-02" }) {
			t.Errorf("%s: not every source has the date", filepath.Base(pack))
		}
	}
}
