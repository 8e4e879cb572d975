package config

import (
	"fmt"

	"go.yaml.in/yaml/v4"
)

// pair is a key with its value.
type pair struct {
	name       string
	key, value *yaml.Node
}

// pairs gives a mapping's keys in order, each once; those of merge keys (<<)
// come last and never replace the mapping's own.
func (d *decoder) pairs(n *yaml.Node) []pair {
	out := make([]pair, 0, len(n.Content)/2)
	var merged []*yaml.Node
	seen := seenKeys{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Tag == "!!merge" {
			merged = append(merged, value)
			continue
		}
		k := resolve(key)
		if k == nil || k.Kind != yaml.ScalarNode {
			d.errorAt(key, "a key must be plain text")
			continue
		}
		if first := seen.add(k.Value, key); first != nil {
			d.steps = append(d.steps, step{key: k.Value, node: key})
			d.errorAt(key, fmt.Sprintf("is given twice, first in line %d", first.Line))
			d.steps = d.steps[:len(d.steps)-1]
			continue
		}
		out = append(out, pair{k.Value, key, value})
	}
	for _, m := range merged {
		out = d.merge(out, &seen, m)
	}
	return out
}

// merge adds the pairs of a merge key's value: a mapping or a list of mappings,
// of which the first to give a key wins.
func (d *decoder) merge(out []pair, seen *seenKeys, m *yaml.Node) []pair {
	target := resolve(m)
	if !d.spend(m) {
		return out
	}
	switch {
	case target == nil || d.open[target]:
		d.errorAt(m, "refers to itself")
	case target.Kind == yaml.SequenceNode:
		d.open[target] = true
		for _, c := range target.Content {
			out = d.merge(out, seen, c)
		}
		delete(d.open, target)
	case target.Kind == yaml.MappingNode:
		d.open[target] = true
		for _, p := range d.pairs(target) {
			if !d.spend(p.key) {
				break
			}
			if seen.add(p.name, p.key) == nil {
				out = append(out, p)
			}
		}
		delete(d.open, target)
	default:
		d.errorAt(m, "<< wants a section or an alias of one")
	}
	return out
}

// seenKeys remembers keys; most mappings have so few that a list is quicker
// than a map.
type seenKeys struct {
	few  []*yaml.Node
	many map[string]*yaml.Node
}

// add gives the node that had the name before, nil when it is new.
func (s *seenKeys) add(name string, key *yaml.Node) *yaml.Node {
	if s.many != nil {
		if first := s.many[name]; first != nil {
			return first
		}
		s.many[name] = key
		return nil
	}
	for _, k := range s.few {
		if resolve(k).Value == name {
			return k
		}
	}
	if s.few = append(s.few, key); len(s.few) == 24 {
		s.many = make(map[string]*yaml.Node, 48)
		for _, k := range s.few {
			s.many[resolve(k).Value] = k
		}
	}
	return nil
}
