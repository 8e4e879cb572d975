package config

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"communique/aggregator/tag"

	"go.yaml.in/yaml/v4"
)

// file is one file of the configuration, parsed.
type file struct {
	name    string
	order   int        // the main file is 0, then as they were included
	root    *yaml.Node // its mapping; nil when there is none
	aliases int        // how many nodes may be reached through aliases
}

// place is where a section stands, so that checks of decoded values can still
// point into the file. Sections that want one have a field `At place`.
type place struct {
	file *file
	node *yaml.Node // a mapping; nil when the section is not in the file
	path string
}

// decoder turns YAML nodes into the types of types.go. It goes on after an
// error, so that all are found.
type decoder struct {
	env   func(string) (string, bool)
	file  *file
	steps []step // from the root of the file to the node at hand
	plans map[reflect.Type]*plan
	known map[memo]reflect.Value
	files []string // that secrets came from
	errs  Errors

	open    map[*yaml.Node]bool // aliased nodes that we are inside of
	aliased int                 // nodes seen through aliases
}

// step is a key or, when key is "", a place in a list.
type step struct {
	key  string
	i    int
	node *yaml.Node
}

// plan is how a struct is written in YAML.
type plan struct {
	fields []field
	byKey  map[string]int
	keys   []string // without those that do nothing yet
	at     int      // index of the field that takes the place, -1 when there is none
}

type field struct {
	key      string
	index    int
	fallback string // the default, as it would be written; "" when there is none
	required bool
	min, max string
	near     []string // what people write instead
	example  string
}

// freeAliased is how many nodes may be reached through aliases, and one more for
// each byte of the file: an anchor used by every source of a long list is fine, a
// "billion laughs" is not.
const freeAliased = 10_000

func (d *decoder) plan(t reflect.Type) *plan {
	if p := d.plans[t]; p != nil {
		return p
	}
	p := planOf(t)
	d.plans[t] = p
	return p
}

func planOf(t reflect.Type) *plan {
	p := &plan{byKey: map[string]int{}, at: -1}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Type == reflect.TypeFor[place]() {
			p.at = i
		}
		key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if !f.IsExported() || key == "-" {
			continue
		}
		if key == "" {
			key = strings.ToLower(f.Name)
		}
		p.byKey[key] = len(p.fields)
		if f.Type != reflect.TypeFor[later]() {
			p.keys = append(p.keys, key)
		}
		p.fields = append(p.fields, field{
			key: key, index: i, fallback: f.Tag.Get("default"), required: f.Tag.Get("required") != "",
			min: f.Tag.Get("min"), max: f.Tag.Get("max"), near: strings.Fields(f.Tag.Get("near")), example: f.Tag.Get("example"),
		})
	}
	return p
}

// errorAt records an error at a node, with the path of the node at hand.
func (d *decoder) errorAt(n *yaml.Node, msg string) {
	d.errs = append(d.errs, Error{File: d.file.name, Line: max(1, n.Line), Col: max(1, n.Column), Path: pathOf(d.steps), Msg: msg, order: d.file.order})
}

// wrongAt records what a scalar's set said, showing the value and the near miss.
func (d *decoder) wrongAt(n *yaml.Node, err error) {
	msg := fmt.Sprintf("%s: %s", quote(n.Value), err)
	// What came from the environment may be secret.
	if w := (*wrong)(nil); errors.As(err, &w) && !strings.Contains(n.Value, "${") {
		msg += w.detail
		if w.near != "" && w.near != n.Value {
			msg += fmt.Sprintf("; did you mean %q?", w.near)
		}
	}
	d.errorAt(n, password.ReplaceAllString(msg, "//…@"))
}

// password finds what stands before the host of a URL.
var password = regexp.MustCompile(`//[^/@\s"]+@`)

// quote shows a value, shortened when it is long.
func quote(s string) string {
	if r := []rune(s); len(r) > 80 {
		return strconv.Quote(string(r[:77])) + "…"
	}
	return strconv.Quote(s)
}

// pathOf writes steps as `sources[9] "harbour": headers: Accept`.
func pathOf(steps []step) string {
	var b strings.Builder
	for i := range steps {
		switch s := &steps[i]; {
		case s.key == "":
			fmt.Fprintf(&b, "[%d]", s.i)
			if name := nameOf(s.node); name != "" {
				b.WriteString(" " + quote(name))
			}
		case i == 0:
			b.WriteString(s.key)
		case steps[i-1].key == "" && nameOf(steps[i-1].node) != "":
			b.WriteString(": " + s.key)
		default:
			b.WriteString("." + s.key)
		}
	}
	return b.String()
}

