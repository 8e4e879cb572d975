package parse

import (
	"slices"
	"strings"

	"communique/feeds"

	ext "github.com/mmcdole/gofeed/extensions"
)

// category adds an RSS category.
func (f *fill) category(out []feeds.Category, e *element) []feeds.Category {
	if e == nil {
		return out
	}
	c := feeds.Category{Term: f.value(e), Scheme: strings.TrimSpace(e.attr("domain")), Label: strings.TrimSpace(e.attr("label"))}
	if c.Scheme == "" {
		c.Scheme = strings.TrimSpace(e.attr("scheme"))
	}
	if c.Term == "" {
		c.Term = strings.TrimSpace(e.attr("term"))
	}
	if c.Term == "" && c.Label == "" || slices.Contains(out, c) {
		return out
	}
	return append(out, c)
}

// categories adds what other vocabularies say about subjects.
func (f *fill) categories(out []feeds.Category, k *skeleton, x ext.Extensions) []feeds.Category {
	for _, prefix := range []string{"itunes", "media"} {
		for _, e := range k.all(x, prefix, "keywords") {
			for _, w := range strings.FieldsFunc(f.value(e), func(r rune) bool { return r == ',' || r == ';' }) {
				if c := (feeds.Category{Term: strings.TrimSpace(w)}); c.Term != "" && !slices.Contains(out, c) {
					out = append(out, c)
				}
			}
		}
	}
	for _, prefix := range []string{"itunes", "googleplay"} {
		for _, e := range k.all(x, prefix, "category") {
			out = f.podcastCategory(out, e, 0)
		}
	}
	for _, e := range slices.Concat(k.all(x, "dc", "subject"), k.all(x, "dcterms", "subject"), k.all(x, "atom", "category"), k.all(x, "media", "category")) {
		out = f.category(out, e)
	}
	return out
}

// podcastCategory adds <itunes:category text="…"> and those in it.
func (f *fill) podcastCategory(out []feeds.Category, e *element, depth int) []feeds.Category {
	term := strings.TrimSpace(e.attr("text"))
	if term == "" {
		if term = f.value(e); f.hasMarkup(e.inner) {
			term = ""
		}
	}
	if c := (feeds.Category{Term: term}); term != "" && !slices.Contains(out, c) {
		out = append(out, c)
	}
	if depth < 3 {
		f.children(e.inner, e.context, func(kid *element) bool {
			if kid.local == "category" {
				out = f.podcastCategory(out, kid, depth+1)
			}
			return len(out) < f.options.MaxValues
		})
	}
	return out
}

// atomCategory adds an Atom category.
func (f *fill) atomCategory(out []feeds.Category, e *element) []feeds.Category {
	if e == nil {
		return out
	}
	c := feeds.Category{Term: strings.TrimSpace(e.attr("term")), Scheme: strings.TrimSpace(e.attr("scheme")), Label: strings.TrimSpace(e.attr("label"))}
	if c.Term == "" {
		c.Term = f.value(e)
	}
	if c.Term == "" && c.Label == "" || slices.Contains(out, c) {
		return out
	}
	return append(out, c)
}
