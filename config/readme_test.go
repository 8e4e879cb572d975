package config

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"communique/internal/testkit"
)

func TestEveryYAMLBlockOfTheREADMELoads(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(testkit.Root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(text, -1)
	if len(blocks) == 0 {
		t.Fatal("the README shows no configuration")
	}
	for _, b := range blocks {
		c, err := Parse("README.md", b[1], Options{})
		if err != nil {
			t.Errorf("%v\n%s", err, b[1])
		} else if len(c.SourceConfigs()) == 0 {
			t.Errorf("no source in\n%s", b[1])
		}
	}
}
