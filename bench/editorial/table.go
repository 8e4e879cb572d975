package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// section is one measurement: what is printed of it, and its figures for
// machines.
type section struct {
	key     string // names its place in the page and in JSON
	title   string
	tables  []table
	errors  []string // the worst mistakes, for people
	figures any
}

// table has a head and rows of as many cells; the first column is text, the
// others are figures.
type table struct {
	name string // what the rows are; may be empty
	head []string
	rows [][]string
	note string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// text prints a table in columns.
func (t *table) text(w io.Writer) {
	width := make([]int, len(t.head))
	for _, r := range append([][]string{t.head}, t.rows...) {
		for i, c := range r {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	if t.name != "" {
		fmt.Fprintf(w, "\n%s\n", t.name)
	} else {
		fmt.Fprintln(w)
	}
	for _, r := range append([][]string{t.head}, t.rows...) {
		var b strings.Builder
		for i, c := range r {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
			if i == 0 {
				b.WriteString("  " + c + pad)
			} else {
				b.WriteString("  " + pad + c)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
	if t.note != "" {
		fmt.Fprintf(w, "  %s\n", t.note)
	}
}

// markdown prints a table as it stands in docs/accuracy.md.
func (t *table) markdown(w io.Writer) {
	if t.name != "" {
		fmt.Fprintf(w, "\n%s\n", t.name)
	}
	fmt.Fprintf(w, "\n| %s |\n|---%s|\n", strings.Join(t.head, " | "), strings.Repeat("|---:", len(t.head)-1))
	for _, r := range t.rows {
		fmt.Fprintf(w, "| %s |\n", strings.ReplaceAll(strings.Join(r, " | "), "\n", " "))
	}
	if t.note != "" {
		fmt.Fprintf(w, "\n%s\n", t.note)
	}
}

func (s *section) text(w io.Writer) {
	fmt.Fprintf(w, "== %s\n", s.title)
	for i := range s.tables {
		s.tables[i].text(w)
	}
	for _, e := range s.errors {
		fmt.Fprintln(w, e)
	}
	fmt.Fprintln(w)
}

// block is what stands between a section's marks in the page.
func (s *section) block() string {
	var b strings.Builder
	b.WriteString(s.title + "\n")
	for i := range s.tables {
		s.tables[i].markdown(&b)
	}
	return b.String()
}

// refresh puts the sections into the page, each between its marks
// `<!-- figures: key -->` and `<!-- end -->`, and touches nothing else.
func refresh(page string, sections []section) error {
	b, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	text := string(b)
	for i := range sections {
		s := &sections[i]
		begin := "<!-- figures: " + s.key + " -->\n"
		from := strings.Index(text, begin)
		if from < 0 {
			return fmt.Errorf("%s has no place for these figures: want a line %q and later %q", page, strings.TrimSpace(begin), endMark)
		}
		from += len(begin)
		to := strings.Index(text[from:], endMark)
		if to < 0 {
			return fmt.Errorf("%s: the figures %q have no end: want a line %q", page, s.key, endMark)
		}
		text = text[:from] + s.block() + text[from+to:]
	}
	return os.WriteFile(page, []byte(text), 0o644)
}

const endMark = "<!-- end -->"

func four(x float64) string    { return fmt.Sprintf("%.4f", x) }
func percent(x float64) string { return fmt.Sprintf("%.2f %%", 100*x) }
func count(n int) string       { return fmt.Sprint(n) }

// percentOf is a part of a whole, nothing of nothing.
func percentOf(part, whole int) string {
	if whole == 0 {
		return ""
	}
	return percent(share(part, whole))
}

// share is a part of a whole, 0 of nothing.
func share(part, whole int) float64 { return float64(part) / float64(max(1, whole)) }
