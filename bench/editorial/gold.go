package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// row is a labelled document. What a field holds that is nil was not labelled
// and is not judged; an empty one says that nothing applies.
type row struct {
	ID        string `json:"id"`
	Lang      string `json:"lang"` // BCP 47; only its first subtag counts
	Title     string `json:"title"`
	Text      string `json:"text"`
	HTML      string `json:"html"`
	URL       string `json:"url"`
	Published string `json:"published"`
	Source    string `json:"source"`

	Set   string `json:"set"`
	Form  string `json:"form"`
	Kind  string `json:"kind"`
	Split string `json:"split"`

	Group     *string  `json:"group"`          // the statement
	Ambiguous []string `json:"ambiguous_with"` // ids that may or may not be joined with it

	Countries *[]string `json:"countries"`
	Regions   *[]string `json:"regions"`
	Topics    *[]string `json:"topics"`
	Themes    *[]string `json:"topics_rw"` // the editors' themes of ReliefWeb, as topics

	// The labels that may be judged in this row; nil is all.
	CountriesJudged *[]string `json:"countries_judged"`
	RegionsJudged   *[]string `json:"regions_judged"`
	TopicsJudged    *[]string `json:"topics_judged"`
	ThemesJudged    *[]string `json:"topics_rw_judged"`
}

// language is the first subtag, "und" when there is none.
func (r *row) language() string { return primary(r.Lang) }

func primary(tag string) string {
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		tag = tag[:i]
	}
	if tag == "" {
		return "und"
	}
	return strings.ToLower(tag)
}

// key gives what -by splits the rows by.
func (r *row) key(by string) string {
	switch by {
	case "lang":
		return r.language()
	case "set":
		return r.Set
	case "form":
		return r.Form
	}
	return r.Kind
}

// day reads the time of publication in any form that the labelled sets use:
// RFC 3339, the same without a zone (taken as UTC), or a date.
func (r *row) day() (time.Time, bool) {
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", time.DateOnly} {
		if t, err := time.Parse(form, r.Published); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// document is what classify is given of the row: never a label, the language
// only when asked.
func (r *row) document(withLanguage bool) document {
	d := document{ID: r.ID, Title: r.Title, Text: r.Text, HTML: r.HTML, URL: r.URL, Published: r.Published, Source: r.Source}
	if withLanguage {
		d.Language = r.Lang
	}
	return d
}

// readGold reads the rows of one or more files, their names separated by
// commas. Ids must be unique: a prediction is found by its id.
func readGold(files string) ([]row, error) {
	var rows []row
	seen := map[string]string{}
	for _, name := range strings.Split(files, ",") {
		err := eachLine(name, func(n int, line []byte) error {
			var r row
			if err := json.Unmarshal(line, &r); err != nil {
				return fmt.Errorf("%s:%d: not a labelled row: %w", name, n, err)
			}
			at := fmt.Sprintf("%s:%d", name, n)
			if r.ID == "" {
				return fmt.Errorf("%s: the row has no id", at)
			}
			if first, twice := seen[r.ID]; twice {
				return fmt.Errorf("%s: id %q is that of %s", at, r.ID, first)
			}
			seen[r.ID] = at
			rows = append(rows, r)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s: no rows", files)
	}
	return rows, nil
}

// eachLine calls do with every line of the file that is not empty, counted
// from 1. Lines may be of any length.
func eachLine(name string, do func(n int, line []byte) error) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return lines(f, do)
}

func lines(in io.Reader, do func(n int, line []byte) error) error {
	r := bufio.NewReaderSize(in, 1<<16)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if strings.TrimSpace(string(line)) != "" {
			if err := do(n, line); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
	}
}

// readRecords reads a file of JSON lines into values of one type.
func readRecords[T any](name string) ([]T, error) {
	var all []T
	err := eachLine(name, func(n int, line []byte) error {
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			return fmt.Errorf("%s:%d: %w", name, n, err)
		}
		all = append(all, v)
		return nil
	})
	return all, err
}
