package dedup

import (
	"slices"

	"communique/feeds"
)

// match is an item that a draft was matched to, with the evidence.
type match struct {
	Known
	why string
}

// recognize finds for each draft the item of the same source that it is a later
// reading of; nil where there is none.
//
// It goes from strong evidence to weak, over the whole document each time: an
// item that stands in the document under its own name cannot also be what
// another one there became. So guids that are numbers in a list, and one text at
// two addresses, do no harm.
func recognize(src feeds.Source, drafts []feeds.Draft, ms []marks, renamed bool, look func(feeds.Key) []Known) []*match {
	out := make([]*match, len(drafts))
	titles := make([]string, len(drafts))
	for i := range drafts {
		titles[i] = fold(drafts[i].Title)
	}
	taken := map[feeds.ItemKey]bool{}
	for _, by := range []func(*sight) *match{byAgreement, byName, byText, byTitle} {
		var now []feeds.ItemKey
		for i := range drafts {
			if out[i] != nil {
				continue
			}
			s := sight{src: src, d: &drafts[i], m: &ms[i], renamed: renamed, title: titles[i]}
			s.ours = func(k feeds.Key) []Known {
				if k == (feeds.Key{}) {
					return nil
				}
				return slices.DeleteFunc(own(src, look(k)), func(o Known) bool { return taken[o.Item] })
			}
			if out[i] = by(&s); out[i] != nil {
				now = append(now, out[i].Item)
			}
		}
		for _, item := range now {
			taken[item] = true
		}
	}
	return out
}

// sight is what there is to recognize one draft by.
type sight struct {
	src     feeds.Source
	d       *feeds.Draft
	m       *marks
	renamed bool
	title   string
	ours    func(feeds.Key) []Known // of this source, without those that are found already
}

// byAgreement goes by two signs that agree.
func byAgreement(s *sight) *match {
	guid, link := s.ours(s.m.guid), s.ours(s.m.sourceLink)
	for _, o := range s.ours(s.m.text) {
		if !otherDate(o.Published, s.d.Published) && (among(guid, &o) || among(link, &o)) {
			return &match{o, "same guid or link, same text"}
		}
	}
	for _, o := range guid {
		if !s.m.guidShared && (among(link, &o) || fold(o.Title) == s.title) {
			return &match{o, "same guid"}
		}
	}
	for _, o := range link {
		if !s.m.linkShared && fold(o.Title) == s.title {
			return &match{o, "same link, guid changed"}
		}
	}
	for _, o := range slices.Concat(guid, link) { // shared ones
		if fold(o.Title) == s.title && sameDate(o.Published, s.d.Published) {
			return &match{o, "same guid or link, same title and date"}
		}
	}
	if same := s.ours(s.m.content); len(same) > 0 {
		return &match{same[0], "same content"}
	}
	return nil
}

// byName goes by guid or link alone.
func byName(s *sight) *match {
	if !s.m.guidShared {
		for _, o := range s.ours(s.m.guid) {
			if !(otherLink(o.Link, s.d.Link) && fold(o.Title) != s.title && otherDate(o.Published, s.d.Published)) {
				return &match{o, "same guid"}
			}
		}
	}
	if s.m.linkShared {
		return nil
	}
	for _, o := range s.ours(s.m.sourceLink) {
		if o.GUID == "" || s.d.ID == "" || o.GUID == s.d.ID || s.src.Identity == "link" || sameDate(o.Published, s.d.Published) {
			return &match{o, "same link, guid changed"}
		}
	}
	return nil
}

func byText(s *sight) *match {
	for _, o := range s.ours(s.m.text) {
		if !otherDate(o.Published, s.d.Published) {
			return &match{o, "same text and date, guid and link changed"}
		}
	}
	return nil
}

// byTitle goes by title and time, which name an item only where there is
// nothing better: two statements may well carry one title on one day.
func byTitle(s *sight) *match {
	if !s.renamed && s.src.Identity != "title_date" && len(s.m.names()) > 0 && s.m.content == (feeds.Key{}) {
		return nil
	}
	for _, o := range s.ours(s.m.titleDate) {
		if sameDate(o.Published, s.d.Published) {
			return &match{o, "same title and date, guid and link changed"}
		}
	}
	return nil
}

func among(in []Known, o *Known) bool {
	return slices.ContainsFunc(in, func(k Known) bool { return k.Item == o.Item })
}

// own keeps what is of the source, in a list of its own.
func own(src feeds.Source, in []Known) []Known {
	var out []Known
	for _, k := range in {
		if k.Item.Source() == src.ID {
			out = append(out, k)
		}
	}
	return out
}
