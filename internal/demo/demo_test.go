package demo

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestEveryOfficePublishesWellFormedFeeds(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 30, 0, time.UTC)
	o, err := New("http://demo.invalid", func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(o)
	defer srv.Close()
	languages := map[string]bool{}
	for _, of := range offices {
		languages[of.language] = true
		res, err := http.Get(srv.URL + "/" + of.id + "/feed")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if of.format == "json" {
			if !json.Valid(body) {
				t.Errorf("%s: not JSON", of.id)
			}
		} else if err := wellFormed(body); err != nil {
			t.Errorf("%s: %v", of.id, err)
		}
		if es := o.entries(of.id, at); len(es) == 0 {
			t.Errorf("%s publishes nothing", of.id)
		} else {
			for _, e := range es {
				if strings.ContainsAny(e.title+strings.Join(e.paragraphs, ""), "{}") {
					t.Errorf("%s: a slot is left open in %q", of.id, e.title)
				}
				if got, err := http.Get(srv.URL + "/" + of.id + "/statements/" + e.slug); err != nil || got.StatusCode != 200 {
					t.Errorf("%s: page of %s is not there", of.id, e.slug)
				} else {
					got.Body.Close()
				}
			}
		}
	}
	if len(offices) < 8 || len(languages) != 5 {
		t.Errorf("%d offices in %d languages, want at least 8 in 5", len(offices), len(languages))
	}
}

func wellFormed(b []byte) error {
	d := xml.NewDecoder(strings.NewReader(string(b)))
	for {
		if _, err := d.Token(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func TestANewStatementEveryMinuteAndTheSameStoryAfterARestart(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 59, 0, time.UTC)
	a, err := New("http://demo.invalid", nil)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := New("http://demo.invalid", nil)
	titles := func(o *Origin, at time.Time) map[string]bool {
		out := map[string]bool{}
		for _, of := range offices {
			for _, e := range o.entries(of.id, at) {
				out[e.slug] = true
			}
		}
		return out
	}
	for m := range 10 {
		now := at.Add(time.Duration(m) * time.Minute)
		before, after := titles(a, now), titles(b, now.Add(time.Minute))
		fresh := 0
		for s := range after {
			if !before[s] {
				fresh++
			}
		}
		if fresh != 1 {
			t.Errorf("minute %d brings %d new statements, want 1", m, fresh)
		}
	}
	if got, again := titles(a, at), titles(b, at); len(got) != len(again) {
		t.Error("two origins tell different stories")
	}
}
