package rendertest

// history checks what RFC 5005 §3 and §4 and our own promise of archives that never
// change ask of a feed's links: it has archives or pages, not both.
func (c *checker) history(n *node, links []*node) {
	href := map[string]string{}
	for _, l := range links {
		rel := l.attrs["rel"]
		switch rel {
		case "current", "prev-archive", "next-archive", "self", "hub":
			if href[rel] != "" && rel != "hub" {
				c.say("H1", "two links of rel %s", rel)
			}
			href[rel] = l.attrs["href"]
		case "first", "last", "next", "previous":
			if href[rel] != "" {
				c.say("H5", "two links of rel %s", rel)
			}
			href[rel] = l.attrs["href"]
		}
	}
	for _, rel := range []string{"first", "last", "next", "previous"} {
		if href[rel] != "" && (href["prev-archive"] != "" || href["current"] != "") {
			c.say("H2", "a link of a paged feed, %s, in one with archives", rel)
		}
		if href[rel] != "" && href[rel] == href["self"] {
			c.say("H5", "%s leads to the page itself", rel)
		}
	}
	if href["first"] != "" && href["hub"] != "" {
		c.say("H3", "a further page with a hub")
	}
	archive := n.all("fh:archive")
	c.once("H1", n, 0, 1, "fh:archive")
	for _, a := range archive {
		if a.text != "" || len(a.children) > 0 {
			c.say("H1", "fh:archive is not empty")
		}
		if href["current"] == "" || href["current"] == href["self"] {
			c.say("H1", "an archive whose current document is %q", href["current"])
		}
		if href["hub"] != "" {
			c.say("H3", "an archive with a hub")
		}
		if href["next-archive"] != "" {
			c.say("H4", "an archive that names the next one was not written once")
		}
	}
	if len(archive) == 0 && (href["current"] != "" || href["next-archive"] != "") {
		c.say("H1", "a current document that names another")
	}
	if p := href["prev-archive"]; p != "" && (p == href["self"] || p == href["current"]) {
		c.say("H1", "prev-archive leads to itself or to the current document: %s", p)
	}
}

// deleted checks tombstones (RFC 6721 §3).
func (c *checker) deleted(f *node) {
	for _, d := range f.all("at:deleted-entry") {
		ref := d.attrs["ref"]
		c.known("T1", d, "at:comment", "ref when")
		c.once("T1", d, 0, 1, "at:comment")
		c.id("T1", ref) // what is withdrawn is no entry, and is withdrawn once
		c.date3339("T1", ref+" when", d.attrs["when"])
		for _, k := range d.all("at:comment") {
			c.known("T1", k, "", "xml:lang")
			c.leaf("T1", k)
		}
	}
}
