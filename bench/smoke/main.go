// Command smoke asks a running communique for what a newcomer would look at,
// and says what is wrong with it: the gate runs it on the demonstration.
//
//	go run ./bench/smoke http://127.0.0.1:8080
package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: smoke BASE-URL")
		os.Exit(2)
	}
	if err := run(strings.TrimRight(os.Args[1], "/")); err != nil {
		fmt.Fprintln(os.Stderr, "smoke:", err)
		os.Exit(1)
	}
}

// atom is as much of a feed as is looked at.
type atom struct {
	Entries []struct {
		ID    string `xml:"id"`
		Title string `xml:"title"`
		Lang  string `xml:"lang,attr"`
		Links []struct {
			Rel  string `xml:"rel,attr"`
			Lang string `xml:"hreflang,attr"`
		} `xml:"link"`
		Source struct {
			ID string `xml:"id"`
		} `xml:"source"`
	} `xml:"entry"`
}

func run(base string) error {
	// The first visits are spread over half a minute.
	var all atom
	deadline := time.Now().Add(60 * time.Second)
	for {
		body, err := get(base+"/feeds/event/summit-of-the-americas-2022.atom", "application/atom+xml")
		if err == nil {
			all = atom{}
			if err = xml.Unmarshal(body, &all); err == nil {
				if err = enough(all); err == nil {
					break
				}
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the event's feed: %w", err)
		}
		time.Sleep(500 * time.Millisecond)
	}
	fmt.Printf("event feed: %d entries\n", len(all.Entries))
	for _, path := range []string{"/", "/feeds", "/overview", "/feeds/all.html", "/feeds/all.html?q=storm&hl=ar"} {
		if _, err := get(base+path, "text/html"); err != nil {
			return err
		}
	}
	for path, kind := range map[string]string{"/feeds/all.rss": "application/rss+xml", "/feeds/topic/protection.atom": "application/atom+xml",
		"/feeds/region/americas.atom": "application/atom+xml", "/feeds/all.atom?lang=fr": "application/atom+xml", "/feeds.opml": "text/x-opml",
		"/sitemap.xml": "application/xml", "/sitemap/feeds.xml": "application/xml"} {
		body, err := get(base+path, kind)
		if err != nil {
			return err
		}
		if err := xml.Unmarshal(body, new(struct{})); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	body, err := get(base+"/feeds/all.json", "application/feed+json")
	if err != nil {
		return err
	}
	var feed struct {
		Items []struct{ ID string }
	}
	if err := json.Unmarshal(body, &feed); err != nil || len(feed.Items) == 0 {
		return fmt.Errorf("all.json: %d items, %v", len(feed.Items), err)
	}
	res, err := http.Get(base + "/feeds/topic/no-such-topic.atom")
	if err != nil {
		return err
	}
	res.Body.Close()
	if res.StatusCode != http.StatusNotFound {
		return fmt.Errorf("an unknown topic answers %s, want 404", res.Status)
	}
	fmt.Println("pages, formats and refusals are as they should be")
	return nil
}

// enough says what is missing from the event's feed: its statements, each once,
// with its copies.
func enough(f atom) error {
	if len(f.Entries) < 2 {
		return fmt.Errorf("%d entries, want at least 2", len(f.Entries))
	}
	seen, related, tongues := map[string]bool{}, 0, map[string]bool{}
	for _, e := range f.Entries {
		if seen[e.ID] {
			return fmt.Errorf("entry %s stands twice", e.ID)
		}
		seen[e.ID] = true
		if e.Source.ID == "" || e.Lang == "" {
			return fmt.Errorf("entry %s has no source or language", e.ID)
		}
		for _, l := range e.Links {
			if l.Rel == "related" {
				related++
			}
			if l.Lang != "" {
				tongues[l.Lang] = true
			}
		}
	}
	if related == 0 {
		return fmt.Errorf("no entry names another office that carried it")
	}
	if len(tongues) < 3 {
		return fmt.Errorf("its statements have copies in %d languages, want at least 3: a statement is one entry in all of them", len(tongues))
	}
	return nil
}

func get(url, kind string) ([]byte, error) {
	res, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return nil, err
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s answers %s", url, res.Status)
	case !strings.HasPrefix(res.Header.Get("Content-Type"), kind):
		return nil, fmt.Errorf("%s is %s, want %s", url, res.Header.Get("Content-Type"), kind)
	}
	return body, nil
}
