package serve

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"communique/feeds"
	"communique/feeds/words"
)

// object is JSON as it is written; encoding/json sorts its keys.
type object = map[string]any

// openAPI makes the OpenAPI 3.1 document of the API from the table of routes
// and the types of the answers, so that it cannot say anything else than they do.
func (s *Server) openAPI() (*document, error) {
	schemas := schemas{}
	paths := object{}
	for _, r := range s.routes() {
		paths[r.path] = object{"get": s.operation(&r, schemas)}
	}
	problem := schemas.of(reflect.TypeFor[problemShape]())
	answers := object{}
	for _, k := range problems {
		name := statusName(k.status)
		if answers[name] != nil {
			continue
		}
		headers := object{}
		if k.status == http.StatusTooManyRequests || k.status == http.StatusServiceUnavailable {
			headers["Retry-After"] = object{"description": "Seconds to wait.", "schema": object{"type": "integer"}}
		}
		answers[name] = object{"description": k.title + ".", "headers": headers, "content": object{"application/problem+json": object{"schema": problem}}}
	}
	return s.jsonDocument(object{
		"openapi": "3.1.0",
		"info": object{
			"title": s.o.Site.Title, "version": "1",
			"description": "Statements of " + s.o.Site.Title + ", each once, with the copies of every office and language. For reading only, without a key. " +
				"Answers have an ETag: ask with If-None-Match and pay nothing for what has not changed. Times are RFC 3339 in UTC. Fields may be added.",
		},
		"servers":    []any{object{"url": strings.TrimRight(s.o.Site.BaseURL, "/")}},
		"paths":      paths,
		"components": object{"schemas": schemas, "responses": answers},
	}, time.Time{}, " ")
}

func statusName(status int) string {
	return strings.ReplaceAll(http.StatusText(status), " ", "")
}

func (s *Server) operation(r *route, schemas schemas) object {
	var params []any
	if strings.Contains(r.path, "{id}") {
		params = append(params, object{"name": "id", "in": "path", "required": true, "description": "A statement's id.", "schema": object{"type": "string"}})
	}
	for _, p := range r.params {
		params = append(params, p.described())
	}
	if r.stream {
		params = append(params, object{"name": "Last-Event-ID", "in": "header", "description": "The id of the last event that the reader has.",
			"schema": object{"type": "string", "pattern": "^[0-9]+$"}, "example": "4711"})
	}
	var shapes []any
	for _, a := range r.answer {
		shapes = append(shapes, schemas.of(reflect.TypeOf(a)))
	}
	shape := shapes[0]
	if len(shapes) > 1 {
		shape = object{"anyOf": shapes}
	}
	text := func(about string) object { return object{"description": about, "schema": object{"type": "string"}} }
	headers := object{"ETag": text("For If-None-Match."), "RateLimit-Policy": text("How often one reader may ask."),
		"RateLimit": text("How many requests are left, and in how many seconds all are.")}
	if slices.ContainsFunc(r.params, func(p param) bool { return p.name == "cursor" }) {
		headers["Link"] = text("rel=next leads to the next page (RFC 8288).")
	}
	ok := object{"description": r.summary + ".", "content": object{"application/json": object{"schema": shape}}, "headers": headers}
	if r.stream {
		return object{"operationId": r.name, "summary": r.summary, "description": r.about, "parameters": params, "responses": streamed(shapes[0])}
	}
	answers := object{"200": ok, "304": object{"description": "It has not changed."}}
	if r.moved {
		answers["301"] = object{"description": "It turned out to be another statement's; Location leads there.", "headers": object{"Location": text("Where it is.")}}
	}
	statuses := []int{http.StatusBadRequest, http.StatusNotAcceptable, http.StatusRequestURITooLong, http.StatusTooManyRequests, http.StatusServiceUnavailable}
	if len(r.params) > 0 {
		statuses = append(statuses, http.StatusNotFound)
	}
	if r.gone {
		statuses = append(statuses, http.StatusGone)
	}
	for _, status := range statuses {
		answers[strconv.Itoa(status)] = object{"$ref": "#/components/responses/" + statusName(status)}
	}
	out := object{"operationId": r.name, "summary": r.summary, "description": r.about, "responses": answers}
	if params != nil {
		out["parameters"] = params
	}
	return out
}

