package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// syntax puts the YAML library's error into plain words, with the place and, as
// far as the line shows it, the usual cause.
func syntax(data []byte, err error) *Error {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		return &Error{Line: 1, Col: 1, Msg: "is no YAML: " + err.Error()}
	}
	lines := bytes.Count(data, []byte("\n")) + 1
	line, col := min(max(1, load.Mark.Line), lines), max(1, load.Mark.Column)
	text := lineOf(data, line)
	indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
	start := min(max(1, load.ContextMark.Line), lines)

	msg := "is no YAML: " + load.Message
	switch {
	case strings.Contains(indent, "\t"):
		msg, col = "is indented with a tab; YAML wants spaces", strings.Index(indent, "\t")+1
	case strings.Contains(load.Message, "exceeded max depth") || strings.Contains(load.Message, "depth"):
		msg = fmt.Sprintf("is nested deeper than %d", maxDepth)
	case strings.Contains(load.Message, "found unexpected end of stream") && strings.Contains(load.ContextMsg, "quoted"):
		line, col = start, max(1, load.ContextMark.Column)
		msg = "a quote is opened here and never closed"
	case strings.Contains(load.Message, "mapping values are not allowed"):
		msg = `a ":" that is not expected here; if it is part of the text, put the text in quotes, else look at the indentation`
	case strings.Contains(load.Message, "cannot start any token"):
		if r := []rune(text); col <= len(r) {
			msg = fmt.Sprintf("a value cannot begin with %q; put it in quotes", r[col-1])
		}
	case strings.Contains(load.Message, "',' or ']'"):
		msg = fmt.Sprintf(`wants "," or "]" for the list that is opened in line %d`, start)
	case strings.Contains(load.Message, "',' or '}'"):
		msg = fmt.Sprintf(`wants "," or "}" for the section that is opened in line %d`, start)
	case strings.Contains(load.Message, "expected '-' indicator"):
		msg = fmt.Sprintf("wants a dash (-) as the other entries of the list that begins in line %d; look at the indentation", start)
	case strings.Contains(load.Message, "did not find expected key"):
		msg = fmt.Sprintf("does not fit the section that begins in line %d; look at the indentation and at quotes", start)
	case strings.Contains(load.Message, "could not find expected ':'"):
		msg = `wants a ":" after the key`
	case strings.Contains(load.Message, "unknown anchor"):
		msg = strings.Replace(load.Message, "unknown anchor", "there is no anchor", 1)
		msg = strings.TrimSuffix(msg, " referenced") + " (&name) before this"
	}
	return &Error{Line: line, Col: col, Msg: msg}
}

// lineOf gives a line of the file, counted from 1, without its end.
func lineOf(data []byte, line int) string {
	for ; line > 1; line-- {
		_, rest, ok := bytes.Cut(data, []byte("\n"))
		if !ok {
			return ""
		}
		data = rest
	}
	text, _, _ := bytes.Cut(data, []byte("\n"))
	return strings.TrimSuffix(string(text), "\r")
}
