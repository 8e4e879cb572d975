package config

import (
	"fmt"
	"reflect"
	"strings"

	"communique/internal/near"
)

// nearest gives the name that was probably meant by a misspelt word, "" for none.
func nearest(word string, names []string) string { return near.Word(word, names) }

// distance is how many letters two words differ by.
func distance(a, b string) int { return near.Distance(a, b) }

// alternatives writes words as "a, b or c".
func alternatives(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// suggest says what an unknown key may have been meant to be.
func (p *plan) suggest(key string) string {
	for i := range p.fields {
		for _, n := range p.fields[i].near {
			if strings.EqualFold(n, key) {
				return fmt.Sprintf("; did you mean %q?", p.fields[i].key)
			}
		}
	}
	if near := nearest(key, p.keys); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	if where := elsewhere(key); where != "" {
		return "; it belongs " + where
	}
	return "; the keys here are " + strings.Join(p.keys, ", ")
}

// elsewhere says where a key is known, "" when it is nowhere.
func elsewhere(key string) string {
	t := reflect.TypeFor[Config]()
	top := planOf(t)
	if _, ok := top.byKey[key]; ok {
		return "at the top level"
	}
	for _, f := range top.fields {
		ft := t.Field(f.index).Type
		if ft.Kind() == reflect.Slice {
			ft = ft.Elem()
		}
		if ft.Kind() != reflect.Struct {
			continue
		}
		if _, ok := planOf(ft).byKey[key]; ok {
			return fmt.Sprintf("under %q", f.key)
		}
	}
	return ""
}
