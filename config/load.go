package config

import (
	"crypto/sha256"
	"hash"

	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"communique/aggregator/schedule"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// Options are what reading a configuration depends on besides its files.
type Options struct {
	// Env looks up ${NAME}; nil is the process's environment.
	Env func(name string) (value string, ok bool)
	// Canonical gives an address's form for identity, "" when it names no page
	// (normalize.Canonical); nil takes addresses as they are written.
	Canonical func(url string) string
	// Copies gives the copy that there is of a living list, of its URL, in the
	// folder of the store; nil for none yet. A nil func knows of none.
	Copies func(dir, url string) []byte
}

const (
	maxFile  = 64 << 20 // bytes of one file
	maxDepth = 100      // of nesting
)

// Load reads the file at path and everything it includes. The error is Errors
// when the configuration is wrong; anything else means that the file could not
// be read (errors.Is fs.ErrNotExist when there is none).
func Load(path string, o Options) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	return Parse(path, data, o)
}

// Parse is Load for a main file that is at hand. Its name stands in errors, and
// what it includes is looked for beside it. The error is always Errors.
func Parse(name string, data []byte, o Options) (*Config, error) {
	if o.Env == nil {
		o.Env = os.LookupEnv
	}
	if o.Canonical == nil {
		o.Canonical = func(url string) string { return url }
	}
	l := &loader{
		env: o.Env, canonical: o.Canonical, copies: o.Copies, config: &Config{}, text: sha256.New(), given: map[string]place{}, read: map[string]bool{absolute(name): true},
		plans: map[reflect.Type]*plan{}, known: map[memo]reflect.Value{}, renamed: map[string]string{},
		schedules: map[string]schedule.Schedule{}, shortest: map[string]time.Duration{},
	}
	l.file(name, data, nil)
	c := l.finish()
	l.text.Sum(c.written[:0])
	if len(l.errs) > 0 {
		return nil, l.errs.sort()
	}
	return c, nil
}

// loader reads the files of one configuration.
type loader struct {
	env       func(string) (string, bool)
	canonical func(string) string
	copies    func(dir, url string) []byte
	config    *Config
	plans     map[reflect.Type]*plan
	files     []*file
	given     map[string]place // where each section but the lists was given
	text      hash.Hash        // of all files and lists, in the order in which they are read
	read      map[string]bool  // files read, by absolute path
	errs      Errors
	private   []string          // names of feeds
	renamed   map[string]string // the names of feeds by what they were called
	broken    bool              // a file is missing or unreadable, so what others refer to may be in there

	known     map[memo]reflect.Value
	terms     func() map[string][]string   // of the taxonomy, by scheme
	schedules map[string]schedule.Schedule // by zone and expression
	shortest  map[string]time.Duration     // between two visits, by schedule
}

// file reads one file and what it includes.
func (l *loader) file(name string, data []byte, from *place) {
	f := &file{name: name, order: len(l.files), aliases: freeAliased + len(data)}
	l.files = append(l.files, f)
	fmt.Fprintf(l.text, "%d\n", len(data))
	l.text.Write(data)
	l.config.Files = append(l.config.Files, name)
	root, err := parse(data)
	if err != nil {
		err.File, err.order = name, f.order
		l.errs = append(l.errs, *err)
		l.broken = true
		return
	}
	if f.root = root; root == nil {
		if from == nil {
			l.errs = append(l.errs, Error{File: name, Line: 1, Col: 1, Msg: "is empty; it needs at least sources:", order: f.order})
		}
		return
	}
	d := &decoder{env: l.env, file: f, plans: l.plans, known: l.known, open: map[*yaml.Node]bool{}}
	var part Config
	d.section(reflect.ValueOf(&part).Elem(), root)
	l.take(d, &part)
	l.errs = append(l.errs, d.errs...)
	l.config.Files = append(l.config.Files, d.files...)
	for i, pattern := range part.Include {
		l.include(f, pattern, i)
	}
}

// take adds a file's part to the whole.
func (l *loader) take(d *decoder, part *Config) {
	whole, from := reflect.ValueOf(l.config).Elem(), reflect.ValueOf(part).Elem()
	p := d.plan(from.Type())
	main := d.file.order == 0
	if main {
		files := l.config.Files
		*l.config = *part // the defaults of what no file gives
		l.config.Files = files
	}
	if d.file.root.Kind != yaml.MappingNode {
		return
	}
	mute := &decoder{file: d.file, open: map[*yaml.Node]bool{}}
	for _, pr := range mute.pairs(d.file.root) {
		i, ok := p.byKey[pr.name]
		if !ok {
			continue
		}
		here := place{file: d.file, node: pr.key, path: pr.name}
		first, again := l.given[pr.name]
		if !again {
			l.given[pr.name] = here
		}
		index := p.fields[i].index
		switch {
		case pr.name == "include" || main:
		case pr.name == "sources" || pr.name == "feeds" || pr.name == "removed":
			whole.Field(index).Set(reflect.AppendSlice(whole.Field(index), from.Field(index)))
		case again:
			l.errorAt(here, fmt.Sprintf("is given by %s in line %d too; only one file may give it", first.file.name, first.node.Line))
		default:
			whole.Field(index).Set(from.Field(index))
		}
	}
}