// nameOf gives what a list's element calls itself.
func nameOf(n *yaml.Node) string {
	if n = resolve(n); n == nil || n.Kind != yaml.MappingNode {
		return ""
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if k := n.Content[i].Value; (k == "id" || k == "name") && n.Content[i+1].Kind == yaml.ScalarNode {
			return n.Content[i+1].Value
		}
	}
	return ""
}

// resolve follows aliases.
func resolve(n *yaml.Node) *yaml.Node {
	for i := 0; n != nil && n.Kind == yaml.AliasNode; i++ {
		if i > 8 {
			return nil
		}
		n = n.Alias
	}
	return n
}

// value decodes n into v, which holds the zero value.
func (d *decoder) value(v reflect.Value, n *yaml.Node, f *field) {
	if n.Kind == yaml.AliasNode {
		target := resolve(n)
		if target == nil || d.open[target] {
			d.errorAt(n, "refers to itself")
			return
		}
		d.open[target] = true
		defer delete(d.open, target)
		n = target
	}
	if len(d.open) > 0 && !d.spend(n) {
		return
	}
	switch v.Addr().Interface().(type) {
	case *later:
		d.errorAt(d.steps[len(d.steps)-1].node, "is not available in this version; take it out")
		return
	case *Secret:
		d.secret(v.Addr().Interface().(*Secret), n)
		return
	case *tag.Example:
		d.example(v.Addr().Interface().(*tag.Example), n)
		return
	case *Titles:
		d.titles(v, n)
		return
	case *Languages:
		d.languages(v, n)
		return
	case *Queries:
		d.queries(v, n, f)
		return
	case *Lists:
		d.living(v, n, f)
		return
	}
	if s, ok := v.Addr().Interface().(scalar); ok {
		d.scalar(s, v, n, f)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(v.Elem(), n, f)
	case reflect.Struct:
		d.section(v, n)
	case reflect.Slice:
		d.list(v, n, f)
	case reflect.Map:
		d.table(v, n)
	default:
		d.plain(v, n, f)
	}
}

// spend counts a node that is reached through an alias, and says once that
// there are too many.
func (d *decoder) spend(n *yaml.Node) bool {
	if d.aliased++; d.aliased == d.file.aliases+1 {
		d.errorAt(n, fmt.Sprintf("aliases (*name) stand for more than %d values; write it out", d.file.aliases))
	}
	return d.aliased <= d.file.aliases
}

// kindOf names the kinds of nodes as people call them.
func (d *decoder) kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a section (key: value)"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.Tag {
	case "!!null":
		return "nothing"
	case "!!bool":
		return "true or false"
	case "!!int", "!!float":
		return "a number"
	}
	return "text"
}

// text gives the node's text, or says that it is something else.
func (d *decoder) text(n *yaml.Node) (string, bool) {
	if n.Kind == yaml.ScalarNode {
		switch n.Tag {
		case "!!str", "!!timestamp":
			return n.Value, true
		case "!!null":
			d.errorAt(n, "wants text, got nothing; give a value or take the line out")
			return "", false
		case "!!bool", "!!int", "!!float":
			d.errorAt(n, fmt.Sprintf("wants text, got %s; put it in quotes: %q", d.kindOf(n), n.Value))
			return "", false
		default:
			d.errorAt(n, fmt.Sprintf("wants text, got something tagged %s", n.Tag))
			return "", false
		}
	}
	d.errorAt(n, "wants text, got "+d.kindOf(n))
	return "", false
}

