package config

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
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
var rules = map[string]bool{"Taxonomy": true, "Rule": true, "Window": true}

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
	for _, name := range []string{"types.go", "scalar.go", "secret.go", "../aggregator/tag/taxonomy.go"} {
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
