package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParse: whatever stands in the file, Parse gives a configuration or errors
// with places inside it, and what it gives is the same the second time.
func FuzzParse(f *testing.F) {
	names, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range append(names, "../communique.example.yaml") {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if strings.Contains(string(data), "include") || strings.Contains(string(data), "file:") || len(data) > 1<<16 {
			t.Skip("reads other files")
		}
		c, err := Parse("c.yaml", data, options)
		if err == nil {
			if len(c.SourceConfigs()) != len(c.Sources) || len(c.FeedConfigs()) != len(c.Feeds) {
				t.Fatalf("%d sources came to %d, %d feeds to %d", len(c.Sources), len(c.SourceConfigs()), len(c.Feeds), len(c.FeedConfigs()))
			}
			for _, s := range c.SourceConfigs() {
				if s.Source.ID == "" || s.Source.URL == "" || s.Floor <= 0 || s.Ceiling < s.Floor {
					t.Fatalf("taken for good: %+v", s)
				}
			}
			return
		}
		var all Errors
		if !errors.As(err, &all) || len(all) == 0 {
			t.Fatalf("got %T %v, want Errors", err, err)
		}
		lines := strings.Split(string(data), "\n")
		for _, e := range all {
			if e.File != "c.yaml" || e.Line < 1 || e.Line > len(lines) || e.Col < 1 || e.Col > utf8.RuneCountInString(lines[min(e.Line, len(lines))-1])+1 {
				t.Fatalf("not in the file of %d lines: %v", len(lines), e)
			}
			if e.Msg == "" || strings.Contains(e.Msg, "s3cret") {
				t.Fatalf("bad message: %v", e)
			}
		}
		_, again := Parse("c.yaml", data, options)
		if again == nil || again.Error() != err.Error() {
			t.Fatalf("first\n%v\nthen\n%v", err, again)
		}
	})
}
