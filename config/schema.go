package config

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"reflect"

	"communique/aggregator/tag"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v4"
)

// manual is the comments of the types as JSON: "Source.Schedule" to its text.
// A test makes it from the source and keeps it so; see manual_test.go.
//
//go:embed manual.json
var manual []byte

// pages gives the comments by "Type.Field", or "Type".
func pages() (map[string]string, error) {
	var m map[string]string
	err := json.Unmarshal(manual, &m)
	return m, err
}

// Schema gives the JSON Schema (draft 2020-12) of the file, for editors.
func Schema() ([]byte, error) {
	text, err := pages()
	if err != nil {
		return nil, err
	}
	return schemaWith(text)
}

func schemaWith(text map[string]string) ([]byte, error) {
	r := jsonschema.Reflector{
		FieldNameTag: "yaml", Anonymous: true, ExpandedStruct: true, RequiredFromJSONSchemaTags: true,
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			if t == reflect.TypeFor[tag.Example]() {
				return exampleSchema()
			}
			return nil
		},
		LookupComment: func(t reflect.Type, field string) string {
			if field == "" {
				return text[t.Name()]
			}
			return text[t.Name()+"."+field]
		},
	}
	s := r.Reflect(&Config{})
	s.Title = "communique.yaml"
	s.PatternProperties = map[string]*jsonschema.Schema{"^x-": {Description: "A place for anchors."}}
	if err := annotate(s, s, reflect.TypeFor[Config]()); err != nil {
		return nil, err
	}
	out, err := json.MarshalIndent(s, "", "  ")
	return append(out, '\n'), err
}

// annotate adds to a section's schema what the fields' tags say, and goes on to
// the sections within.
func annotate(root, s *jsonschema.Schema, t reflect.Type) error {
	for _, f := range planOf(t).fields {
		prop, ok := s.Properties.Get(f.key)
		if !ok {
			return fmt.Errorf("config: %s.%s is not in the schema", t.Name(), f.key)
		}
		if f.required {
			s.Required = append(s.Required, f.key)
		}
		if f.max != "" && !isText(t.Field(f.index).Type) {
			prop.Minimum, prop.Maximum = json.Number(f.min), json.Number(f.max)
		}
		for _, v := range []struct {
			text string
			to   func(any)
		}{
			{f.fallback, func(v any) { prop.Default = v }},
			{f.example, func(v any) { prop.Examples = []any{v} }},
		} {
			if v.text == "" {
				continue
			}
			var value any = v.text
			if !isText(t.Field(f.index).Type) {
				if err := yaml.Load([]byte(v.text), &value); err != nil {
					return fmt.Errorf("config: %s.%s: %w", t.Name(), f.key, err)
				}
			}
			v.to(value)
		}
		ft := t.Field(f.index).Type
		for ft.Kind() == reflect.Slice || ft.Kind() == reflect.Pointer {
			ft = ft.Elem()
		}
		if def := root.Definitions[ft.Name()]; ft.Kind() == reflect.Struct && def != nil && def.Properties != nil && def.Extras == nil {
			def.Extras = map[string]any{} // visited
			if err := annotate(root, def, ft); err != nil {
				return err
			}
		}
	}
	return nil
}

// isText reports whether a type is written as one text.
func isText(t reflect.Type) bool {
	return t.Kind() == reflect.String || t == reflect.TypeFor[Secret]() || reflect.PointerTo(t).Implements(reflect.TypeFor[scalar]())
}

// textOf is the schema of a text of ours.
func textOf(pattern string, examples ...any) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: pattern, Examples: examples}
}

// wordsOf is the schema of a choice.
func wordsOf(words []string) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	for _, w := range words {
		s.Enum = append(s.Enum, w)
	}
	return s
}

// What editors are told of the texts of ours: enough to catch slips while
// typing; `check` knows better.
func (ID) JSONSchema() *jsonschema.Schema      { return textOf(idForm.String()) }
func (Term) JSONSchema() *jsonschema.Schema    { return textOf(idForm.String()) }
func (Country) JSONSchema() *jsonschema.Schema { return textOf(countryForm.String()) }
func (Language) JSONSchema() *jsonschema.Schema {
	return textOf(`^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$`)
}
func (Duration) JSONSchema() *jsonschema.Schema { return textOf(durationForm.String()) }
func (Bytes) JSONSchema() *jsonschema.Schema    { return textOf(bytesForm.String()) }
func (Rhythm) JSONSchema() *jsonschema.Schema   { return textOf("") }
func (Zone) JSONSchema() *jsonschema.Schema     { return textOf("") }
func (Path) JSONSchema() *jsonschema.Schema     { return textOf("") }
func (Secret) JSONSchema() *jsonschema.Schema   { return textOf("") }
func (Search) JSONSchema() *jsonschema.Schema   { return textOf("") }
func (Network) JSONSchema() *jsonschema.Schema  { return textOf(`^[0-9a-fA-F:.]+(/\d{1,3})?$`) }
func (Address) JSONSchema() *jsonschema.Schema  { return textOf(`:\d{1,5}$|\$\{`) }
func (AdminAddress) JSONSchema() *jsonschema.Schema {
	return textOf(`^off$|:\d{1,5}$|\$\{`)
}
func (Rate) JSONSchema() *jsonschema.Schema       { return textOf(`^(off|[1-9][0-9]{0,6}/[smhd])$`) }
func (Authority) JSONSchema() *jsonschema.Schema  { return textOf(authorityForm.String()) }
func (Verified) JSONSchema() *jsonschema.Schema   { return textOf(`^(listed|\d{4}-\d{2}-\d{2})$`) }
func (URL) JSONSchema() *jsonschema.Schema        { return textOf(`^https?://|\$\{`) }
func (k Kind) JSONSchema() *jsonschema.Schema     { return wordsOf(k.words()) }
func (i Identity) JSONSchema() *jsonschema.Schema { return wordsOf(i.words()) }
func (d Distrust) JSONSchema() *jsonschema.Schema { return wordsOf(d.words()) }
func (f Flood) JSONSchema() *jsonschema.Schema    { return wordsOf(f.words()) }
func (m Match) JSONSchema() *jsonschema.Schema    { return wordsOf(m.words()) }
func (c Content) JSONSchema() *jsonschema.Schema  { return wordsOf(c.words()) }
func (f Framers) JSONSchema() *jsonschema.Schema  { return wordsOf(f.words()) }
func (s Scheme) JSONSchema() *jsonschema.Schema   { return wordsOf(s.words()) }
func (f Font) JSONSchema() *jsonschema.Schema     { return wordsOf(f.words()) }
func (Origin) JSONSchema() *jsonschema.Schema     { return textOf(`^https?://[^/?#@\s]+$`) }
func (FeedPath) JSONSchema() *jsonschema.Schema   { return textOf(feedPathForm.String()) }
func (Colour) JSONSchema() *jsonschema.Schema {
	return textOf(`^#(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$`)
}
func (s Subscribe) JSONSchema() *jsonschema.Schema { return wordsOf(s.words()) }
func (s Signature) JSONSchema() *jsonschema.Schema { return wordsOf(s.words()) }
func (e Event) JSONSchema() *jsonschema.Schema     { return wordsOf(e.words()) }

// JSONSchema lets editors mark a section that does nothing yet.
func (later) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Not: &jsonschema.Schema{}, Comments: "not available in this version"}
}

// JSONSchema is of headers by name.
func (Headers) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", AdditionalProperties: &jsonschema.Schema{Type: "string"}}
}
