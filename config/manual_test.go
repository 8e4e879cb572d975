package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"communique/internal/testkit"
)

// forOperators takes away the name that Go comments begin with, as an operator
// knows the thing by its key: "Site is how …" becomes "How …".
func forOperators(key, text string) string {
	name := key[strings.LastIndex(key, ".")+1:]
	if strings.Contains(key, ".") && !rules[key[:strings.Index(key, ".")]] {
		return text // the fields of this package have comments for operators only
	}
	rest, ok := strings.CutPrefix(text, name+" ")
	if !ok {
		return text
	}
	rest = strings.TrimPrefix(strings.TrimPrefix(rest, "is "), "are ")
	r, size := utf8.DecodeRuneInString(rest)
	return string(unicode.ToUpper(r)) + rest[size:]
}

// rules are the types of aggregator/tag.
var rules = map[string]bool{"Taxonomy": true, "Rule": true, "Window": true, "Example": true}

// comments reads the comments of the types and fields that the file is made of.
func comments(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	say := func(key string, doc *ast.CommentGroup) {
		if doc == nil {
			return
		}
		// One line per paragraph; what is indented is YAML and stays as it is.
		var paragraphs []string
		for p := range strings.SplitSeq(strings.TrimSpace(doc.Text()), "\n\n") {
			if !strings.HasPrefix(p, "\t") {
				p = strings.Join(strings.Fields(p), " ")
			}
			paragraphs = append(paragraphs, p)
		}
		out[key] = forOperators(key, strings.Join(paragraphs, "\n\n"))
	}
	for _, name := range []string{"types.go", "feed.go", "scalar.go", "secret.go", "../aggregator/tag/taxonomy.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, s := range g.Specs {
				ts := s.(*ast.TypeSpec)
				if !ts.Name.IsExported() {
					continue
				}
				say(ts.Name.Name, g.Doc)
				st, ok := ts.Type.(*ast.StructType)
				if !ok {
					continue
				}
				for _, field := range st.Fields.List {
					for _, n := range field.Names {
						if n.IsExported() && field.Tag != nil && !strings.Contains(field.Tag.Value, `yaml:"-"`) {
							say(ts.Name.Name+"."+n.Name, field.Doc)
						}
					}
				}
			}
		}
	}
	return out
}

func TestManualSchemaAndReferenceAreUpToDate(t *testing.T) {
	text := comments(t)
	b := &bytes.Buffer{}
	enc := json.NewEncoder(b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(text); err != nil {
		t.Fatal(err)
	}
	testkit.Golden(t, "manual.json", b.Bytes())

	docs := filepath.Join(testkit.Root(t), "docs")
	schema, err := schemaWith(text)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Golden(t, filepath.Join(docs, "communique.schema.json"), schema)
	testkit.Golden(t, filepath.Join(docs, "config.md"), referenceWith(text))
}

func TestEveryDefaultAndExampleIsGood(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var visit func(reflect.Type)
	visit = func(typ reflect.Type) {
		if seen[typ] {
			return
		}
		seen[typ] = true
		for _, f := range planOf(typ).fields {
			ft := typ.Field(f.index).Type
			for _, text := range []string{f.fallback, f.example} {
				if text == "" {
					continue
				}
				if isText(ft) || ft.Kind() == reflect.Pointer && isText(ft.Elem()) {
					text = strconv.Quote(text)
				}
				root, bad := parse([]byte(f.key + ": " + text + "\n"))
				if bad != nil {
					t.Fatalf("%s.%s: %v", typ.Name(), f.key, bad)
				}
				d := &decoder{env: func(string) (string, bool) { return "x", true }, file: &file{name: "c.yaml"}, plans: map[reflect.Type]*plan{}, known: map[memo]reflect.Value{}}
				d.value(reflect.New(ft).Elem(), root.Content[1], &f)
				if len(d.errs) > 0 {
					t.Errorf("%s.%s: %v", typ.Name(), f.key, d.errs)
				}
			}
			for ft.Kind() == reflect.Slice || ft.Kind() == reflect.Pointer {
				ft = ft.Elem()
			}
			if isSection(ft) {
				visit(ft)
			}
		}
	}
	visit(reflect.TypeFor[Config]())
}

// TestEveryExampleInTheManualLoads reads the YAML blocks of docs/config.md.
func TestEveryExampleInTheManualLoads(t *testing.T) {
	text := string(referenceWith(comments(t)))
	blocks := 0
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "secrets"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "secrets", "harbour"), []byte("key"), 0o600); err != nil {
		t.Fatal(err)
	}
	for {
		_, rest, ok := strings.Cut(text, "```yaml\n")
		if !ok {
			break
		}
		block, after, _ := strings.Cut(rest, "```")
		text = after
		if strings.HasPrefix(block, "#") || strings.HasPrefix(block, "schedule:") {
			continue // an editor's line, and the forms of one key
		}
		blocks++
		lines := strings.Split(block, "\n")
		indent := len(lines[0]) - len(strings.TrimLeft(lines[0], " "))
		for i, l := range lines {
			lines[i] = l[min(indent, len(l)):]
		}
		block = strings.Join(lines, "\n")
		if !strings.HasPrefix(block, "sources:") {
			block += "\nsources: []\n"
		}
		if _, err := Parse(filepath.Join(dir, "c.yaml"), []byte(block), options); err != nil {
			t.Errorf("%s\n%v", block, err)
		}
	}
	if blocks < 3 {
		t.Errorf("found %d blocks", blocks)
	}
}

func TestTheSchemaClosesEverySection(t *testing.T) {
	data, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Definitions map[string]map[string]any `json:"$defs"`
		Required    []string                  `json:"required"`
		Additional  any                       `json:"additionalProperties"`
	}
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	if s.Additional != false {
		t.Errorf("the top level takes any key: %v", s.Additional)
	}
	for name, def := range s.Definitions {
		if def["properties"] != nil && def["additionalProperties"] != false {
			t.Errorf("%s takes any key", name)
		}
		if p, ok := def["pattern"].(string); ok {
			if _, err := regexp.Compile(p); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if got := fmt.Sprint(s.Definitions["Source"]["required"]); got != "[id url]" {
		t.Errorf("a source needs %s, want id and url alone", got)
	}
	reference, err := Reference()
	if err != nil || !bytes.Contains(reference, []byte("**`max_body`**")) {
		t.Errorf("the reference lacks a key: %v", err)
	}
}
