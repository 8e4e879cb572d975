package main

import (
	"bufio"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// A sentence, or a name or a gloss, in a language and in English.
type sentence struct{ language, foreign, english string }

var languages = []string{"fr", "es", "pt", "ar", "ru", "de", "it"}

// readAll reads every source that docs/data.md names, each from its unpacked
// package in dir, and the sentences.
func readAll(sentences, dir string) ([]sentence, error) {
	var all []sentence
	for _, s := range []struct {
		name string
		read func() ([]sentence, error)
	}{
		{"sentences", func() ([]sentence, error) { return readSentences(sentences) }},
		{"terms", readTerms},
		{"id-tagging-schema", func() ([]sentence, error) {
			return readMapTerms(filepath.Join(dir, "id-tagging-schema/dist/translations"))
		}},
		{"scratch-l10n", func() ([]sentence, error) { return readScratch(filepath.Join(dir, "scratch-l10n")) }},
		{"cldr-annotations-full", func() ([]sentence, error) {
			return readEmoji(filepath.Join(dir, "cldr-annotations-full/annotations"))
		}},
		{"cldr-annotations-derived-full", func() ([]sentence, error) {
			return readEmoji(filepath.Join(dir, "cldr-annotations-derived-full/annotationsDerived"))
		}},
		{"cldr-localenames-full", func() ([]sentence, error) {
			return readNames(filepath.Join(dir, "cldr-localenames-full/main"))
		}},
		{"debian-handbook", func() ([]sentence, error) {
			return readPages(filepath.Join(dir, "debian-handbook/usr/share/doc/debian-handbook/html"), "en-US", ".html", map[string]string{
				"fr": "fr-FR", "es": "es-ES", "pt": "pt-BR", "ar": "ar-MA", "ru": "ru-RU", "de": "de-DE", "it": "it-IT"})
		}},
		{"gnome-user-docs", func() ([]sentence, error) {
			return readPages(filepath.Join(dir, "gnome-user-docs/usr/share/help"), "C", ".page", map[string]string{
				"fr": "fr", "es": "es", "pt": "pt_BR", "ru": "ru", "de": "de", "it": "it"})
		}},
		{"dict-freedict-jpn", func() ([]sentence, error) { return readGlosses(dir) }},
	} {
		read, err := s.read()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		var kept []sentence
		seen := map[sentence]bool{}
		count := map[string]int{}
		for _, r := range read {
			// What is the same in both is untranslated, or a name that needs no lexicon.
			if r.foreign == r.english || r.foreign == "" || r.english == "" || seen[r] {
				continue
			}
			seen[r] = true
			count[r.language]++
			kept = append(kept, r)
			if s.name == "terms" {
				kept = append(kept, r, r)
			}
		}
		fmt.Printf("%s: %d", s.name, len(kept))
		for _, l := range languages {
			fmt.Printf(" %s %d", l, count[l])
		}
		fmt.Println()
		all = append(all, kept...)
	}
	return all, nil
}

// readSentences reads rows of language, source, English, translation.
func readSentences(file string) ([]sentence, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var out []sentence
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if c := strings.Split(lines.Text(), "\t"); len(c) == 4 && c[0] != "lang" {
			out = append(out, sentence{c[0], c[3], c[2]})
		}
	}
	return out, lines.Err()
}

//go:embed terms.tsv
var terms string

// readTerms reads the words that were written for this project.
func readTerms() ([]sentence, error) {
	var out []sentence
	for line := range strings.Lines(terms) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		c := strings.Split(strings.TrimSpace(line), "\t")
		if len(c) != 1+len(languages) {
			return nil, fmt.Errorf("terms.tsv: %q has %d columns, want %d", line, len(c), 1+len(languages))
		}
		for i, l := range languages {
			out = append(out, sentence{l, c[i+1], c[0]})
		}
	}
	return out, nil
}

// flatten gives the strings of a JSON file by the way to them, apart by slashes.
func flatten(file string) (map[string]string, error) {
	in, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var v any
	if err := json.Unmarshal(in, &v); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	out := map[string]string{}
	var walk func(way string, v any)
	walk = func(way string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, w := range v {
				walk(way+"/"+k, w)
			}
		case []any:
			all := make([]string, 0, len(v))
			for _, w := range v {
				if s, ok := w.(string); ok {
					all = append(all, s)
				}
			}
			out[way] = strings.Join(all, " ")
		case string:
			out[way] = v
		}
	}
	walk("", v)
	return out, nil
}

