package config

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"communique/internal/testkit"
)

func TestEveryYAMLBlockOfTheDocumentsLoads(t *testing.T) {
	for _, name := range []string{"README.md", "docs/push.md"} {
		everyBlockLoads(t, name)
	}
}

func everyBlockLoads(t *testing.T, name string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testkit.Root(t), filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(text, -1)
	if len(blocks) == 0 {
		t.Fatalf("%s shows no configuration", name)
	}
	for _, b := range blocks {
		c, err := Parse(name, b[1], Options{})
		if err != nil {
			t.Errorf("%v\n%s", err, b[1])
		} else if len(c.SourceConfigs()) == 0 {
			t.Errorf("no source in\n%s", b[1])
		}
	}
}