// scalar decodes a text of ours. Of those, URL, Address and Path may come from
// the environment; ids, units and choices are the file's own.
func (d *decoder) scalar(s scalar, v reflect.Value, n *yaml.Node, f *field) {
	text, ok := "", false
	switch s.(type) {
	case *Duration, *Bytes, *Rate, *Rhythm, *Address, *AdminAddress, *Share:
		// "4096" or "30" asks for its unit, which says more than "wants text".
		if n.Kind == yaml.ScalarNode && (n.Tag == "!!int" || n.Tag == "!!float") {
			text, ok = n.Value, true
		}
	}
	if !ok {
		if text, ok = d.text(n); !ok {
			return
		}
	}
	switch s.(type) {
	case *URL, *Address, *AdminAddress, *Path:
		var err error
		if text, err = expand(text, d.env); err != nil {
			d.wrongAt(n, err)
			return
		}
	}
	key := memo{v.Type(), text}
	if known, ok := d.known[key]; ok {
		v.Set(known)
		return
	}
	if err := d.set(s, text); err != nil {
		v.SetZero()
		d.wrongAt(n, err)
		return
	}
	switch s := s.(type) {
	case *Language, *Rhythm, *Zone:
		d.known[key] = v
	case *Duration:
		var least, most Duration
		switch {
		case f == nil:
		case f.min != "" && least.set(f.min) == nil && *s < least:
			d.wrongAt(n, fmt.Errorf("wants %s at least", f.min))
		case f.max != "" && most.set(f.max) == nil && *s > most:
			d.wrongAt(n, fmt.Errorf("wants %s at most", f.max))
		}
	case *Bytes:
		var least Bytes
		if f != nil && f.min != "" && least.set(f.min) == nil && *s < least {
			d.wrongAt(n, fmt.Errorf("wants %s at least", f.min))
		}
	}
}

// memo is a text of a type that takes time to judge and that many sources share.
type memo struct {
	of   reflect.Type
	text string
}

// secret decodes a value that may come from the environment or a file.
func (d *decoder) secret(s *Secret, n *yaml.Node) {
	text, ok := d.text(n)
	if !ok {
		return
	}
	if path, isFile := strings.CutPrefix(text, "file:"); isFile && path != "" {
		file := beside(d.file.name, path)
		content, err := readSecret(file)
		if err != nil {
			d.wrongAt(n, err)
			return
		}
		s.value = &content
		d.files = append(d.files, file)
		return
	}
	value, err := expand(text, d.env)
	if err == nil && value == "" {
		err = &wrong{msg: "is empty"}
	}
	if err != nil {
		d.wrongAt(n, err)
		return
	}
	s.value = &value
}

// plain decodes text, numbers and true or false.
func (d *decoder) plain(v reflect.Value, n *yaml.Node, f *field) {
	switch v.Kind() {
	case reflect.String:
		text, ok := d.text(n)
		if !ok {
			return
		}
		text, err := expand(text, d.env)
		if err != nil {
			d.wrongAt(n, err)
			return
		}
		v.SetString(text)
	case reflect.Bool:
		if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
			near := ""
			switch strings.ToLower(n.Value) {
			case "yes", "on", "y":
				near = "; did you mean true?"
			case "no", "off", "n":
				near = "; did you mean false?"
			}
			d.errorAt(n, d.got(n, "wants true or false")+near)
			return
		}
		v.SetBool(strings.EqualFold(n.Value, "true"))
	case reflect.Int, reflect.Int64:
		i, err := strconv.ParseInt(strings.ReplaceAll(n.Value, "_", ""), 0, 64)
		if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || err != nil {
			d.errorAt(n, d.got(n, "wants a whole number"))
			return
		}
		if f != nil && f.max != "" {
			lo, _ := strconv.ParseInt(f.min, 10, 64)
			hi, _ := strconv.ParseInt(f.max, 10, 64)
			if i < lo || i > hi {
				d.errorAt(n, fmt.Sprintf("%s: wants %s to %s", n.Value, f.min, f.max))
				return
			}
		}
		v.SetInt(i)
	case reflect.Float64:
		x, err := strconv.ParseFloat(n.Value, 64)
		if n.Kind != yaml.ScalarNode || n.Tag != "!!int" && n.Tag != "!!float" || err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			d.errorAt(n, d.got(n, "wants a number"))
			return
		}
		if f != nil && f.max != "" {
			lo, _ := strconv.ParseFloat(f.min, 64)
			hi, _ := strconv.ParseFloat(f.max, 64)
			if x < lo || x > hi {
				d.errorAt(n, fmt.Sprintf("%s: wants %s to %s", n.Value, f.min, f.max))
				return
			}
		}
		v.SetFloat(x)
	default:
		panic("config: no way to write a " + v.Type().String()) // a field of types.go, found by the first test
	}
}

// got says what stands in place of what was wanted.
func (d *decoder) got(n *yaml.Node, wanted string) string {
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		return wanted + ", got " + quote(n.Value)
	}
	return wanted + ", got " + d.kindOf(n)
}

