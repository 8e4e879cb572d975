// Gen learns the lexicons of package pivot. docs/data.md says from what, and
// under which terms.
//
//	go run ./internal/gen SENTENCES.tsv.gz
//
// in aggregator/dedup/pivot. The same sources give the same bytes.
package main

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"communique/aggregator/dedup/pivot/internal/word"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gen SENTENCES.tsv.gz")
		os.Exit(2)
	}
	if err := generate(os.Args[1], "lexicon"); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func generate(sentences, to string) error {
	texts, err := readSentences(sentences)
	if err != nil {
		return err
	}
	for _, language := range []string{"fr", "es", "pt", "ar"} {
		foreign, english := newVocabulary(language), newVocabulary("en")
		var pairs []pair
		for _, t := range texts[language] {
			pairs = append(pairs, pair{foreign: foreign.read(t[0]), english: english.read(t[1])})
		}
		rows := learn(pairs, foreign, english, 12)
		kept := entries(rows, foreign, english, .15)
		table := word.Encode(kept)
		fmt.Printf("%s: %d sentences, %d stems, %d entries, %d bytes\n", language, len(pairs), len(foreign.stems), len(kept), len(table))
		if err := os.WriteFile(filepath.Join(to, language+".bin"), table, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// readSentences reads rows of language, source, English, translation, and gives
// translation and English by language.
func readSentences(file string) (map[string][][2]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	out := map[string][][2]string{}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if c := strings.Split(lines.Text(), "\t"); len(c) == 4 && c[0] != "lang" {
			out[c[0]] = append(out[c[0]], [2]string{c[3], c[2]})
		}
	}
	return out, lines.Err()
}
