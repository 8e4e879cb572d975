package config

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"

	"communique/aggregator/tag"
)

// Reference gives the manual of the file as Markdown, made from the comments of
// its types.
func Reference() ([]byte, error) {
	text, err := pages()
	if err != nil {
		return nil, err
	}
	return referenceWith(text), nil
}

func referenceWith(text map[string]string) []byte {
	b := &bytes.Buffer{}
	b.WriteString(`# The configuration file

<!-- Made by ` + "`communique config reference`" + ` from the comments in config/types.go. Do not edit. -->

The least that works:

` + "```yaml" + `
sources:
  - id: harbour
    url: https://harbour.example/rss.xml
` + "```" + `

`)
	prose(b, text["Config"], "")
	b.WriteString("`communique check` says everything that is wrong with it, each error with file, line and column. For an editor that\nknows the schema (`communique config schema`), begin the file with:\n\n" +
		"```yaml\n# yaml-language-server: $schema=communique.schema.json\n```\n\n")

	t := reflect.TypeFor[Config]()
	b.WriteString("## Top level\n\n")
	entries(b, t, text)
	for _, f := range planOf(t).fields {
		ft := t.Field(f.index).Type
		list := ft.Kind() == reflect.Slice
		if list {
			ft = ft.Elem()
		}
		if !isSection(ft) {
			continue
		}
		head := f.key
		if list {
			head += "[]"
		}
		section(b, ft, "`"+head+"`", text)
	}

	b.WriteString("## Kinds of values\n\n")
	for _, s := range []any{
		ID(""), Term(""), Country(""), Language(""), Search(""), Duration(0), Bytes(0), URL(""), Address(""), Authority(""), Network{},
		Path(""), Rate{}, Rhythm(""), Zone(""), Share{}, Verified(""), Origin(""), FeedPath(""), Colour(""), Secret{}, tag.Example{},
	} {
		name := reflect.TypeOf(s).Name()
		fmt.Fprintf(b, "### %s\n\n", strings.ToLower(name))
		prose(b, text[name], "")
	}
	return append(bytes.TrimRight(b.Bytes(), "\n"), '\n')
}

// isSection reports whether a type is a mapping with keys of ours.
func isSection(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != reflect.TypeFor[Secret]() && t != reflect.TypeFor[later]() && t != reflect.TypeFor[tag.Example]() &&
		!reflect.PointerTo(t).Implements(reflect.TypeFor[scalar]())
}

// section writes a section and, after it, those within it; the ones of one type
// share a heading.
func section(b *bytes.Buffer, t reflect.Type, head string, text map[string]string) {
	fmt.Fprintf(b, "## %s\n\n", head)
	prose(b, text[t.Name()], "")
	entries(b, t, text)
	var inner []reflect.Type
	heads := map[reflect.Type]string{}
	for _, f := range planOf(t).fields {
		ft, key := t.Field(f.index).Type, f.key
		if ft.Kind() == reflect.Slice {
			ft, key = ft.Elem(), key+"[]"
		}
		if !isSection(ft) || ft == t { // a query in a query
			continue
		}
		before, _, _ := strings.Cut(head, ",")
		key = strings.TrimSuffix(before, "`") + "." + key + "`"
		if heads[ft] == "" {
			heads[ft] = key
			inner = append(inner, ft)
		} else {
			heads[ft] += ", " + key
		}
	}
	for _, ft := range inner {
		section(b, ft, heads[ft], text)
	}
}

// prose writes a comment: paragraphs, and YAML where it is indented.
func prose(b *bytes.Buffer, text, indent string) {
	for p := range strings.SplitSeq(text, "\n\n") {
		if strings.HasPrefix(p, "\t") {
			p = "```yaml\n" + strings.ReplaceAll(p[1:], "\n\t", "\n") + "\n```"
		}
		for line := range strings.Lines(p) {
			b.WriteString(indent + line)
		}
		b.WriteString("\n\n")
	}
}

// entries writes a section's keys.
func entries(b *bytes.Buffer, t reflect.Type, text map[string]string) {
	for _, f := range planOf(t).fields {
		sf := t.Field(f.index)
		fmt.Fprintf(b, "- **`%s`**: %s", f.key, kindText(sf.Type))
		if f.required {
			b.WriteString(", needed")
		}
		if f.max != "" {
			fmt.Fprintf(b, ", %s to %s", f.min, f.max)
		} else if f.min != "" {
			fmt.Fprintf(b, ", at least %s", f.min)
		}
		if f.fallback != "" {
			fmt.Fprintf(b, ", default `%s`", f.fallback)
		} else if _, ok := planOf(reflect.TypeFor[Defaults]()).byKey[f.key]; ok && t == reflect.TypeFor[Source]() {
			fmt.Fprintf(b, ", default as `defaults.%s`", f.key)
		}
		if about := text[t.Name()+"."+sf.Name]; about != "" {
			b.WriteString("\\\n")
			prose(b, about, "  ")
		} else {
			b.WriteString("\n\n")
		}
		if f.example != "" {
			example := f.example
			if isText(sf.Type) && strings.ContainsAny(example[:1], "@*:&!%`>|{[") {
				example = fmt.Sprintf("%q", example)
			}
			b.Truncate(b.Len() - 1)
			fmt.Fprintf(b, "  Example: `%s: %s`\n\n", f.key, example)
		}
	}
}

// kindText is what a value is called in the reference.
func kindText(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[later]():
		return "not available in this version"
	case reflect.TypeFor[Headers]():
		return "section of name: secret"
	case reflect.TypeFor[AdminAddress]():
		return "address or `off`"
	case reflect.TypeFor[Titles]():
		return "text, or section of language: text"
	case reflect.TypeFor[Languages]():
		return "`all`, or section"
	case reflect.TypeFor[Queries]():
		return "section, or list of sections"
	case reflect.TypeFor[Lists]():
		return "text or section, or list of them"
	}
	if w, ok := reflect.Zero(t).Interface().(interface{ words() []string }); ok {
		var words []string
		for _, word := range w.words() {
			words = append(words, "`"+word+"`")
		}
		return alternatives(words)
	}
	if name := t.Name(); reflect.PointerTo(t).Implements(reflect.TypeFor[scalar]()) || t == reflect.TypeFor[Secret]() || t == reflect.TypeFor[tag.Example]() {
		return fmt.Sprintf("[%s](#%s)", strings.ToLower(name), strings.ToLower(name))
	}
	switch t.Kind() {
	case reflect.Pointer:
		return kindText(t.Elem())
	case reflect.Slice:
		if isSection(t.Elem()) {
			return "list of sections"
		}
		return "list of " + kindText(t.Elem())
	case reflect.Map:
		return "section of name: " + kindText(t.Elem())
	case reflect.Struct:
		return "section"
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "whole number"
	case reflect.Float64:
		return "number"
	}
	return t.Kind().String()
}
