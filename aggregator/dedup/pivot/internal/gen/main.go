// Gen learns the lexicons of package pivot. docs/data.md says from what, and
// under which terms.
//
//	go run ./internal/gen SENTENCES.tsv.gz PACKAGES
//
// in aggregator/dedup/pivot; PACKAGES is a folder with each package that
// docs/data.md names, unpacked, under its name. The same sources give the same
// bytes.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"communique/aggregator/dedup/pivot/internal/word"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: gen SENTENCES.tsv.gz PACKAGES")
		os.Exit(2)
	}
	if err := generate(os.Args[1], os.Args[2], "lexicon"); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func generate(sentences, packages, to string) error {
	all, err := readAll(sentences, packages)
	if err != nil {
		return err
	}
	for _, language := range languages {
		foreign, english := newVocabulary(language), newVocabulary("en")
		var pairs []pair
		for _, s := range all {
			if s.language == language {
				pairs = append(pairs, pair{source: foreign.read(s.foreign), target: english.read(s.english)})
			}
		}
		kept := entries(learn(pairs, len(foreign.stems)), foreign, english)
		table := word.Encode(kept)
		fmt.Printf("%s: %d pairs, %d stems, %d entries, %d bytes\n", language, len(pairs), len(foreign.stems), len(kept), len(table))
		if err := os.WriteFile(filepath.Join(to, language+".bin"), table, 0o644); err != nil {
			return err
		}
	}
	return nil
}
