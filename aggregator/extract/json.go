package extract

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/theory/jsonpath"

	"communique/feeds"
)

// paths are JSONPaths for one field; the first that gives anything counts.
type paths []*jsonpath.Path

// jsonRules are compiled rules of a JSON API's answer.
type jsonRules struct {
	items                                                                                                  *jsonpath.Path
	id, title, link, published, updated, summary, content, image, author, categories, enclosures, language paths
}

// presets are what the APIs of common systems answer: WordPress REST API v2
// posts, Drupal core JSON:API nodes, ReliefWeb API v2 reports.
var presets = map[string]map[string][]string{
	"wordpress": {
		"items": {"$[*]"}, "id": {"$.guid.rendered"}, "title": {"$.title.rendered"}, "link": {"$.link"},
		"published": {"$.date_gmt", "$.date"}, "updated": {"$.modified_gmt"}, "summary": {"$.excerpt.rendered"}, "content": {"$.content.rendered"},
		"image": {"$._embedded['wp:featuredmedia'][0].source_url"}, "author": {"$._embedded.author[*].name"}, "categories": {"$._embedded['wp:term'][*][*].name"},
		"language": {"$.lang"},
	},
	"drupal": {
		"items": {"$.data[*]"}, "id": {"$.id"}, "title": {"$.attributes.title"}, "link": {"$.attributes.path.alias", "$.links.self.href"},
		"published": {"$.attributes.created"}, "updated": {"$.attributes.changed"},
		"summary": {"$.attributes.body.summary", "$.attributes.field_summary.processed"}, "content": {"$.attributes.body.processed", "$.attributes.body.value"},
		"language": {"$.attributes.langcode"},
	},
	"reliefweb": {
		"items": {"$.data[*]"}, "id": {"$.id"}, "title": {"$.fields.title"}, "link": {"$.fields.url_alias", "$.fields.url", "$.href"},
		"published": {"$.fields.date.original", "$.fields.date.created"}, "updated": {"$.fields.date.changed"},
		"content": {"$.fields['body-html']", "$.fields.body"}, "image": {"$.fields.headline.image.url", "$.fields.image.url"},
		"author": {"$.fields.source[*].name"}, "categories": {"$.fields.theme[*].name"}, "enclosures": {"$.fields.file[*].url"},
		"language": {"$.fields.language[0].code"},
	},
}

// Presets names them.
func Presets() []string { return []string{"drupal", "reliefweb", "wordpress"} }

func compileJSON(r Rules) (*jsonRules, []RuleError) {
	var j jsonRules
	var errs []RuleError
	preset, known := presets[r.Preset]
	if r.Preset != "" && !known {
		errs = append(errs, RuleError{"preset", fmt.Sprintf("%q is none of %s", r.Preset, strings.Join(Presets(), ", "))})
	}
	compile := func(key, rule string) paths {
		all := preset[key]
		if rule != "" {
			all = []string{rule}
		}
		var out paths
		for _, p := range all {
			path, err := jsonpath.Parse(p)
			if err != nil {
				errs = append(errs, RuleError{key, fmt.Sprintf("%q is no JSONPath (RFC 9535): %s", p, strings.TrimPrefix(err.Error(), "jsonpath: "))})
				continue
			}
			out = append(out, path)
		}
		return out
	}
	if items := compile("items", r.Items); len(items) > 0 {
		j.items = items[0]
	} else if len(errs) == 0 {
		errs = append(errs, RuleError{"items", "is missing; give a JSONPath of the elements that are one statement each, such as $.data[*], or a preset"})
	}
	for _, f := range []struct {
		key, rule string
		into      *paths
	}{{"id", r.ID, &j.id}, {"title", r.Title, &j.title}, {"link", r.Link, &j.link}, {"published", r.Published, &j.published}, {"updated", r.Updated, &j.updated},
		{"summary", r.Summary, &j.summary}, {"content", r.Content, &j.content}, {"image", r.Image, &j.image}, {"author", r.Author, &j.author},
		{"categories", r.Categories, &j.categories}, {"enclosures", r.Enclosures, &j.enclosures}, {"language", r.Language, &j.language}} {
		*f.into = compile(f.key, f.rule)
	}
	if len(errs) == 0 && j.title == nil && j.link == nil {
		errs = append(errs, RuleError{"title", "is missing, and link too; give at least one of them"})
	}
	return &j, errs
}

// maxDepth is how deep a JSON text may nest.
const maxDepth = 200

func (j *jsonRules) read(body []byte, base *url.URL, o Options) (Page, error) {
	var answer any
	if tooDeep(body) {
		return Page{}, &Error{"broken", fmt.Sprintf("the JSON nests more than %d deep", maxDepth)}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		if head := strings.TrimSpace(string(body[:min(len(body), 256)])); strings.HasPrefix(head, "<") {
			return Page{}, &Error{"html", "a page came instead of JSON"}
		}
		return Page{}, &Error{"broken", "it is no JSON: " + err.Error()}
	}
	g := newGatherer(JSON, base, o)
	items := j.items.Select(answer)
	if len(items) == 0 {
		if list, ok := answer.([]any); ok && len(list) == 0 {
			return Page{Document: g.doc}, nil // an API that has nothing says so
		}
		return Page{}, &Error{"no-items", "the path of items selects nothing in the answer"}
	}
	for _, v := range items {
		g.add(j.item(v, base))
	}
	return Page{Document: g.doc}, nil
}

// tooDeep reports whether brackets nest deeper than any API's answer does.
func tooDeep(body []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

func (j *jsonRules) item(v any, base *url.URL) feeds.Item {
	it := feeds.Item{Base: base.String(), ID: j.id.first(v)}
	page(&it, absolute(base, j.link.first(v)))
	// What an API calls a title may hold entities and elements: normalize looks.
	it.Title = feeds.Text{Value: j.title.first(v)}
	it.Published, it.Updated, it.Language = j.published.first(v), j.updated.first(v), j.language.first(v)
	it.Summary = feeds.Text{Value: j.summary.first(v)}
	it.Content = feeds.Text{Value: j.content.first(v)}
	it.Image = absolute(base, j.image.first(v))
	for _, a := range j.author.all(v) {
		it.Authors = append(it.Authors, feeds.Person{Name: a})
	}
	for _, c := range j.categories.all(v) {
		it.Categories = append(it.Categories, feeds.Category{Term: c})
	}
	for _, e := range j.enclosures.all(v) {
		if href := absolute(base, e); href != "" {
			it.Enclosures = append(it.Enclosures, feeds.Enclosure{URL: href})
		}
	}
	return it
}

// first gives the first text that one of the paths leads to.
func (p paths) first(v any) string {
	for _, path := range p {
		for _, found := range path.Select(v) {
			if s := scalar(found); s != "" {
				return s
			}
		}
	}
	return ""
}

// all gives every text that the first path that gives any leads to.
func (p paths) all(v any) []string {
	for _, path := range p {
		var out []string
		for _, found := range path.Select(v) {
			if s := scalar(found); s != "" && len(out) < 50 {
				out = append(out, s)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

// scalar gives a JSON value as text, "" for what is none.
func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}