// include reads what one entry of a file's include list names.
func (l *loader) include(f *file, pattern string, i int) {
	at := place{file: f, node: f.root, path: ""}.at("include", i)
	path := beside(f.name, pattern)
	names := []string{path}
	if strings.ContainsAny(pattern, "*?[") {
		var err error
		if names, err = filepath.Glob(path); err != nil {
			l.errorAt(at, fmt.Sprintf("%s: is no pattern that can be matched", quote(pattern)))
			return
		}
		if info, err := os.Stat(filepath.Dir(path)); len(names) == 0 && !strings.ContainsAny(filepath.Dir(pattern), "*?[") && (err != nil || !info.IsDir()) {
			l.errorAt(at, fmt.Sprintf("%s: there is no folder %s", quote(pattern), filepath.Dir(path)))
			return
		}
	}
	for _, name := range names {
		if l.read[absolute(name)] {
			continue
		}
		l.read[absolute(name)] = true
		info, err := os.Stat(name)
		var data []byte
		switch {
		case err != nil:
		case !info.Mode().IsRegular():
			err = errors.New("is not a plain file")
		case info.Size() > maxFile:
			err = errors.New("is larger than 64 MiB")
		default:
			data, err = os.ReadFile(name)
		}
		if err != nil {
			l.errorAt(at, fmt.Sprintf("%s: cannot read %s: %v", quote(pattern), name, reason(err)))
			l.broken = true
			continue
		}
		l.file(name, data, &at)
	}
}

// absolute makes paths comparable; symbolic links count as what they lead to.
func absolute(name string) string {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return name
}

// errorAt records an error at a place.
func (l *loader) errorAt(p place, msg string) {
	line, col := 1, 1
	if p.node != nil {
		line, col = max(1, p.node.Line), max(1, p.node.Column)
	}
	l.errs = append(l.errs, Error{File: p.file.name, Line: line, Col: col, Path: p.path, Msg: msg, order: p.file.order})
}

// value gives the node of a key, nil when it is not in the file.
func (p place) value(key string) *yaml.Node {
	if n := resolve(p.node); n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	fuel := 1000
	return valueOf(p.node, key, &fuel)
}

// has reports whether the key is in the file.
func (p place) has(key string) bool { return p.value(key) != nil }

// at gives the place of what is inside: keys (string) and places in lists (int).
// As far as it is not in the file, it is where the nearest thing around it is.
func (p place) at(steps ...any) place {
	node := resolve(p.node)
	for _, s := range steps {
		switch s := s.(type) {
		case string:
			switch {
			case p.path == "":
				p.path = s
			case strings.HasSuffix(p.path, `"`):
				p.path += ": " + s
			default:
				p.path += "." + s
			}
			node = place{node: node}.value(s)
		case int:
			p.path += fmt.Sprintf("[%d]", s)
			if node != nil && node.Kind == yaml.SequenceNode && s < len(node.Content) {
				if node = resolve(node.Content[s]); nameOf(node) != "" {
					p.path += " " + quote(nameOf(node))
				}
			} else {
				node = nil
			}
		}
		if node != nil {
			p.node = node
		}
	}
	return p
}

// valueOf gives the value of a key, also of merged ones, nil when it has none.
// fuel bounds the merged sections that are looked into.
func valueOf(n *yaml.Node, key string, fuel *int) *yaml.Node {
	n = resolve(n)
	if *fuel--; n == nil || *fuel < 0 {
		return nil
	}
	if n.Kind == yaml.SequenceNode { // of a merge key
		for _, c := range n.Content {
			if v := valueOf(c, key, fuel); v != nil {
				return v
			}
		}
		return nil
	}
	if n.Kind != yaml.MappingNode {
		return nil
	}
	merges := false
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Tag == "!!merge" {
			merges = true
		} else if k := resolve(n.Content[i]); k != nil && k.Value == key {
			return resolve(n.Content[i+1])
		}
	}
	for i := 0; merges && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Tag == "!!merge" {
			if v := valueOf(n.Content[i+1], key, fuel); v != nil {
				return v
			}
		}
	}
	return nil
}

// parse gives the root mapping of a file that must hold one document; nil when
// it holds nothing.
func parse(data []byte) (*yaml.Node, *Error) {
	if err := readable(data); err != nil {
		return nil, err
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		return nil, &Error{Line: 1, Col: 1, Msg: err.Error()}
	}
	var doc, second yaml.Node
	if err := loader.Load(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, syntax(data, err)
	}
	if err := loader.Load(&second); err == nil {
		return nil, &Error{Line: max(1, second.Line), Col: max(1, second.Column), Msg: "begins a second document (---); a file holds one"}
	} else if !errors.Is(err, io.EOF) {
		return nil, syntax(data, err)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 {
		return nil, nil
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil
	}
	return root, nil
}

// readable refuses what is not UTF-8 text.
func readable(data []byte) *Error {
	if len(data) > maxFile {
		return &Error{Line: 1, Col: 1, Msg: "is larger than 64 MiB"}
	}
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		return &Error{Line: 1, Col: 1, Msg: "is written in UTF-16; save it as UTF-8"}
	}
	line, col := 1, 1
	for i := 0; i < len(data); {
		if c := data[i]; c < utf8.RuneSelf {
			switch {
			case c == '\n':
				line, col = line+1, 0
			case c == '\r' && (i+1 == len(data) || data[i+1] != '\n'):
				return &Error{Line: line, Col: col, Msg: "has a line end (CR) of a system long gone here; save it with LF or CRLF"}
			case c < ' ' && c != '\t' && c != '\r' || c == 0x7f:
				return &Error{Line: line, Col: col, Msg: fmt.Sprintf("has a control character (0x%02x) here; take it out", c)}
			}
			i++
			col++
			continue
		}
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return &Error{Line: line, Col: col, Msg: "is not UTF-8 here; save it as UTF-8"}
		case r == '\ufeff' && i == 0:
			col-- // editors do not count the mark
		case r >= 0x80 && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfffe || r == 0xffff:
			// Some of them are line ends to YAML and to no editor.
			return &Error{Line: line, Col: col, Msg: fmt.Sprintf("has an invisible character (%U) here; take it out", r)}
		}
		i += size
		col++
	}
	return nil
}
