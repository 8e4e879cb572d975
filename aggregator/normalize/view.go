package normalize

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"communique/feeds"
)

// View makes the text view of a title and a text, which may be HTML or plain:
// what the statement says, without dateline, CMS labels and boilerplate.
func (n *Normalizer) View(language, headline, text string) feeds.TextView {
	words := ""
	if hasTags(text) {
		words = n.clean(text, base{}, "").Text
	} else {
		words = n.plain(html.UnescapeString(text)).Text
	}
	return view(title(feeds.Text{Value: headline}), words)
}

const (
	shortLede = 200 // bytes: a first paragraph below this takes the next along
	longLede  = 900 // runes

	foldShort = 400 // bytes
	foldLong  = 100
)

// view takes words (one paragraph a line) apart. When nothing would be left,
// everything is kept: a statement that is all boilerplate is still its text.
func view(headline, words string) feeds.TextView {
	v := feeds.TextView{Title: headline}
	var kept []string
	whole := true // of those that are kept, nothing was cut
	skipNext := 0 // the next paragraph goes too when it is shorter
	all := strings.Split(words, "\n")
	for i, p := range all {
		if p == "" {
			continue
		}
		if limit := skipNext; limit > 0 {
			if skipNext = 0; len(p) < limit {
				continue
			}
		}
		// A long paragraph is known by how it starts, a short one as a whole.
		f := ""
		if len(p) <= foldShort {
			f = fold(p, foldShort)
		} else {
			f = fold(p, foldLong)
		}
		if 2*i >= len(all)-1 && len(kept) > 0 && isEnd(p) {
			break
		}
		switch judge(p, f, i, len(all)) {
		case dropParagraph:
			continue
		case dropWithNext:
			skipNext = 1500
			continue
		case dropWithValue:
			skipNext = 60
			continue
		}
		uncut := len(p)
		if len(kept) == 0 {
			if sameLine(f, headline) || isDatelineAlone(p) {
				continue
			}
			p = p[skipLabels(p, f):]
			if p != "" {
				p = p[skipDateline(p):]
			}
		}
		if i >= len(all)-3 { // plugins write at the end
			p = p[:trimSyndicated(p)]
		}
		whole = whole && len(p) == uncut
		if p != "" {
			kept = append(kept, p)
		}
	}
	if len(kept) == 0 || whole && len(kept) == len(all) {
		v.Body = words
	} else {
		v.Body = strings.Join(kept, "\n")
	}
	lede, rest, _ := strings.Cut(v.Body, "\n")
	if len(lede) < shortLede && rest != "" {
		second, _, _ := strings.Cut(rest, "\n")
		lede = v.Body[:len(lede)+1+len(second)]
	}
	v.Lede = cut(lede, longLede)
	return v
}

// isEnd reports whether a line is the mark under which a release ends.
func isEnd(p string) bool {
	if len(p) > 20 {
		return false
	}
	word := strings.Trim(p, " -–—*#/.")
	if word == "" {
		return strings.Count(p, "#") >= 3
	}
	return ends[strings.ToLower(word)] && (word == strings.ToUpper(word) && word != strings.ToLower(word) || word != p && strings.ContainsAny(p[:1], "-–—*#/"))
}

type judgement uint8

const (
	keepParagraph judgement = iota
	dropParagraph
	dropWithNext  // a heading, with the paragraph below it
	dropWithValue // a label, with what stands below it when that is short
)

