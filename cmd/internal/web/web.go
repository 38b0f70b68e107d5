package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"satisflow/dashboards/runbooks"
)

var (
	//go:embed templates/*.html
	templates embed.FS
	//go:embed assets/satisflow.css
	style []byte
)

// Web serves the pages. It is safe for concurrent use.
type Web struct {
	templates *template.Template
	stylePath string
	runbooks  []runbookPage
}

// New returns the pages. The error names a template or a runbook that is broken.
func New() (*Web, error) {
	parsed, err := template.ParseFS(templates, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("read templates: %w", err)
	}
	all, err := runbooks.All()
	if err != nil {
		return nil, err
	}
	pages, err := renderRunbooks(all)
	if err != nil {
		return nil, err
	}
	return &Web{templates: parsed, stylePath: fmt.Sprintf("/assets/satisflow-%.6x.css", sha256.Sum256(style)), runbooks: pages}, nil
}

// Mount adds the routes of the pages to a mux: /runbooks/ and /assets/.
func (w *Web) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET "+w.stylePath, serveStyle)
	mux.Handle("GET /runbooks", http.RedirectHandler("/runbooks/", http.StatusMovedPermanently))
	mux.HandleFunc("GET /runbooks/{$}", w.list)
	mux.HandleFunc("GET /runbooks/{alert}", w.runbook)
}

func serveStyle(rw http.ResponseWriter, _ *http.Request) {
	rw.Header().Set("Content-Type", "text/css; charset=utf-8")
	rw.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = rw.Write(style) // whoever hung up needs no answer
}

// policy lets a page load our style and send our forms, and nothing else.
const policy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// page is what every template is given.
type page struct {
	Lang  language
	Words *words
	Style string
	Title string
	// Path is that of this page without the language, to read it in the other one.
	Path string
	// Other is the language that it can be read in too.
	Other language
	Body  any
}

// render answers with a page. It is rendered before it is sent, so that an error is no half of a page.
func (w *Web) render(rw http.ResponseWriter, r *http.Request, status int, name, title string, body any) {
	lang := languageOf(r)
	var out bytes.Buffer
	err := w.templates.ExecuteTemplate(&out, name, page{
		Lang: lang, Words: wordsIn[lang], Style: w.stylePath, Title: title, Path: pathWithout(r, "lang"), Other: lang.other(), Body: body,
	})
	if err != nil {
		http.Error(rw, "the page "+name+" cannot be rendered", http.StatusInternalServerError)
		return
	}
	h := rw.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", lang.Tag())
	h.Set("Content-Security-Policy", policy)
	h.Add("Vary", "Accept-Language")
	rw.WriteHeader(status)
	_, _ = out.WriteTo(rw) // whoever hung up needs no answer
}

// pathWithout is the request's path and query without a parameter, ready for one more: it ends in ? or &.
func pathWithout(r *http.Request, parameter string) string {
	query := r.URL.Query()
	query.Del(parameter)
	path := r.URL.EscapedPath() + "?" + query.Encode()
	if !strings.HasSuffix(path, "?") {
		path += "&"
	}
	return path
}
