package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"communique/internal/testkit"
)

// TestWhatIsPrintedMeansTheSame prints the real configuration, reads what was
// printed and prints that.
func TestWhatIsPrintedMeansTheSame(t *testing.T) {
	c, err := Load(filepath.Join(testkit.Root(t), "communique.example.yaml"), options)
	if err != nil {
		t.Fatal(err)
	}
	first, err := c.Print()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(filepath.Join(testkit.Root(t), "printed.yaml"), first, options)
	if err != nil {
		t.Fatalf("%v in\n%s", err, first)
	}
	second, err := again.Print()
	if err != nil {
		t.Fatal(err)
	}
	if string(first) != string(second) {
		t.Errorf("printed\n%s\nwhich is read as\n%s", first, second)
	}
	for _, want := range []string{"max_body: 16MiB", "gap: 2s", "rate: 300/m", "id: un-news-fr", "websub: true", "verified: listed"} {
		if !strings.Contains(string(first), want) {
			t.Errorf("want %q in\n%s", want, first)
		}
	}
}

func TestNoSecretIsPrinted(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte("hush-0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "more.yaml"), []byte("sources:\n  - {id: b, url: 'https://b.example/rss', headers: {X-Key: hush-b}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Parse(filepath.Join(dir, "c.yaml"), []byte(`include: [more.yaml]
admin_token: file:token
fetch: {proxy: "http://user:hush-proxy@proxy.example:3128"}
defaults: {headers: {Authorization: "Bearer ${KEY}"}}
sources: [{id: a, url: "https://a.example/rss", allow_networks: [10.0.0.0/8]}]
webhooks: [{name: w, url: "https://w.example/", secret: hush-webhook-0123456789}]
taxonomy: {topics: [{id: quiet, labels: {en: Quiet}, patterns: {en: [quiet]}, examples: ["all quiet"]}]}
feeds: [{name: f, share: 20%, query: {not: {sources: [a]}}}]
`), Options{Env: func(string) (string, bool) { return "hush-env", true }})
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.Print()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out), "hush") {
		t.Errorf("a secret is printed:\n%s", out)
	}
	for _, want := range []string{"admin_token: '***'", "Authorization: '***'", "X-Key: '***'", "proxy: '***'", "secret: '***'", "id: b", "share: 20%", "- 10.0.0.0/8"} {
		if !strings.Contains(strings.ReplaceAll(string(out), `"`, "'"), want) {
			t.Errorf("want %s in\n%s", want, out)
		}
	}
}
