//go:build ignore

// Gennames writes data/names.tsv: the countries' names of the CLDR, by way of
// golang.org/x/text, which is of 2017. What has changed since, and what people
// write besides, stands in data/names-more.tsv.
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

var languages = []string{"en", "fr", "es", "pt", "ar", "de", "it", "ru", "zh", "zh-Hant"}

func main() {
	f, err := os.Create("data/names.tsv")
	if err != nil {
		log.Fatal(err)
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "# Made by gennames.go; change data/names-more.tsv instead.")
	fmt.Fprintf(w, "code\t%s\n", strings.Join(languages, "\t"))
	for _, code := range codes() {
		fmt.Fprint(w, code)
		for _, l := range languages {
			name := display.Regions(language.Make(l)).Name(language.MustParseRegion(code))
			name, _, _ = strings.Cut(name, " (")
			fmt.Fprintf(w, "\t%s", strings.ReplaceAll(name, " & ", " and "))
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		log.Fatal(err)
	}
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

// codes lists the countries of data/countries.tsv.
func codes() []string {
	table, err := os.ReadFile("data/countries.tsv")
	if err != nil {
		log.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(table)) {
		if code, _, ok := strings.Cut(line, "\t"); ok && len(code) == 2 {
			out = append(out, code)
		}
	}
	slices.Sort(out)
	return out
}