// streamed are the answers of the stream. OpenAPI 3.1 has no words for events, so
// they are described.
func streamed(withdrawn any) object {
	answers := object{"200": object{
		"description": "The stream: `statement` has an item of JSON Feed 1.1, as /feeds/all.json has it, that is new or changed, to be put in place of the one with its id; " +
			"`withdrawn` has a Withdrawn, also of statements that never were in the selection; `reset` says that the Last-Event-ID is no place here, and that the feed has to be read anew.",
		"content": object{"text/event-stream": object{
			"schema":  object{"type": "string", "description": "Events as the HTML standard has them; the data of each is JSON in one line or more."},
			"example": "retry: 3000\nid: 4711\n\nid: 4712\nevent: withdrawn\ndata: {\"id\":\"tag:example.org,2026:statement/rncattwqa4tcgkwk\"}\n\n",
			"x-event-data": object{
				"statement": object{"type": "object", "required": []string{"id"}, "properties": object{"id": object{"type": "string", "format": "uri"}}, "description": "An item of JSON Feed 1.1."},
				"withdrawn": withdrawn,
				"reset":     object{"type": "object", "maxProperties": 0},
			},
		}},
	}}
	for _, status := range []int{http.StatusBadRequest, http.StatusNotFound, http.StatusRequestURITooLong, http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		answers[strconv.Itoa(status)] = object{"$ref": "#/components/responses/" + statusName(status)}
	}
	return answers
}

func (p *param) described() object {
	schema := object{"type": "string"}
	out := object{"name": p.name, "in": "query", "description": p.about, "schema": schema}
	switch p.kind {
	case "names":
		out["schema"] = object{"type": "array", "items": object{"type": "string"}, "maxItems": maxValues}
		out["style"], out["explode"] = "form", false
		if p.example != "" {
			out["example"] = strings.Split(p.example, ",")
		}
		return out
	case "number":
		schema["type"], schema["minimum"], schema["maximum"], schema["default"] = "integer", 1, maxLimit, usualLimit
		if n, err := strconv.Atoi(p.example); err == nil {
			out["example"] = n
		}
		return out
	case "word":
		schema["enum"] = p.words
	case "time":
		schema["anyOf"] = []any{object{"format": "date-time"}, object{"format": "date"}}
	}
	if p.name == "q" {
		schema["maxLength"] = words.MaxQuery
	}
	if p.example != "" {
		out["example"] = p.example
	}
	return out
}

// schemas are JSON Schemas by the name of a type.
type schemas map[string]any

// of gives the schema of a type as encoding/json writes it: a reference for a
// struct, which is added.
func (all schemas) of(t reflect.Type) object {
	switch t.Kind() {
	case reflect.Pointer:
		return all.of(t.Elem())
	case reflect.Slice:
		return object{"type": "array", "items": all.of(t.Elem())}
	case reflect.Map:
		if t.Elem().Kind() == reflect.Interface {
			return object{"type": "object"}
		}
		return object{"type": "object", "additionalProperties": all.of(t.Elem())}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Struct:
	default:
		panic("serve: no schema for " + t.String()) // a type of shape.go, found by the first test
	}
	name := strings.TrimSuffix(t.Name(), "Shape")
	name = strings.ToUpper(name[:1]) + name[1:]
	ref := object{"$ref": "#/components/schemas/" + name}
	if all[name] != nil {
		return ref
	}
	properties := object{}
	required := []string{}
	all[name] = object{} // a type may hold itself
	for i := range t.NumField() {
		f := t.Field(i)
		key, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if key == "" || key == "-" {
			panic(fmt.Sprintf("serve: %s.%s has no name in JSON", t, f.Name))
		}
		p := all.of(f.Type)
		if about := aboutOf(f); about != "" {
			p["description"] = about
		}
		if format := f.Tag.Get("format"); format != "" {
			p["format"] = format
		}
		if words := f.Tag.Get("enum"); words != "" {
			p["enum"] = strings.Split(words, ",")
		}
		properties[key] = p
		if options != "omitempty" {
			required = append(required, key)
		}
	}
	schema := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	all[name] = schema
	return ref
}

// aboutOf gives what a field means: its own words, or those of a noun.
func aboutOf(f reflect.StructField) string {
	if about := f.Tag.Get("about"); about != "" {
		return about
	}
	switch f.Type {
	case reflect.TypeFor[feeds.SourceID]():
		return "A source's id."
	case reflect.TypeFor[feeds.StatementID]():
		return "A statement's id, as it was then."
	}
	return ""
}
