package storage

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"communique/feeds"
	"communique/feeds/words"
)

// fill sets every field that it reaches to something that is not zero, each
// another value.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 5, 1, 0, 0, *n, 1000*(*n), time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), n)
		}
	case reflect.String:
		v.SetString(string(rune('a'+*n%26)) + "é\xff") // publishers write what they like
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8:
		v.SetUint(uint64('a' + *n%26))
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n))
	case reflect.Float32:
		v.SetFloat(float64(*n) + 0.1)
	case reflect.Bool:
		v.SetBool(true)
	default:
		panic(v.Type().String() + ": fill it too")
	}
}

// facts gives every kind of fact, once with every field set and once with none
// but the names.
func facts() []feeds.Fact {
	full := []feeds.Fact{&feeds.Fetched{}, &feeds.Observed{}, &feeds.Gone{}, &feeds.Joined{}, &feeds.Moderated{},
		&feeds.Subscribed{}, &feeds.Pushed{}, &feeds.Leased{}, &feeds.Granted{},
		&feeds.Listed{Number: 8, Terms: []string{"ten", "lfr"}, Entries: []feeds.Listing{{Statement: "s1", Order: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), Terms: []int{0, 1}, Again: true, Withdrawn: true}}},
		history()}
	for i, f := range full[:9] {
		n := 100 * i
		fill(reflect.ValueOf(f).Elem(), &n)
	}
	return append(full,
		&feeds.Fetched{Source: "north"},
		&feeds.Observed{Item: "north/1", Statement: "s1"},
		&feeds.Gone{Item: "north/1", Statement: "s1"},
		&feeds.Joined{Loser: "s1", Winner: "s2"},
		&feeds.Moderated{Statement: "s1"},
		&feeds.Subscribed{Topic: "https://a.example/feeds/all.atom", Callback: "https://b.example/"},
		&feeds.Pushed{Line: "https://a.example/feeds/all.atom"},
		&feeds.Leased{Source: "north"},
		&feeds.Granted{ID: "k3d9x2mq", Reader: "Ana", Hash: []byte("0123")},
		&feeds.Listed{Number: 1, Entries: []feeds.Listing{}},
		&feeds.Kept{Statement: "s1", Was: feeds.Statement{ID: "s1"}})
}

// history is a Kept with every field set that it keeps.
func history() *feeds.Kept {
	k := &feeds.Kept{Statement: "s1", Through: 9, Was: feeds.Statement{ID: "s1"}}
	n := 0
	var full feeds.Statement
	fill(reflect.ValueOf(&full).Elem(), &n)
	row := wasOf(&full)
	k.Was = row.statement("s1")
	return k
}

func roundTrip(t *testing.T, at time.Time, f feeds.Fact) (feeds.Fact, time.Time) {
	t.Helper()
	r, err := newRecord(at, f)
	if err != nil {
		t.Fatal(err)
	}
	row, err := parseLogRow(r.row(9, 9))
	if err != nil {
		t.Fatal(err)
	}
	got, err := row.fact(r.content, r.features)
	if err != nil {
		t.Fatal(err)
	}
	return got, row.at.time()
}

// A new field of a fact, or a time in it that no row hides, fails here.
func TestRecordKeepsEveryField(t *testing.T) {
	at := time.Date(2026, 5, 1, 2, 3, 4, 5000, time.UTC)
	for _, f := range facts() {
		got, gotAt := roundTrip(t, at, f)
		if !reflect.DeepEqual(got, f) {
			t.Errorf("%T\ngot  %+v\nwant %+v", f, got, f)
		}
		if gotAt != at {
			t.Errorf("%T: said at %v, want %v", f, gotAt, at)
		}
	}
}

