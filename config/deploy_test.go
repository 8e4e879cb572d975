package config

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"communique/internal/testkit"

	"go.yaml.in/yaml/v4"
)

// TestTheConfigurationsThatAreDeployedLoad reads that of the Debian package and that
// of the Kubernetes manifests.
func TestTheConfigurationsThatAreDeployedLoad(t *testing.T) {
	deploy := filepath.Join(testkit.Root(t), "deploy")
	if _, err := Load(filepath.Join(deploy, "debian", "communique.yaml"), Options{}); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(filepath.Join(deploy, "kubernetes", "communique.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for probe, path := range map[string]string{"startup": "/livez", "liveness": "/livez", "readiness": `"/readyz?exclude=write"`} {
		if !regexp.MustCompile(probe + `Probe:.*\n +httpGet: \{path: ` + regexp.QuoteMeta(path) + `,`).Match(text) {
			t.Errorf("the %s probe does not ask %s", probe, path)
		}
	}
	kinds := map[string]int{}
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for {
		var m struct {
			Kind string
			Data map[string]string
			Spec struct {
				Replicas int
			}
		}
		if err := loader.Load(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		kinds[m.Kind]++
		switch m.Kind {
		case "ConfigMap":
			env := func(name string) (string, bool) { return "0123456789abcdef", name == "COMMUNIQUE_ADMIN_TOKEN" }
			if _, err := Parse("communique.yaml", []byte(m.Data["communique.yaml"]), Options{Env: env}); err != nil {
				t.Errorf("the ConfigMap: %v", err)
			}
		case "StatefulSet":
			if m.Spec.Replicas != 1 {
				t.Errorf("%d replicas; one process may write the store", m.Spec.Replicas)
			}
		}
	}
	for _, kind := range []string{"ConfigMap", "StatefulSet", "Service", "PodDisruptionBudget", "NetworkPolicy"} {
		if kinds[kind] != 1 {
			t.Errorf("%d of kind %s, want 1", kinds[kind], kind)
		}
	}
}
