package parse

import (
	"reflect"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzParse holds that whatever comes in, an item that is read alone, with the
// others known, is the item of the whole document.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		string(office(2, 0)),
		`<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr" xml:base="http://example.org/a/"><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">x</div></title><entry xml:lang=""><id>1</id><content type="html">&lt;p></content><link href="b"/></entry><entry><title>&eacute; &nosuch;</title></entry></feed>`,
		`<rss><channel><item><title>a<item><title>b</title><description><![CDATA[<b>]]></item></channel>`,
		`{"version":"https://jsonfeed.org/version/1.1","items":[{"id":1,"tags":"a,b"},{"id":"2","authors":["x"],"attachments":{}},{`,
		`<!DOCTYPE rss [<!ENTITY e "&#60;x>"><!ENTITY f SYSTEM "file:///">]><rss><channel><title>&e;&f;</title><item/></channel></rss>`,
		`<rdf:RDF xmlns="http://purl.org/rss/1.0/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><channel rdf:about="x"/><item rdf:about="y"><link>z</link></item></rdf:RDF>`,
		"<br /><b>Warning</b>: x <rss><channel><item><br><media:group><media:content url=x type=y",
		`<feed version="0.3"><entry><content mode="base64">PGI+</content><content mode="xml"><p a=b>`,
	} {
		f.Add([]byte(s), "")
		f.Add([]byte(s), "text/xml; charset=iso-8859-1")
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		o := Options{ContentType: contentType, URL: "https://example.org/feed"}
		start := time.Now()
		whole, err := Parse(body, o)
		if took := time.Since(start); took > 2*time.Second {
			t.Fatalf("%d octets took %v", len(body), took)
		}
		if err != nil {
			return
		}
		if len(whole.Raws) != len(whole.Items) && whole.Format[0] != 'j' {
			t.Fatalf("%d items, %d raws", len(whole.Items), len(whole.Raws))
		}
		for i := range whole.Items[:min(len(whole.Items), 4)] {
			want := whole.Items[i]
			o.Known = func(raw uint64) bool { return raw != want.Raw }
			alone, err := Parse(body, o)
			if err != nil {
				t.Fatalf("item %d alone: %v", i, err)
			}
			if len(alone.Items) == 0 || !reflect.DeepEqual(alone.Items[0], want) {
				t.Fatalf("item %d alone differs\ngot  %+v\nwant %+v", i, alone.Items, want)
			}
			if !reflect.DeepEqual(alone.Raws, whole.Raws) && whole.Format[0] != 'j' {
				t.Fatalf("raws differ: %v, %v", alone.Raws, whole.Raws)
			}
			if !utf8.ValidString(want.Title.Value) || !utf8.ValidString(want.Content.Value) {
				t.Fatalf("invalid UTF-8 in %+v", want)
			}
		}
	})
}

// FuzzDecode holds that decoding gives valid UTF-8 without forbidden
// characters, and that what is decoded needs no more decoding.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("\xff\xfe<\x00a\x00"), "")
	f.Add([]byte("caf\xe9 \xe2\x80\x99 \x93x\x94"), "text/xml; charset=utf-8")
	f.Add([]byte(`<?xml version="1.0" encoding="gb2312"?><a>`+"\xc4\xe3\xba\xc3"), "")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		once, _ := decode(body, contentType)
		if !utf8.ValidString(once) {
			t.Fatalf("not UTF-8: %q", once)
		}
		if i := illegal(once); i >= 0 {
			t.Fatalf("forbidden character at %d of %q", i, once)
		}
		if twice, _ := decode([]byte(once), contentType); twice != once {
			t.Fatalf("decoded again: %q, was %q", twice, once)
		}
	})
}