func TestRecordKeepsTimesFromAnyYearToTheMicrosecond(t *testing.T) {
	for _, want := range []time.Time{
		{}, time.Unix(0, 0).UTC(), time.Date(1600, 1, 2, 3, 4, 5, 6000, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC), time.Date(-40, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		in := want.In(time.FixedZone("", 3600))
		if want.IsZero() {
			in = want
		}
		got, _ := roundTrip(t, want, &feeds.Fetched{Source: "north", At: in})
		if at := got.(*feeds.Fetched).At; at != want {
			t.Errorf("got %v, want %v", at, want)
		}
	}
	a, b := appendTime(nil, stampOf(time.Date(-40, 1, 1, 0, 0, 0, 0, time.UTC))), appendTime(nil, stampOf(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
	if bytes.Compare(b, a) >= 0 {
		t.Error("a later time does not sort first")
	}
}

func TestRecordSplitsBulkFromMetadata(t *testing.T) {
	o := &feeds.Observed{Item: "north/1", Statement: "s1", Features: []byte("the features"), Near: []feeds.Near{{Why: "the evidence"}},
		Taggings: []feeds.Tagging{{Tag: feeds.Tag{Scheme: feeds.Topic, Term: "the tag"}, Evidence: "the words"}},
		Copy: feeds.Copy{Title: "A title", Link: "https://example.org/1", Language: "fr",
			Summary: "the summary", Content: "the content", Notes: []string{"the note"}, Origin: feeds.Origin{Title: "the origin"}}}
	r, err := newRecord(time.Time{}, o)
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string][]byte{"metadata": r.meta, "content": r.content, "features": r.features}
	for s, want := range map[string]string{
		"A title": "metadata", "https://example.org/1": "metadata", "fr": "metadata",
		"the summary": "content", "the content": "content", "the note": "content", "the origin": "content",
		"the evidence": "content", "the tag": "content", "the words": "content", "the features": "features",
	} {
		for name, part := range parts {
			if has := bytes.Contains(part, []byte(s)); has != (name == want) {
				t.Errorf("%q stands in the %s: %v, want it in the %s", s, name, has, want)
			}
		}
	}
}

func TestRecordIsRefusedWhenItCouldNotBeFoundAgain(t *testing.T) {
	long := feeds.StatementID("aaaaaaaaaaaaaaaaa")
	for _, f := range []feeds.Fact{
		nil, (*feeds.Observed)(nil), (*feeds.Fetched)(nil), (*feeds.Gone)(nil), (*feeds.Joined)(nil), (*feeds.Moderated)(nil), (*feeds.Listed)(nil), (*feeds.Kept)(nil), (*feeds.Granted)(nil),
		&feeds.Fetched{}, &feeds.Observed{Item: "north/1"}, &feeds.Observed{Statement: "s1"}, &feeds.Gone{Item: "north/1", Statement: long},
		&feeds.Joined{Loser: "s1"}, &feeds.Joined{Loser: long, Winner: "s1"}, &feeds.Moderated{},
		&feeds.Listed{}, &feeds.Listed{Number: 1, Entries: make([]feeds.Listing, listMost+1)}, &feeds.Listed{Number: 1, Entries: []feeds.Listing{{Statement: long}}},
		&feeds.Listed{Number: 1, Terms: []string{"ten"}, Entries: []feeds.Listing{{Statement: "s1", Terms: []int{1}}}}, &feeds.Kept{}, &feeds.Kept{Statement: long},
		&feeds.Granted{ID: "k3d9x2mq", Reader: "Ana"}, &feeds.Granted{Reader: "Ana", Hash: []byte("0123")}, &feeds.Granted{ID: "k3d9x2mq", Hash: []byte("0123")},
		&feeds.Fetched{Source: feeds.SourceID(make([]byte, maxName+1))},
	} {
		if _, err := newRecord(time.Time{}, f); err == nil {
			t.Errorf("%T %+v was taken", f, f)
		}
	}
}

var add = flag.Bool("add-records", false, "add fixtures of the present record format")

// The fixtures are records as earlier programs wrote them: NAME.row, NAME.content
// when there is one, and what they say in NAME.json. Never edit, only add: a
// change of the format takes a new version and new fixtures beside these.
func TestRecordsOfOldFormatsAreRead(t *testing.T) {
	p, err := newPacker()
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if *add {
		addRecords(t, p)
	}
	rows, err := filepath.Glob("testdata/records/*.row")
	if err != nil || len(rows) < 10 {
		t.Fatalf("%d fixtures, %v", len(rows), err)
	}
	for _, name := range rows {
		base := name[:len(name)-len(".row")]
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		row, err := parseLogRow(raw)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var content, features []byte
		if row.features.number != 0 {
			if features, err = os.ReadFile(base + ".features"); err != nil {
				t.Fatal(err)
			}
		}
		if row.content.number != 0 {
			packed, err := os.ReadFile(base + ".content")
			if err != nil {
				t.Fatal(err)
			}
			if content, err = p.unpack(nil, packed); err != nil {
				t.Errorf("%s: %v", base, err)
			}
		}
		f, err := row.fact(content, features)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// Through the type of today, so that a field added since is no difference.
		through := func(said []byte) []byte {
			today := reflect.New(reflect.TypeOf(f).Elem()).Interface()
			if err := json.Unmarshal(said, today); err != nil {
				t.Fatal(err)
			}
			out, _ := json.MarshalIndent(today, "", "\t")
			return out
		}
		said, err := os.ReadFile(base + ".json")
		if err != nil {
			t.Fatal(err)
		}
		now, _ := json.Marshal(f)
		if got, want := through(now), through(said); !bytes.Equal(got, want) {
			t.Errorf("%s reads as\n%s\nwant\n%s", name, got, want)
		}
		if raw[0] == recordVersion {
			if again, err := newRecord(row.at.time(), f); err != nil || !bytes.Equal(again.row(row.content.number, row.features.number), raw) {
				t.Errorf("%s is written otherwise now (%v): that is another format and needs another version", name, err)
			}
		}
	}
}

func addRecords(t *testing.T, p *packer) {
	for i, f := range facts() {
		r, err := newRecord(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), f)
		if err != nil {
			t.Fatal(err)
		}
		base := "testdata/records/v" + string(rune('0'+recordVersion)) + "-" + reflect.TypeOf(f).Elem().Name()
		if i >= len(facts())/2 {
			base += "-bare"
		}
		var content, features uint64
		if r.content != nil {
			content = 7
		}
		if r.features != nil {
			features = 6
		}
		row := r.row(content, features)
		if base = unwritten(base, row); base == "" {
			continue
		}
		if r.features != nil {
			if err := os.WriteFile(base+".features", r.features, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if r.content != nil {
			if err := os.WriteFile(base+".content", p.pack(r.content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		said, _ := json.MarshalIndent(f, "", "\t")
		if err := os.WriteFile(base+".row", row, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(base+".json", append(said, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// An outline says what the whole record says.
func checkOutline(t *testing.T, r record) {
	t.Helper()
	want, ok := r.fact.(*feeds.Observed)
	if !ok {
		return
	}
	o, err := outlineOf(r.meta, fieldCopy)
	if err != nil || string(o.item) != string(want.Item) || string(o.statement) != string(want.Statement) ||
		o.firstSeen != stampOf(want.FirstSeen) || o.published != stampOf(want.Published) ||
		string(o.link) != want.Copy.Link || o.copyPublished != stampOf(want.Copy.Published) || string(o.language) != want.Copy.Language {
		t.Errorf("%v: outline %+v of %+v", err, o, want)
	}
	first, err := outlineOf(r.meta, fieldFirstSeen)
	if err != nil || first.firstSeen != o.firstSeen || first.link != nil {
		t.Errorf("%v: outline %+v up to the first sight, want of %v", err, first, want.FirstSeen)
	}
}

func TestOutlineSaysWhatTheRecordSays(t *testing.T) {
	for _, f := range facts() {
		r, err := newRecord(time.Time{}, f)
		if err != nil {
			t.Fatal(err)
		}
		checkOutline(t, r)
	}
	old := time.Date(-40, 1, 1, 0, 0, 0, 0, time.UTC) // before the first stamp
	r, err := newRecord(time.Time{}, &feeds.Observed{Item: "north/1", Statement: "s1", FirstSeen: old, Published: old})
	if err != nil {
		t.Fatal(err)
	}
	checkOutline(t, r)
}

// Of what no program wrote an outline is an error or anything, but it ends.
func FuzzOutline(f *testing.F) {
	for _, fact := range facts() {
		r, err := newRecord(time.Time{}, fact)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(r.meta)
	}
	f.Add([]byte{0xa1, 0x0d, 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, meta []byte) {
		o, err := outlineOf(meta, fieldCopy)
		if err == nil && len(o.item)+len(o.statement)+len(o.link)+len(o.language) > len(meta) {
			t.Errorf("%d octets give %+v", len(meta), o)
		}
	})
}

// unwritten gives a name for a fixture that does not stand under base or base
// with a number, as one of a fact that has got more fields since; "" when it does.
func unwritten(base string, row []byte) string {
	for name, n := base, 2; ; n++ {
		held, err := os.ReadFile(name + ".row")
		switch {
		case err != nil:
			return name
		case bytes.Equal(held, row):
			return ""
		}
		name = fmt.Sprintf("%s-%d", base, n)
	}
}

// What can be read can be written, and then reads the same.
func FuzzRecord(f *testing.F) {
	for _, fact := range facts() {
		r, err := newRecord(time.Unix(1, 0), fact)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(r.row(1, 2), r.content, r.features)
	}
	old, err := os.ReadFile("testdata/records/v1-Observed.row")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(old, []byte{0xa0}, []byte(nil))
	f.Fuzz(func(t *testing.T, raw, content, features []byte) {
		row, err := parseLogRow(raw)
		if err != nil {
			return
		}
		if len(content) == 0 {
			content = nil
		}
		fact, err := row.fact(content, features)
		if err != nil {
			return
		}
		r, err := newRecord(row.at.time(), fact)
		if err != nil {
			return // a name that is too long
		}
		checkOutline(t, r)
		written := r.row(1, 2)
		if row, err = parseLogRow(written); err != nil {
			t.Fatal(err)
		}
		again, err := row.fact(r.content, r.features)
		if err != nil {
			t.Fatal(err)
		}
		r2, err := newRecord(row.at.time(), again)
		if err != nil || !bytes.Equal(r2.row(1, 2), written) || !bytes.Equal(r2.content, r.content) {
			t.Errorf("%v\n%+v\nreads again as\n%+v", err, fact, again)
		}
	})
}

// A damaged row of a statement is an error, and a sound one reads back.
func FuzzRow(f *testing.F) {
	r := &row{
		id: "s1", view: view{published: true, copies: 1, said: touch{3, 4}, order: 5, terms: []uint32{1, 2}}, slot: 4097,
		items: []item{{key: "north/1", said: touch{3, 4}, firstSeen: 9, order: 5, live: true, origin: true, terms: []uint32{1, 2}, keys: []feeds.Key{{Kind: 'g', Hash: 8}}},
			{key: "south/1", said: touch{4, 4}, live: true, terms: []uint32{3}, echo: &echo{of: "north/1", tags: []uint32{1, 4}}}},
		mod:      &moderation{said: touch{5, 6}, hide: true, add: []uint32{7}, cut: []uint32{8, 9}},
		join:     &join{said: touch{7, 8}, winner: "s2"},
		children: []feeds.StatementID{"s3", "s4"}, touched: touch{9, 10},
	}
	f.Add(r.encode())
	f.Add((&row{id: "s"}).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeRow(1, b)
		if err != nil {
			return
		}
		written := r.encode()
		again, err := decodeRow(1, written)
		if err != nil || !bytes.Equal(again.encode(), written) {
			t.Errorf("%v\ngot  %+v\nwant %+v", err, again, r)
		}
	})
}

// A damaged posting is an error, and a sound one reads back.
func FuzzPosting(f *testing.F) {
	var few, many bitmap
	few.put(0)
	few.put(segmentSize - 1)
	for i := range uint16(segmentSize) {
		many.put(i)
	}
	f.Add(few.posting())
	f.Add(many.posting())
	f.Fuzz(func(t *testing.T, p []byte) {
		var b, again bitmap
		if b.add(p) != nil {
			return
		}
		if err := again.add(b.posting()); err != nil || again != b {
			t.Errorf("%v: got %v, want %v", err, again, b)
		}
	})
}

// FuzzChunk: whatever a chunk of words holds, reading it ends without harm, and
// what was written is read.
func FuzzChunk(f *testing.F) {
	run := newWordRun()
	for place := range uint16(700) {
		run.cover(place)
		run.add(place, []byte("frequent"), int(place))
		if place%50 == 0 {
			run.add(place, []byte("a term that is longer than fifteen octets"), 900)
			run.add(place, []byte("a term that is longer than fifteen others"), 901)
		}
		run.add(place, []byte("frequent"), words.MaxPlace)
	}
	terms := 0
	if err := run.chunks(func(_, b []byte) error {
		f.Add(b)
		for c := newChunk(b, nil); ; terms++ {
			ok, err := c.next()
			e := c.entry()
			if err != nil || !ok {
				return err
			}
			at, err := e.places(nil, &run.covers)
			if err != nil {
				return err
			}
			want := map[string]int{"frequent": 1400}[string(c.term())]
			if want == 0 {
				want = 14
			}
			if len(at) != want || uint16(at[want-1]) != map[bool]uint16{true: words.MaxPlace, false: uint16(at[0])}[want == 1400] {
				f.Errorf("%s: %d places up to %d", c.term(), len(at), at[want-1])
			}
		}
	}); err != nil || terms != 3 {
		f.Fatal(terms, err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var all bitmap
		for i := range all {
			all[i] = ^uint64(0)
		}
		for c := newChunk(b, nil); ; {
			ok, err := c.next()
			e := c.entry()
			if err != nil || !ok {
				break
			}
			_, _ = e.places(nil, &all)
		}
		runs := []runInfo{{covers: all}, {covers: all}}
		_ = merged(runs, [][][]byte{{b}, {b}}, &all, func(_, _, _ []byte) error { return nil })
	})
}
