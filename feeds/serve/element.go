package serve

import (
	"crypto/sha512"
	"embed"
	"encoding/base64"
	"fmt"
	"html"
	"net/url"
	"path"
	"strings"
	"time"
)

// elementFiles are the versions of the element's script. embed.js is today's.
// Partners name a version by its hash and refuse any other octets (integrity=),
// so one that was released stays: it goes on as embed-1.js, embed-2.js and so
// on, under the address that it had.
//
//go:embed assets/embed*.js
var elementFiles embed.FS

// elements keeps the element's script, at /embed.js and each version under its
// hash, and gives the path and the digest of today's (Subresource Integrity §3.1).
func (s *Server) elements() (today, digest string) {
	files, err := elementFiles.ReadDir("assets")
	if err != nil {
		panic(err) // it is in the program
	}
	for _, f := range files {
		body, err := elementFiles.ReadFile(path.Join("assets", f.Name()))
		if err != nil {
			panic(err)
		}
		at := s.shared("embed", "js", scriptType, body)
		if strings.TrimSuffix(f.Name(), ".js") != "embed" {
			continue
		}
		sum := sha512.Sum384(body)
		today, digest = at, "sha384-"+base64.StdEncoding.EncodeToString(sum[:])
		doc := newDocument(body, scriptType, time.Time{}, time.Hour)
		doc.set("Access-Control-Allow-Origin", "*")
		doc.set("Cross-Origin-Resource-Policy", "cross-origin")
		s.assets["/embed.js"] = doc
	}
	return today, digest
}

const scriptType = "text/javascript; charset=utf-8"

// frameWidth is the width of frames in CSS pixels when nobody says; they shrink
// with the page around them.
const frameWidth = 600

// embedURL gives the address of a feed's or statement's frame.
func (s *Server) embedURL(path, rawQuery string, v url.Values) string {
	all, _ := url.ParseQuery(rawQuery) // we wrote it ourselves
	for key, values := range v {
		all[key] = values
	}
	return s.absolute("/embed/" + path + query(strings.ReplaceAll(all.Encode(), "%2C", ",")))
}

// absolute gives the public address of a path of ours.
func (s *Server) absolute(path string) string {
	return strings.TrimRight(s.o.Site.BaseURL, "/") + path
}

// pixels gives a fixed height by its name, the middle one when there is none.
func pixels(name string) int {
	for _, h := range heights {
		if h.Name == name {
			return h.Pixels
		}
	}
	return heights[1].Pixels
}

// frameHTML writes an iframe. The sandbox keeps the frame's one script, which
// tells its height, from everything that is the page's, and lets links open.
func frameHTML(src, title string, width, height int) string {
	return fmt.Sprintf(`<iframe src="%s" title="%s" width="%d" height="%d" loading="lazy" referrerpolicy="strict-origin" sandbox="allow-scripts allow-popups allow-popups-to-escape-sandbox" style="border:0;max-width:100%%"></iframe>`,
		html.EscapeString(src), html.EscapeString(title), width, height)
}
