package normalize

import (
	"net/mail"
	"strings"

	"communique/feeds"
)

// person cleans one author. Publishers write "mail (Name)", as RSS 2.0 asks,
// "Name <mail>", "Name (mail)", or the mail address alone; all are taken apart.
// An address that is none (RFC 5322 §3.4.1) is dropped, and so is a URI that
// nobody may be led to. ok is false when nothing is left.
func (n *Normalizer) person(p feeds.Person, b base) (out feeds.Person, ok bool) {
	who := name(p.Name)
	address := mailAddress(p.Email)
	if strings.Contains(who, "@") {
		if found, rest := splitAddress(who); found != "" {
			who = rest
			if address == "" {
				address = found
			}
		}
	} else if address == "" && who == "" && p.Email != "" {
		// "webmaster" and "Jane Doe" stand where an address should.
		if found, rest := splitAddress(name(p.Email)); found != "" {
			address, who = found, rest
		} else {
			who = rest
		}
	}
	out = feeds.Person{Name: cut(who, 200), Email: address}
	if uri := b.resolve(p.URI); isWebURL(uri) || strings.HasPrefix(strings.ToLower(uri), "mailto:") {
		out.URI = uri
	}
	return out, out != feeds.Person{}
}

// splitAddress finds the mail address in s and gives what else is there.
func splitAddress(s string) (address, rest string) {
	from := strings.IndexByte(s, '@')
	if from < 0 {
		return "", strings.Trim(s, " ()<>\"'")
	}
	to := from
	for from > 0 && !strings.ContainsRune(" ()<>,;\"'[]", rune(s[from-1])) {
		from--
	}
	for to < len(s) && !strings.ContainsRune(" ()<>,;\"'[]", rune(s[to])) {
		to++
	}
	address = mailAddress(s[from:to])
	if address == "" {
		return "", strings.TrimSpace(s)
	}
	before := strings.Trim(s[:from], " \"'<(,;-[")
	after := strings.Trim(s[to:], " \"'>),;-]")
	after = strings.TrimLeft(after, "(<[")
	rest = strings.TrimSpace(before + " " + after)
	if strings.Count(rest, "(") != strings.Count(rest, ")") {
		rest = strings.Trim(rest, "()")
	}
	return address, strings.TrimSpace(rest)
}

// mailAddress gives s when it is an address (addr-spec), else "".
func mailAddress(s string) string {
	s = foldLine(s)
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s, _, _ = strings.Cut(s[7:], "?")
	}
	if s == "" || len(s) > 254 || !strings.Contains(s, "@") {
		return ""
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" || a.Address != s {
		return ""
	}
	return s
}

// people cleans authors and drops those that are there twice.
func (n *Normalizer) people(all []feeds.Person, b base) []feeds.Person {
	var out []feeds.Person
next:
	for _, p := range all {
		clean, ok := n.person(p, b)
		if !ok {
			continue
		}
		for i := range out {
			if strings.EqualFold(out[i].Name, clean.Name) && (out[i].Email == clean.Email || clean.Email == "") {
				continue next
			}
		}
		if out = append(out, clean); len(out) == maxEach {
			break
		}
	}
	return out
}