// list decodes a sequence. Nothing at all is an empty list.
func (d *decoder) list(v reflect.Value, n *yaml.Node, f *field) {
	if n.Kind != yaml.SequenceNode {
		if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
			return
		}
		msg := "wants a list, got " + d.kindOf(n)
		if n.Kind == yaml.ScalarNode {
			msg = fmt.Sprintf("wants a list, got %s; did you mean [%s]?", quote(n.Value), n.Value)
		} else if v.Type().Elem().Kind() == reflect.Struct {
			msg += "; begin each one with a dash (-)"
		}
		d.errorAt(n, msg)
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, c := range n.Content {
		d.steps = append(d.steps, step{i: i, node: c})
		d.value(out.Index(i), c, f)
		d.steps = d.steps[:len(d.steps)-1]
	}
	v.Set(out)
}

// table decodes a mapping with keys of the operator's own.
func (d *decoder) table(v reflect.Value, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
			return
		}
		d.errorAt(n, "wants a section (name: value), got "+d.kindOf(n))
		return
	}
	out := reflect.MakeMap(v.Type())
	for _, p := range d.pairs(n) {
		elem := reflect.New(v.Type().Elem()).Elem()
		d.steps = append(d.steps, step{key: p.name, node: p.key})
		d.value(elem, p.value, nil)
		d.steps = d.steps[:len(d.steps)-1]
		out.SetMapIndex(reflect.ValueOf(p.name).Convert(v.Type().Key()), elem)
	}
	v.Set(out)
}

// section decodes a mapping with the keys of a struct; n may be nil, which
// leaves the defaults.
func (d *decoder) section(v reflect.Value, n *yaml.Node) {
	p := d.plan(v.Type())
	whole := n
	if n != nil && n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		n = nil
	}
	if n != nil && n.Kind != yaml.MappingNode {
		d.errorAt(n, "wants a section (key: value), got "+d.kindOf(n))
		n, whole = nil, nil
	}
	if p.at >= 0 {
		v.Field(p.at).Set(reflect.ValueOf(place{d.file, n, pathOf(d.steps)}))
	}
	given := make([]bool, len(p.fields))
	if n != nil {
		for _, pr := range d.pairs(n) {
			i, ok := p.byKey[pr.name]
			if !ok {
				// x-… at the top is the operator's own, a place for anchors.
				if len(d.steps) > 0 || !strings.HasPrefix(pr.name, "x-") {
					d.errorAt(pr.key, fmt.Sprintf("unknown key %s%s", quote(pr.name), p.suggest(pr.name)))
				}
				continue
			}
			given[i] = true
			d.steps = append(d.steps, step{key: pr.name, node: pr.key})
			d.value(v.Field(p.fields[i].index), pr.value, &p.fields[i])
			d.steps = d.steps[:len(d.steps)-1]
		}
	}
	for i := range p.fields {
		f := &p.fields[i]
		if given[i] {
			continue
		}
		if f.required && whole != nil {
			d.errorAt(whole, fmt.Sprintf("has no %q; it needs one, such as %s", f.key, f.example))
		}
		d.fallback(v.Field(f.index), f)
	}
}

// fallback sets a field that is not in the file to its default.
func (d *decoder) fallback(v reflect.Value, f *field) {
	if _, ok := v.Addr().Interface().(*Languages); ok {
		d.section(v, nil) // its default is a word for neither of its keys
		return
	}
	if v.Kind() == reflect.Struct && f.fallback == "" {
		if _, ok := v.Addr().Interface().(*Secret); !ok && v.Type() != reflect.TypeFor[later]() {
			d.section(v, nil)
		}
		return
	}
	if f.fallback == "" {
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	var err error
	switch s, ok := v.Addr().Interface().(scalar); {
	case ok:
		err = d.set(s, f.fallback)
	case v.Kind() == reflect.String:
		v.SetString(f.fallback)
	case v.Kind() == reflect.Bool:
		v.SetBool(f.fallback == "true")
	case v.Kind() == reflect.Float64:
		var x float64
		x, err = strconv.ParseFloat(f.fallback, 64)
		v.SetFloat(x)
	default:
		var i int64
		i, err = strconv.ParseInt(f.fallback, 10, 64)
		v.SetInt(i)
	}
	if err != nil {
		panic(fmt.Sprintf("config: the default of %s: %v", f.key, err)) // a tag of types.go, found by the first test
	}
}

// set gives a scalar its text, and a path its folder.
func (d *decoder) set(s scalar, text string) error {
	if err := s.set(text); err != nil {
		return err
	}
	if p, ok := s.(*Path); ok {
		*p = Path(beside(d.file.name, text))
	}
	return nil
}
