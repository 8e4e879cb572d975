package dedup

import (
	"runtime"
	"strings"
	"testing"
	"unsafe"
	"weak"

	"communique/feeds"
)

// TestReadingsHoldNoDocuments fails where a reading that is kept keeps the whole
// document alive that its words were cut from.
func TestReadingsHoldNoDocuments(t *testing.T) {
	var k readings
	document := func() weak.Pointer[byte] {
		title, body := "Nurses for the valley", strings.Repeat("Twelve nurses left the harbour this morning. ", 50)
		doc := strings.Join([]string{"en", title, body, strings.Repeat("<item>others</item>", 1<<16)}, "\n")
		v := feeds.TextView{Title: doc[3 : 3+len(title)], Body: doc[4+len(title) : 4+len(title)+len(body)]}
		r := new(desk).read(doc[:2], &v, false)
		k.put("one", r)
		if r.language != "en" || r.text(0) != "Nurses" || r.text(r.size()-1) != "morning" {
			t.Fatalf("%q, from %q to %q: want the words as they were", r.language, r.text(0), r.text(r.size()-1))
		}
		return weak.Make(unsafe.StringData(doc))
	}()
	runtime.GC()
	if document.Value() != nil {
		t.Error("the document of a reading that is kept is still in memory")
	}
	if k.get("one") == nil {
		t.Error("the reading is gone, too")
	}
}