// judge says whether a paragraph belongs to the text; f is its folded start.
func judge(p, f string, i, of int) judgement {
	n := len(p)
	f = strings.TrimLeft(f, "*•·–—-[(> ")
	switch {
	case f == "":
		return dropParagraph
	case n <= foldShort && startsWith(f, &contactIndex), n <= 300 && startsWith(f, &navigationIndex):
		return dropParagraph
	case n <= 250 && startsWith(f, &invitationIndex) && (n <= 120 || containsAny(f, elsewhere)), n <= 40 && startsWith(f, &continuedIndex):
		return dropParagraph
	case n <= 200 && containsAny(f, rights):
		return dropParagraph
	case n <= 260 && isReachable(p, f):
		return dropParagraph
	case n <= 160 && startsWith(f, &labelIndex):
		return dropParagraph
	case n <= 40 && labels[strings.TrimRight(f, ": ")]:
		return dropWithValue
	case n <= 80 && i > 0 && i+1 < of && isAbout(p, f):
		return dropWithNext
	case i > 1 && startsWith(f, &presentationIndex):
		return dropParagraph
	case n <= foldShort && isSyndicated(f):
		return dropParagraph
	}
	return keepParagraph
}

// isAbout reports whether a line is a heading over a publisher's presentation
// of itself.
func isAbout(p, f string) bool {
	if strings.ContainsAny(p[len(p)-1:], ".!?,;") || !startsWith(f, &aboutIndex) {
		return false
	}
	words := strings.Fields(p)
	if len(words) > 9 {
		return false
	}
	for _, r := range p {
		if unicode.IsDigit(r) {
			return false // "About 200 people" is news
		}
	}
	// What it is about is a name, if the script has capitals: "About a boy".
	last := words[len(words)-1]
	if i := strings.IndexAny(last, "'’"); i == 1 { // l'Agence
		last = strings.TrimLeft(last[1:], "'’")
	}
	return !unicode.IsLower(firstRune(last)) || len(words) <= 4 && strings.HasSuffix(f, " us")
}

// isReachable reports whether a line is numbers and addresses to reach someone
// at.
func isReachable(p, f string) bool {
	digits, at := 0, hasAddress(p)
	for i := 0; i < len(p); i++ {
		if isDigit(p[i]) {
			digits++
		}
	}
	if !at && digits < 7 {
		return false
	}
	if !containsAny(f, reachables) && !strings.Contains(f, "+") {
		return false
	}
	if at && digits < 7 {
		// A mail address in a sentence is no contact line.
		return len(p) < 120 && strings.Count(p, " ") <= 12
	}
	return at || containsAny(f, reachables[:len(reachables)-1])
}

// hasAddress reports whether a mail address stands in s.
func hasAddress(s string) bool {
	for i := strings.IndexByte(s, '@'); i >= 0; {
		rest := s[i+1:]
		if end := strings.IndexAny(rest, " ,;)>"); end >= 0 {
			rest = rest[:end]
		}
		if i > 0 && isUnreserved(s[i-1]) && strings.IndexByte(rest, '.') > 0 {
			return true
		}
		next := strings.IndexByte(s[i+1:], '@')
		if next < 0 {
			return false
		}
		i += 1 + next
	}
	return false
}

// isSyndicated reports whether a whole paragraph is a plugin's.
func isSyndicated(f string) bool {
	for _, pair := range syndicated {
		if strings.HasPrefix(f, pair[0]) && strings.Contains(f, pair[1]) {
			return true
		}
	}
	return false
}

// trimSyndicated gives the length of a paragraph without what plugins glue to
// its end.
func trimSyndicated(p string) int {
	const tail = 400
	from := max(0, len(p)-tail)
	for from > 0 && !utf8.RuneStart(p[from]) {
		from--
	}
	if !mayBeSyndicated(p[from:]) {
		return len(p)
	}
	f := fold(p[from:], tail)
	if len(f) == len(p)-from { // folding moved nothing
		for _, pair := range syndicated {
			if !strings.Contains(f, pair[1]) { // many times quicker than to look backwards
				continue
			}
			if i := strings.LastIndex(f, pair[0]); i > 0 && strings.Contains(f[i:], pair[1]) && (f[i-1] == ' ' || f[i-1] == '.') {
				return len(strings.TrimRight(p[:from+i], " "))
			}
		}
		for _, c := range continued {
			last := max(0, len(f)-len(c)-4)
			if i := strings.Index(f[last:], c); i >= 0 && last+i > 0 {
				i += last
				return len(strings.TrimRight(p[:from+i], " …(["))
			}
		}
	}
	return len(p)
}