var placeholders = regexp.MustCompile(`<[^>]*>|\{[^}]*\}|%[0-9a-z]`)

// join pairs what stands under the same key in both, in the order of the keys.
func join(language string, foreign, english map[string]string) []sentence {
	var out []sentence
	for _, k := range slices.Sorted(maps.Keys(foreign)) {
		if e, ok := english[k]; ok {
			out = append(out, sentence{language, placeholders.ReplaceAllString(foreign[k], " "), placeholders.ReplaceAllString(e, " ")})
		}
	}
	return out
}

// readMapTerms reads what OpenStreetMap's editor calls what can be on a map.
// Lists of search terms are left out: each language has its own.
func readMapTerms(dir string) ([]sentence, error) {
	read := func(language string) (map[string]string, error) {
		all, err := flatten(filepath.Join(dir, language+".json"))
		terms := map[string]string{}
		for k, v := range all {
			if !strings.HasSuffix(k, "/terms") && !strings.HasSuffix(k, "/aliases") {
				terms[strings.TrimPrefix(k, "/"+language)] = v
			}
		}
		return terms, err
	}
	english, err := read("en")
	if err != nil {
		return nil, err
	}
	var out []sentence
	for _, l := range languages {
		foreign, err := read(l)
		if err != nil {
			return nil, err
		}
		out = append(out, join(l, foreign, english)...)
	}
	return out, nil
}

