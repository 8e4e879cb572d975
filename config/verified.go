package config

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// SetVerified writes the `verified` of sources, by their ids, into the text of a
// file, and leaves every other octet as it is: comments, order and spelling are
// the operator's. It gives the ids that it found there. An error means that the
// file cannot be read, or is written so that a word cannot be put into it; then
// nothing is given.
func SetVerified(text []byte, verified map[string]string) (out []byte, found []string, err error) {
	root, wrong := parse(text)
	if wrong != nil {
		return nil, nil, fmt.Errorf("line %d: %s", wrong.Line, wrong.Msg)
	}
	sources := resolve(place{node: root}.value("sources"))
	if sources == nil || sources.Kind != yaml.SequenceNode {
		return text, nil, nil
	}
	var edits []edit
	lines := bytes.SplitAfter(text, []byte("\n"))
	for _, n := range sources.Content {
		id := nameOf(n)
		date, wanted := verified[id]
		if !wanted || n.Kind != yaml.MappingNode {
			continue // an alias is written where its anchor stands, which others may share
		}
		e, same, err := verifiedEdit(n, date, lines)
		if err != nil {
			return nil, nil, fmt.Errorf("source %q: %w", id, err)
		}
		found = append(found, id)
		if !same {
			edits = append(edits, e)
		}
	}
	out = apply(lines, edits)
	return out, found, onlyVerified(text, out, verified)
}

// edit puts text into a line, both counted from 1, in place of some octets.
type edit struct {
	line, col, take int
	put             string
}

// apply makes the edits, the last in the file first, so that places stay.
func apply(lines [][]byte, edits []edit) []byte {
	lines = slices.Clone(lines)
	slices.SortFunc(edits, func(a, b edit) int { return 2*(b.line-a.line) + sign(b.col-a.col) })
	for _, e := range edits {
		l := lines[e.line-1]
		lines[e.line-1] = slices.Concat(l[:e.col-1], []byte(e.put), l[e.col-1+e.take:])
	}
	return bytes.Join(lines, nil)
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// verifiedEdit gives what has to be written at one source; same when it is there.
func verifiedEdit(n *yaml.Node, date string, lines [][]byte) (e edit, same bool, err error) {
	var after, next *yaml.Node // the value that a new key comes after, and the key behind it
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Value == "verified" {
			if v.Kind != yaml.ScalarNode {
				return e, false, fmt.Errorf("line %d: verified is written as something else than text", v.Line)
			}
			if v.Value == date {
				return e, true, nil
			}
			col, take, ok := span(lines, v)
			if !ok {
				return e, false, fmt.Errorf("line %d: verified is written in a way that cannot be changed here", v.Line)
			}
			return edit{v.Line, col, take, date}, false, nil
		}
		if (k.Value == "id" || k.Value == "url") && v.Kind == yaml.ScalarNode {
			if _, _, ok := span(lines, v); ok {
				after = v
				if next = nil; i+2 < len(n.Content) {
					next = n.Content[i+2]
				}
			}
		}
	}
	if after == nil {
		return e, false, fmt.Errorf("line %d: there is no plain id or url to write it after", n.Line)
	}
	col, take, _ := span(lines, after)
	if n.Style&yaml.FlowStyle != 0 {
		return edit{after.Line, col + take, 0, ", verified: " + date}, false, nil
	}
	if next != nil && next.Line == after.Line {
		return e, false, fmt.Errorf("line %d: two keys on a line", after.Line)
	}
	// A line of its own, in the column of the keys, behind whatever else stands on
	// that line, such as a comment.
	line := lines[after.Line-1]
	ending := "\n"
	if bytes.HasSuffix(line, []byte("\r\n")) {
		ending = "\r\n"
	}
	put := strings.Repeat(" ", n.Content[0].Column-1) + "verified: " + date
	if whole := bytes.TrimRight(line, "\r\n"); len(whole) == len(line) { // the last one, without an end
		return edit{after.Line, len(line) + 1, 0, ending + put}, false, nil
	}
	return edit{after.Line, len(line) + 1, 0, put + ending}, false, nil
}

// span gives where the octets of a plain or quoted scalar of one line stand.
func span(lines [][]byte, v *yaml.Node) (col, take int, ok bool) {
	if v.Line < 1 || v.Line > len(lines) || v.Anchor != "" {
		return 0, 0, false
	}
	line := lines[v.Line-1]
	col = octet(line, v.Column)
	if col == 0 {
		return 0, 0, false
	}
	rest := line[col-1:]
	switch {
	case v.Style&yaml.DoubleQuotedStyle != 0, v.Style&yaml.SingleQuotedStyle != 0:
		quote := rest[0]
		for i := 1; i < len(rest); i++ {
			switch {
			case quote == '"' && rest[i] == '\\':
				i++
			case rest[i] == quote && quote == '\'' && i+1 < len(rest) && rest[i+1] == quote:
				i++
			case rest[i] == quote:
				return col, i + 1, true
			}
		}
		return 0, 0, false
	case v.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return 0, 0, false
	}
	return col, len(v.Value), bytes.HasPrefix(rest, []byte(v.Value)) && v.Value != ""
}

// octet turns a column in letters into one in octets, 0 when the line is shorter.
func octet(line []byte, column int) int {
	at := 0
	for range []rune(string(line)) {
		if at++; at == column {
			return len(string([]rune(string(line))[:at-1])) + 1
		}
	}
	return 0
}

// onlyVerified fails unless the two files say the same but for what was wanted.
func onlyVerified(before, after []byte, verified map[string]string) error {
	var was, is map[string]any
	if err := yaml.Unmarshal(before, &was); err != nil {
		return err
	}
	if err := yaml.Unmarshal(after, &is); err != nil {
		return fmt.Errorf("with the new dates it would be no YAML any more: %w", err)
	}
	list, _ := was["sources"].([]any)
	done, _ := is["sources"].([]any)
	for i := range list {
		s, _ := list[i].(map[string]any)
		id, _ := s["id"].(string)
		if date, wanted := verified[id]; wanted && i < len(done) {
			if d, _ := done[i].(map[string]any); fmt.Sprint(d["verified"]) == date || strings.HasPrefix(fmt.Sprint(d["verified"]), date) {
				s["verified"] = d["verified"]
			}
		}
	}
	if !reflect.DeepEqual(was, is) {
		return fmt.Errorf("the new dates cannot be written into it without changing more")
	}
	return nil
}
