package config

import (
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Print gives the configuration as it holds, as one document of YAML: what was
// included stands in its place, what was left out has its default, paths are
// resolved, and every secret is ***. It is to be read; what comes from
// `defaults` is not repeated at each source.
func (c *Config) Print() ([]byte, error) {
	out, err := yaml.Dump(printed(reflect.ValueOf(c).Elem()))
	if err != nil {
		return nil, fmt.Errorf("print the configuration: %w", err)
	}
	return out, nil
}

// hidden is what is printed in place of a secret.
const hidden = "***"

// printed gives a value as YAML, nil when it says nothing.
func printed(v reflect.Value) *yaml.Node {
	switch s := v.Interface().(type) {
	case later:
		return nil
	case Secret:
		if s.value == nil {
			return nil
		}
		return text(hidden)
	case AdminAddress:
		if s == "" {
			return text("off")
		}
	case Duration:
		return text(s.String())
	case Bytes:
		return text(s.String())
	case Network:
		return text(netip.Prefix(s).String())
	case Rate:
		return text(s.written())
	case Share:
		switch {
		case s.Entries > 0:
			return text(strconv.Itoa(s.Entries))
		case s.Part > 0:
			return text(strconv.FormatFloat(s.Part*100, 'f', 0, 64) + "%")
		}
		return nil
	case Titles:
		if t, ok := s[""]; ok && len(s) == 1 {
			return printed(reflect.ValueOf(t))
		}
	case Queries:
		if len(s) == 1 {
			return printed(reflect.ValueOf(s[0]))
		}
	case Languages:
		if len(s.Only)+len(s.Prefer) == 0 {
			return text("all")
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return printed(v.Elem())
	case reflect.String:
		if v.String() == "" {
			return nil
		}
		return text(strings.ReplaceAll(v.String(), "${", "$${"))
	case reflect.Bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(v.Bool())}
	case reflect.Int, reflect.Int64:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.FormatInt(v.Int(), 10)}
	case reflect.Float64:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: strconv.FormatFloat(v.Float(), 'f', -1, 64)}
	case reflect.Slice:
		list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for i := range v.Len() {
			if n := printed(v.Index(i)); n != nil {
				list.Content = append(list.Content, n)
			}
		}
		return orNothing(list)
	case reflect.Map:
		m := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		values := map[string]reflect.Value{}
		for _, k := range v.MapKeys() {
			values[k.String()] = v.MapIndex(k)
		}
		for _, k := range slices.Sorted(maps.Keys(values)) {
			if n := printed(values[k]); n != nil {
				m.Content = append(m.Content, text(k), n)
			}
		}
		return orNothing(m)
	case reflect.Struct:
		m := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		for _, f := range planOf(v.Type()).fields {
			if v.Type() == reflect.TypeFor[Config]() && f.key == "include" {
				continue // it stands in its place
			}
			if t := v.Field(f.index).Type(); f.min != "" && v.Field(f.index).IsZero() && (t == reflect.TypeFor[Duration]() || t == reflect.TypeFor[Bytes]()) {
				continue // not given: 0s or 0B would be too little
			}
			if n := printed(v.Field(f.index)); n != nil {
				m.Content = append(m.Content, text(f.key), n)
			}
		}
		return orNothing(m)
	}
	panic(fmt.Sprintf("config: a %s cannot be printed", v.Type())) // found by the first test
}

func text(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

func orNothing(n *yaml.Node) *yaml.Node {
	if len(n.Content) == 0 {
		return nil
	}
	return n
}

// String gives the size as it may be written in the file.
func (b Bytes) String() string {
	for _, unit := range []string{"GiB", "MiB", "KiB", "GB", "MB", "kB"} {
		if n := int64(sizes[unit]); int64(b) >= n && int64(b)%n == 0 {
			return strconv.FormatInt(int64(b)/n, 10) + unit
		}
	}
	return strconv.FormatInt(int64(b), 10) + "B"
}

// written gives the rate as it may be written in the file.
func (r Rate) written() string {
	for _, unit := range []string{"s", "m", "h", "d"} {
		if windows[unit] == r.Window && r.Requests > 0 {
			return fmt.Sprintf("%d/%s", r.Requests, unit)
		}
	}
	return "off"
}
