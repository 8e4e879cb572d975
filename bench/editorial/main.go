// Command editorial measures what `communique classify` does with labelled
// documents: which are one statement, which tags they get, which language they
// are in, what it costs. It runs the program as its users do and gives it no
// label. docs/accuracy.md holds what was measured and how to read it.
//
// Start reading in measure.go; the arithmetic is in clusters.go and tags.go.
package main

import (
	"flag"
	"fmt"
	"os"
)

const help = `Usage: editorial [-gold FILES] [flags]

Measures what "communique classify" does with labelled documents.

  # the labelled stream: statements, tags, languages, the ten worst mistakes of each kind
  go run ./bench/editorial -gold ../shared/eval/stream_dev.jsonl

  # the same by kind of edit, with the predictions kept; and those scored again
  go run ./bench/editorial -gold ../shared/eval/stream_dev.jsonl -by kind -save out.jsonl
  go run ./bench/editorial -gold ../shared/eval/stream_dev.jsonl -pred out.jsonl

  # how far the order of arrival changes the result; what a full window costs
  go run ./bench/editorial -gold ../shared/eval/stream_dev.jsonl -shuffles 20
  go run ./bench/editorial -gold ../shared/eval/stream_dev.jsonl -fill 100000

  # other labelled sets
  go run ./bench/editorial -congress ../shared/data/humanitarian/statements_us_congress
  go run ./bench/editorial -themes ../shared/data/humanitarian/reliefweb/themes_en.jsonl
  go run ./bench/editorial -desks ../shared/data/humanitarian/bbc_desks/items.jsonl

A gold file has a JSON object a line: id, lang, title, text, published, source, url, group (the
statement), ambiguous_with, countries, regions, topics, topics_rw, *_judged, set, form, kind.
What a row does not label is not judged.

Flags:
`

// options is the command line.
type options struct {
	gold, pred, save string
	binary, config   string
	withLanguage     bool
	by               string
	errors           int

	shuffles int
	arrival  string
	fill     int
	seed     uint64

	congress, themes, desks string

	json, markdown bool
	page           string
}

func main() {
	var o options
	flag.StringVar(&o.gold, "gold", "", "labelled rows, `FILES` separated by commas")
	flag.StringVar(&o.pred, "pred", "", "score this ready prediction and run nothing: `FILE` of what classify printed, or of {id, cluster, countries, regions, topics} in the words of the labels")
	flag.StringVar(&o.save, "save", "", "keep the predictions in `FILE`, in the words of the labels, with their explanations")
	flag.StringVar(&o.binary, "communique", "", "the program to measure, at `PATH` (default: built from ./cmd/communique)")
	flag.StringVar(&o.config, "config", "", "configuration `FILE` for it (default: its built-in rules)")
	flag.BoolVar(&o.withLanguage, "give-language", false, "tell classify the language of each row; otherwise it has to find out")
	flag.StringVar(&o.by, "by", "", "also split the scores by `KEY`: lang, set, form or kind")
	flag.IntVar(&o.errors, "errors", 10, "show at most `N` mistakes of each kind")
	flag.IntVar(&o.shuffles, "shuffles", 0, "classify in `N` other orders of arrival")
	flag.StringVar(&o.arrival, "arrival", "poll", "how these come about, `MODE`: poll (each source asked at its own interval, 5 minutes to 6 hours), random (each item late by up to 3 days) or both")
	flag.IntVar(&o.fill, "fill", 0, "put `N` made statements into the window first")
	flag.Uint64Var(&o.seed, "seed", 1, "of the orders of arrival and of the made statements, `N`")
	flag.StringVar(&o.congress, "congress", "", "official statements with labelled pairs, in `DIR`")
	flag.StringVar(&o.themes, "themes", "", "reports with their editors' themes, `FILE`")
	flag.StringVar(&o.desks, "desks", "", "news items with their desk in the address, `FILE`")
	flag.BoolVar(&o.json, "json", false, "print the figures for machines")
	flag.BoolVar(&o.markdown, "markdown", false, "print the tables as they stand in docs/accuracy.md")
	flag.StringVar(&o.page, "page", "", "put the tables into this page, `FILE`, in their places")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), help)
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := o.check(flag.NArg()); err != nil {
		fmt.Fprintf(os.Stderr, "editorial: %v; see -help\n", err)
		os.Exit(2)
	}
	if err := run(&o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "editorial:", err)
		os.Exit(1)
	}
}

// check says what is wrong with the command line.
func (o *options) check(rest int) error {
	switch {
	case rest > 0:
		return fmt.Errorf("only flags are taken")
	case o.gold == "" && o.congress == "" && o.themes == "" && o.desks == "":
		return fmt.Errorf("nothing to measure: want -gold, -congress, -themes or -desks")
	case o.gold == "" && (o.shuffles > 0 || o.fill > 0 || o.pred != "" || o.save != "" || o.by != ""):
		return fmt.Errorf("-shuffles, -fill, -pred, -save and -by need -gold")
	case o.pred != "" && (o.shuffles > 0 || o.fill > 0 || o.save != "" || o.congress != "" || o.themes != "" || o.desks != ""):
		return fmt.Errorf("-pred runs nothing: it goes with -gold, -by, -errors and the forms of output")
	case o.by != "" && o.by != "lang" && o.by != "set" && o.by != "form" && o.by != "kind":
		return fmt.Errorf("-by %q: want lang, set, form or kind", o.by)
	case o.arrival != "poll" && o.arrival != "random" && o.arrival != "both":
		return fmt.Errorf("-arrival %q: want poll, random or both", o.arrival)
	case o.shuffles < 0 || o.fill < 0 || o.errors < 0:
		return fmt.Errorf("-shuffles, -fill and -errors count from 0")
	case o.json && o.markdown:
		return fmt.Errorf("-json and -markdown exclude each other")
	}
	return nil
}
