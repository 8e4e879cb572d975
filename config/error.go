package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is one thing that is wrong with the configuration, and where: Line and
// Col count from 1, Col in characters, so that editors jump to it.
type Error struct {
	File string // as it was opened: relative to the working directory when the operator gave it so
	Line int
	Col  int
	Path string // `sources[9] "harbour": schedule`; "" for the file as a whole
	Msg  string // what is wrong, and what to do about it

	order int // of the file: the main file is 0, then as they were included
}

// Error gives "file:line:col: path: problem".
func (e Error) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s: %s", e.File, e.Line, e.Col, e.Path, e.Msg)
}

// Errors is everything that is wrong, sorted by place; never empty when it is
// returned.
type Errors []Error

// Error gives one error a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i := range e {
		lines[i] = e[i].Error()
	}
	return strings.Join(lines, "\n")
}

// sort brings errors into the order of their places. A place that is used
// several times, through an alias, is named once.
func (e Errors) sort() Errors {
	slices.SortStableFunc(e, func(a, b Error) int {
		return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return slices.CompactFunc(e, func(a, b Error) bool {
		return a.order == b.order && a.Line == b.Line && a.Col == b.Col && a.Msg == b.Msg
	})
}
