package extract

import (
	"errors"
	"net/url"
	"strings"
)

// pattern is of paths of addresses: * stands for anything, also slashes.
type pattern struct{ parts []string }

// compilePattern reads a pattern, nil for "": everything.
func compilePattern(s string) (*pattern, error) {
	if s == "" {
		return nil, nil
	}
	if !strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "*") {
		return nil, errors.New(`wants a pattern of the path that begins with / or *, such as /fr/news/*`)
	}
	return &pattern{strings.Split(s, "*")}, nil
}

// meets reports whether an address' path, with its query, is of the pattern.
func (p *pattern) meets(address string) bool {
	if p == nil {
		return true
	}
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	path := u.EscapedPath()
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	first, last := p.parts[0], p.parts[len(p.parts)-1]
	if len(p.parts) == 1 {
		return path == first
	}
	if !strings.HasPrefix(path, first) {
		return false
	}
	path = path[len(first):]
	for _, part := range p.parts[1 : len(p.parts)-1] {
		i := strings.Index(path, part)
		if i < 0 {
			return false
		}
		path = path[i+len(part):]
	}
	return strings.HasSuffix(path, last)
}
