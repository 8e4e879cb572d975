package config

import (
	"reflect"
	"testing"

	"communique/aggregator/tag"
)

func TestExamplesHaveSeveralForms(t *testing.T) {
	c := parse1(t, `
sources: []
taxonomy:
  topics:
    - id: harbours
      patterns:
        en: [harbour safety]
        fr: [sécurité du port]
      examples:
        - Harbour safety
        - "! Safe at sea"
        - {yes: Sécurité du port, lang: fr}
        - {no: Le port, lang: fr}
        - {text: Harbour safety, lang: en, yes: true}
        - {text: Harbour safety, lang: en, yes}
        - {text: At sea, lang: en, no: true}
        - {text: At sea, no}
        - {text: At sea, yes: no}
        - text: Harbour safety
`)
	want := []tag.Example{
		{Text: "Harbour safety"}, {Text: "Safe at sea", No: true}, {Text: "Sécurité du port", Lang: "fr"}, {Text: "Le port", Lang: "fr", No: true},
		{Text: "Harbour safety", Lang: "en"}, {Text: "Harbour safety", Lang: "en"}, {Text: "At sea", Lang: "en", No: true}, {Text: "At sea", No: true},
		{Text: "At sea", No: true}, {Text: "Harbour safety"},
	}
	if got := c.Taxonomy.Topics[0].Examples; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}
