package serve

import (
	"bytes"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/yuin/goldmark"
	markdown "github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"

	"communique/docs"
)

// ourMarkdown reads our own documents; raw HTML is left out.
var ourMarkdown = goldmark.New(goldmark.WithExtensions(markdown.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()))

// operatorsDocument answers with a document of this version for operators, under
// the name that it has among the sources, so that documents find each other.
func operatorsDocument(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	text, err := fs.ReadFile(docs.Operators, name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	title, _, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n")
	var body, page bytes.Buffer
	err = ourMarkdown.Convert(text, &body)
	if err == nil {
		err = templates.ExecuteTemplate(&page, "operators.html", struct {
			Title, Root string
			Body        template.HTML
		}{title, strings.Repeat("../", 1+strings.Count(path.Clean(name), "/")), template.HTML(body.String())}) // our own text
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answerPage(w, page.Bytes())
}

// answerPage answers with a page of the admin listener.
func answerPage(w http.ResponseWriter, page []byte) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", statusPolicy)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(page) // the reader may have left
}
