package config

import (
	"path/filepath"
	"strings"
	"testing"

	"communique/internal/testkit"
)

// TestEveryPackLoads reads each by itself, and all of them at once, as packs/*.yaml
// would; and wants each source to say what an operator must know of it.
func TestEveryPackLoads(t *testing.T) {
	packs, err := filepath.Glob(filepath.Join(testkit.Root(t), "packs", "*.yaml"))
	if err != nil || len(packs) < 5 {
		t.Fatalf("found %d packs, %v", len(packs), err)
	}
	for _, pack := range append(packs, filepath.Join(testkit.Root(t), "packs", "*.yaml")) {
		c, err := Parse(filepath.Join(t.TempDir(), "c.yaml"), []byte("include: ['"+pack+"']\nsources: []\n"), options)
		if err != nil {
			t.Errorf("%s: %v", pack, err)
			continue
		}
		for _, s := range c.Sources {
			if s.Verified == "" || s.Terms == "" || s.Credit == "" || s.Contact == "" {
				t.Errorf("%s: %s: verified %q, terms %q, credit %q, contact %q; want all", filepath.Base(pack), s.ID, s.Verified, s.Terms, s.Credit, s.Contact)
			}
		}
	}
}

// TestPacksClaimNoMoreThanTheExample wants a source that stands in both to have
// one address and one day.
func TestPacksClaimNoMoreThanTheExample(t *testing.T) {
	root := testkit.Root(t)
	example, err := Load(filepath.Join(root, "communique.example.yaml"), options)
	if err != nil {
		t.Fatal(err)
	}
	known := map[URL]Source{}
	for _, s := range example.Sources {
		known[s.URL] = s
	}
	c, err := Parse(filepath.Join(root, "c.yaml"), []byte("include: [packs/*.yaml]\nsources: []\n"), options)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range c.Sources {
		e, both := known[s.URL]
		if both && e.ID != s.ID && s.ID != "reliefweb-updates" {
			t.Errorf("%s is called %s in the example", s.ID, e.ID)
		}
		if both && s.Verified != "listed" && e.Verified != s.Verified && !strings.Contains(e.Notes, string(s.Verified)) {
			t.Errorf("%s: verified %s, but the example says %q (%s)", s.ID, s.Verified, e.Verified, e.Notes)
		}
	}
}
