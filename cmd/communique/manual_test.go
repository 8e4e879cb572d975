package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"communique/internal/testkit"
)

// TestManPagesAndCompletionsAreUpToDate makes them from the commands; -update
// writes them. The maker of man pages is in no release: it is needed here only.
func TestManPagesAndCompletionsAreUpToDate(t *testing.T) {
	deploy := filepath.Join(testkit.Root(t), "deploy")
	root := (&app{}).root()
	root.InitDefaultCompletionCmd()
	root.DisableAutoGenTag = true // it says the day
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	t.Setenv("SOURCE_DATE_EPOCH", "")
	made := map[string]bool{}
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		c.DisableAutoGenTag = true
		var b bytes.Buffer
		if err := doc.GenMan(c, &doc.GenManHeader{Section: "1", Source: "communique", Manual: "communique", Date: &day}, &b); err != nil {
			t.Fatal(err)
		}
		name := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
		made[name] = true
		testkit.Golden(t, filepath.Join(deploy, "man", name), b.Bytes())
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() && !sub.IsAdditionalHelpTopicCommand() && sub.Name() != "completion" {
				visit(sub)
			}
		}
	}
	visit(root)
	pages, err := os.ReadDir(filepath.Join(deploy, "man"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		if !made[p.Name()] {
			t.Errorf("deploy/man/%s is of no command any more; take it out", p.Name())
		}
	}

	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		code, stdout, stderr := command(t, "", "completion", shell)
		if code != 0 {
			t.Fatalf("completion %s: %s", shell, stderr)
		}
		end := map[string]string{"powershell": "ps1"}[shell]
		if end == "" {
			end = shell
		}
		testkit.Golden(t, filepath.Join(deploy, "completions", "communique."+end), []byte(stdout))
	}
}