// mayBeSyndicated reports whether the end of a paragraph may hold what plugins
// write: hardly any does, and to fold them all costs more than all else here.
func mayBeSyndicated(p string) bool {
	for i := strings.IndexByte(p, ' '); i >= 0 && i+1 < len(p); {
		for _, half := range secondHalves[p[i+1]] {
			// Most are told by their next letter, which only differs in its case.
			if len(p)-i >= len(half) && p[i+2]|0x20 == half[2]|0x20 && strings.EqualFold(p[i:i+len(half)], half) {
				return true
			}
		}
		next := strings.IndexByte(p[i+1:], ' ')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	const longest = 40 // of continued, with what may stand after it
	end := p[max(0, len(p)-longest):]
	for end != "" && !utf8.RuneStart(end[0]) {
		end = end[1:]
	}
	return containsAny(fold(end, longest), continued)
}

// secondHalves are those of syndicated, which all begin with a space, by the
// byte after it, small or capital.
var secondHalves = func() (out starts) {
	for _, pair := range syndicated {
		c := pair[1][1]
		out[c] = append(out[c], pair[1])
		if 'a' <= c && c <= 'z' {
			out[c-'a'+'A'] = append(out[c-'a'+'A'], pair[1])
		}
	}
	return out
}()

// skipLabels gives the length of the CMS labels that are glued to the front of
// the first paragraph: "Language English Posted: 06/10/22 Region-Country:
// UgandaThemes: Migration". At least two of them must be there.
func skipLabels(p, f string) int {
	if len(f) < 20 || !startsWith(f, &labelIndex) {
		return 0
	}
	head := fold(p, 300)
	found, end := 0, 0
	for _, l := range glued {
		if i := strings.Index(head, l); i >= 0 {
			found++
			end = max(end, i+len(l))
		}
	}
	if found < 2 || end > len(p) || len(strings.ToLower(p[:end])) != end || strings.ToLower(p[:end]) != head[:end] {
		return 0
	}
	for end < len(p) && p[end] == ' ' {
		end++
	}
	return end
}

// sameLine reports whether a folded paragraph only says the title again.
func sameLine(f, headline string) bool {
	return headline != "" && len(headline) < foldShort-10 && strings.TrimRight(f, ". ") == strings.TrimRight(fold(headline, foldShort), ". ")
}

// fold gives the first n bytes of s or less, in lower case and with straight
// quotes.
func fold(s string, n int) string {
	if len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	var room [foldShort + utf8.UTFMax]byte // a small letter may take a byte more than its capital
	to := room[:0]
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case 'A' <= c && c <= 'Z':
			to = append(to, c+'a'-'A')
			i++
		case c < utf8.RuneSelf:
			to = append(to, c)
			i++
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == '’' {
				to = append(to, '\'')
			} else {
				to = utf8.AppendRune(to, unicode.ToLower(r))
			}
			i += size
		}
	}
	return string(to)
}

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// starts is a list of phrases by their first byte.
type starts [256][]string

func newStarts(phrases []string) (out starts) {
	for _, p := range phrases {
		out[p[0]] = append(out[p[0]], p)
	}
	return out
}

var (
	contactIndex      = newStarts(contacts)
	invitationIndex   = newStarts(invitations)
	navigationIndex   = newStarts(navigation)
	aboutIndex        = newStarts(abouts)
	presentationIndex = newStarts(presentations)
	labelIndex        = newStarts(labelStarts)
	continuedIndex    = newStarts(continued)
)

func startsWith(s string, in *starts) bool {
	if s == "" {
		return false
	}
	for _, p := range in[s[0]] {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