// readScratch reads the words of Scratch and its pages.
func readScratch(dir string) ([]sentence, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "*", "en.json"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no */*/en.json in %s (%w)", dir, fs.ErrNotExist)
	}
	var out []sentence
	for _, file := range files {
		english, err := flatten(file)
		if err != nil {
			return nil, err
		}
		for _, l := range languages {
			name := l
			if l == "pt" {
				name = "pt-br"
			}
			foreign, err := flatten(filepath.Join(filepath.Dir(file), name+".json"))
			if err != nil {
				continue // not every page is in every language
			}
			out = append(out, join(l, foreign, english)...)
		}
	}
	return out, nil
}

// readEmoji reads the names and keywords of characters.
func readEmoji(dir string) ([]sentence, error) {
	english, err := flatten(filepath.Join(dir, "en/annotations.json"))
	if err != nil {
		return nil, err
	}
	var out []sentence
	for _, l := range languages {
		foreign, err := flatten(filepath.Join(dir, l, "annotations.json"))
		if err != nil {
			return nil, err
		}
		out = append(out, join(l, foreign, english)...)
	}
	return out, nil
}

// readNames reads the names of territories and languages.
func readNames(dir string) ([]sentence, error) {
	var out []sentence
	for _, name := range []string{"territories.json", "languages.json"} {
		read := func(language string) (map[string]string, error) {
			all, err := flatten(filepath.Join(dir, language, name))
			names := map[string]string{}
			for k, v := range all {
				names[strings.TrimPrefix(k, "/main/"+language)] = v
			}
			return names, err
		}
		english, err := read("en")
		if err != nil {
			return nil, err
		}
		for _, l := range languages {
			foreign, err := read(l)
			if err != nil {
				return nil, err
			}
			out = append(out, join(l, foreign, english)...)
		}
	}
	return out, nil
}

// readPages reads a book whose translations have the pages and the paragraphs
// of the original. A page with another number of paragraphs is left out.
func readPages(dir, original, suffix string, translations map[string]string) ([]sentence, error) {
	var out []sentence
	err := filepath.WalkDir(filepath.Join(dir, original), func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, suffix) {
			return err
		}
		english, err := paragraphs(file)
		if err != nil {
			return err
		}
		below, err := filepath.Rel(filepath.Join(dir, original), file)
		if err != nil {
			return err
		}
		for _, l := range languages {
			foreign, err := paragraphs(filepath.Join(dir, translations[l], below))
			if err != nil || len(foreign) != len(english) {
				continue // not every page is in every language
			}
			for i, f := range foreign {
				if len(f) < 2000 {
					out = append(out, sentence{l, f, english[i]})
				}
			}
		}
		return nil
	})
	return out, err
}

var (
	unread = regexp.MustCompile(`(?s)<script.*?</script>|<style.*?</style>|<head>.*?</head>|<pre.*?</pre>|<screen.*?</screen>|<info.*?</info>|<!--.*?-->`)
	block  = regexp.MustCompile(`</?(p|h[1-6]|dt|dd|li|td|th|div|title|desc|item|section|page)\b[^>]*>`)
	inline = regexp.MustCompile(`<[^>]*>`)
)

// paragraphs gives the texts between the block elements of a page in HTML or
// Mallard.
func paragraphs(file string) ([]string, error) {
	in, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, p := range block.Split(unread.ReplaceAllString(string(in), " "), -1) {
		p = strings.Join(strings.Fields(html.UnescapeString(inline.ReplaceAllString(p, ""))), " ")
		if p != "" {
			out = append(out, p)
		}
	}
	return out, nil
}

// readGlosses pairs what JMdict gives for the same Japanese word in English and
// in other languages.
func readGlosses(dir string) ([]sentence, error) {
	english, err := readJapanese(dir, "eng")
	if err != nil {
		return nil, err
	}
	var out []sentence
	for _, l := range []struct{ language, code string }{{"fr", "fra"}, {"ru", "rus"}, {"de", "deu"}} {
		foreign, err := readJapanese(dir, l.code)
		if err != nil {
			return nil, err
		}
		for _, head := range slices.Sorted(maps.Keys(foreign)) {
			f := foreign[head]
			if l.language == "ru" {
				f = strings.Join(strings.FieldsFunc(f, func(r rune) bool { return !unicode.Is(unicode.Cyrillic, r) }), " ")
			}
			e := english[head]
			// German has a hundred thousand: only words that newspapers or schools use.
			if l.language == "de" && !strings.Contains(e, common) {
				continue
			}
			out = append(out, sentence{l.language, strings.ReplaceAll(f, common, ""), strings.ReplaceAll(e, common, "")})
		}
	}
	return out, nil
}

const common = "\x00"

var (
	marks    = regexp.MustCompile(`\[(news|ichi|spec|gai|nf)[0-9]+\]`)
	spoken   = regexp.MustCompile(`/[^/]*/|\[[a-z0-9]+\]|\([^)]*\)|\s`)
	grammar  = regexp.MustCompile(`(?m)^ ?\(.*\)$|^.*Note:.*$`)
	brackets = regexp.MustCompile(`\{[^}]*\}|\([^)]*\)`)
)

// readJapanese reads a dictd dictionary: an index of word, offset and length,
// and the articles. An article is a line of writings and readings, lines of
// grammar, glosses. Heads that several articles share are left out.
func readJapanese(dir, code string) (map[string]string, error) {
	base := filepath.Join(dir, "dict-freedict-jpn-"+code, "usr/share/dictd/freedict-jpn-"+code)
	text, err := gunzip(base + ".dict.dz")
	if err != nil {
		return nil, err
	}
	index, err := os.ReadFile(base + ".index")
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	done := map[int]bool{}
	for line := range strings.Lines(string(index)) {
		c := strings.Split(strings.TrimSpace(line), "\t")
		if len(c) < 3 {
			continue
		}
		from, n := base64Number(c[len(c)-2]), base64Number(c[len(c)-1])
		if done[from] || from+n > len(text) {
			continue
		}
		done[from] = true
		head, body, _ := strings.Cut(string(text[from:from+n]), "\n")
		body = strings.TrimSpace(brackets.ReplaceAllString(grammar.ReplaceAllString(body, ""), " "))
		if marks.MatchString(head) {
			body += common
		}
		head = spoken.ReplaceAllString(head, "")
		if _, twice := out[head]; twice {
			body = ""
		}
		out[head] = body
	}
	return out, nil
}

func gunzip(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return io.ReadAll(z)
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

func base64Number(s string) int {
	n := 0
	for _, c := range []byte(s) {
		n = n<<6 | strings.IndexByte(base64Digits, c)
	}
	return n
}
