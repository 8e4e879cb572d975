package main

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"communique/feeds"
	"communique/internal/testkit"
)

// fill sets every field of a value to something that is not zero.
func fill(v reflect.Value, n *int) {
	*n++
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Date(2026, 5, 1, 10, 0, 0, 1000*(*n), time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("é<&>" + string(rune('a'+*n%26)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n%200) + 1)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(0.1 * float64(*n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), n)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	default:
		panic(v.Type().String())
	}
}

// Every field of every kind of fact goes through an export: a kind or a field that
// is added and does not fails here.
func TestExportHoldsEveryFieldOfEveryFact(t *testing.T) {
	from, to := testkit.OpenStore(t), testkit.OpenStore(t)
	n := 0
	at := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	for _, name := range sorted(factKinds) {
		f := factKinds[name]()
		switch f := f.(type) {
		case *feeds.Listed: // its entries are places in its terms, and its statements must be held
			*f = feeds.Listed{Number: 1, Terms: []string{"lfr"}, Entries: []feeds.Listing{}}
		case *feeds.Kept:
			*f = feeds.Kept{Statement: "s1", Through: 9, Was: feeds.Statement{ID: "s1"}}
		default:
			fill(reflect.ValueOf(f).Elem(), &n)
		}
		if o, ok := f.(*feeds.Observed); ok {
			o.Item, o.Statement = "harbour/1", "s1"
		}
		if g, ok := f.(*feeds.Gone); ok {
			g.Item, g.Statement = "harbour/2", "s2"
		}
		if j, ok := f.(*feeds.Joined); ok {
			j.Loser, j.Winner = "s3", "s1"
		}
		if m, ok := f.(*feeds.Moderated); ok {
			m.Statement = "s1"
		}
		if p, ok := f.(*feeds.Pinned); ok {
			p.Links = [2]string{"https://a.example/é<&>", "https://b.example/"}
		}
		if err := from.Apply([]feeds.Record{{Seq: uint64(n + 1), At: at, Fact: f}}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		n++
	}
	var text bytes.Buffer
	if err := writeExport(t.Context(), from, &text, at); err != nil {
		t.Fatal(err)
	}
	if err := readExport(t.Context(), to, bytes.NewReader(text.Bytes())); err != nil {
		t.Fatalf("%v in:\n%s", err, text.String())
	}
	if got, want := to.Digest(), from.Digest(); got != want || to.Stats().Records != len(factKinds) {
		t.Errorf("digest %s of %d records, want %s of %d", got, to.Stats().Records, want, len(factKinds))
	}
}
