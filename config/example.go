package config

import (
	"strings"

	"communique/aggregator/tag"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v4"
)

// example decodes a text that a rule is tried on, in all its forms: the text
// alone or with "!" before it, {yes: text} and {no: text}, and {text, yes} or
// {text, no: true}.
func (d *decoder) example(e *tag.Example, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		text, ok := d.text(n)
		if !ok {
			return
		}
		rest, no := strings.CutPrefix(text, "!")
		*e = tag.Example{Text: strings.TrimSpace(rest), No: no}
		return
	}
	judged := ""
	for _, p := range d.pairs(n) {
		d.steps = append(d.steps, step{key: p.name, node: p.key})
		switch p.name {
		case "text":
			d.exampleText(e, p)
		case "lang":
			e.Lang, _ = d.text(p.value)
		case "yes", "no":
			if judged != "" {
				d.errorAt(p.key, "stands beside "+quote(judged)+"; an example is one or the other")
				break
			}
			judged = p.name
			d.verdict(e, p)
		default:
			d.errorAt(p.key, "unknown key; an example has text, lang, and yes or no")
		}
		d.steps = d.steps[:len(d.steps)-1]
	}
}

// verdict decodes yes and no, which hold the text itself, or true, or nothing.
func (d *decoder) verdict(e *tag.Example, p pair) {
	e.No = p.name == "no"
	n := resolve(p.value)
	switch {
	case n == nil || n.Kind == yaml.ScalarNode && n.Tag == "!!null":
	case n.Kind == yaml.ScalarNode && (n.Tag == "!!bool" || strings.EqualFold(n.Value, "yes") || strings.EqualFold(n.Value, "no")):
		if strings.EqualFold(n.Value, "false") || strings.EqualFold(n.Value, "no") {
			e.No = !e.No
		}
	default:
		d.exampleText(e, p)
	}
}

func (d *decoder) exampleText(e *tag.Example, p pair) {
	text, ok := d.text(p.value)
	if ok && e.Text != "" {
		d.errorAt(p.key, "is a second text; an example has one")
	}
	e.Text = text
}

// exampleSchema is the same for editors.
func exampleSchema() *jsonschema.Schema {
	text := &jsonschema.Schema{Type: "string"}
	props := jsonschema.NewProperties()
	either := &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "boolean"}, {Type: "null"}}}
	props.Set("text", text)
	props.Set("lang", &jsonschema.Schema{Type: "string", Pattern: "^[a-z]{2,3}$"})
	props.Set("yes", either)
	props.Set("no", either)
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{text, {Type: "object", Properties: props, AdditionalProperties: jsonschema.FalseSchema}}}
}
