package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"satisflow/dashboards/runbooks"
	"satisflow/pipeline/window"
)

var (
	//go:embed templates/*.html
	templates embed.FS
	//go:embed assets/satisflow.css
	style []byte
)

// Web serves the pages. It is safe for concurrent use.
type Web struct {
	Options
	templates *template.Template
	stylePath string
	runbooks  []runbookPage
	origins   *http.CrossOriginProtection
	burst     zerolog.Logger // for what would else be logged for each request
}

// New returns the pages. The error names an option, a template or a runbook that is wrong.
func New(o Options) (*Web, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
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
	w := &Web{
		Options: o, templates: parsed, stylePath: fmt.Sprintf("/assets/satisflow-%.6x.css", sha256.Sum256(style)), runbooks: pages,
		origins: http.NewCrossOriginProtection(), burst: o.Logger.Sample(&zerolog.BurstSampler{Burst: 5, Period: time.Second}),
	}
	w.origins.SetDenyHandler(http.HandlerFunc(w.foreign))
	return w, nil
}

// Mount adds the routes of the pages to a mux: /, /alerts, /customers/, /services/, /segments/, /runbooks/ and /assets/.
func (w *Web) Mount(mux *http.ServeMux) {
	for path, show := range map[string]func(context.Context, http.ResponseWriter, *http.Request) error{
		"/{$}": w.start, "/alerts": w.alerts, "/alerts/{id}": w.alert, "/customers/{$}": w.findCustomer, "/customers/{id}": w.customer,
		"/services/{name}": w.group(window.Service), "/segments/{name}": w.group(window.Segment),
		"/services/{$}": w.group(window.Service), "/segments/{$}": w.group(window.Segment),
	} {
		mux.HandleFunc("GET "+path, w.reading(show))
	}
	if !w.ReadOnly {
		mux.Handle("POST /alerts/{id}", w.origins.Handler(w.reading(w.act)))
	}
	mux.Handle("GET /alerts/{$}", http.RedirectHandler(w.BasePath+"/alerts", http.StatusMovedPermanently))
	mux.HandleFunc("GET "+w.stylePath, serveStyle)
	mux.Handle("GET /runbooks", http.RedirectHandler(w.BasePath+"/runbooks/", http.StatusMovedPermanently))
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
	Limit float64 // what a mean should not be below, in points
	Base  string  // path before every path, empty for none
	Title string
	Say   say
	// Here is the part of the site that the page is in: its first path segment.
	Here string
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
		Lang: lang, Words: wordsIn[lang], Style: w.BasePath + w.stylePath, Base: w.BasePath, Limit: float64(w.Bands.Alert) / 100, Title: title, Say: w.say(r), Here: strings.SplitN(r.URL.Path, "/", 3)[1],
		Path: w.BasePath + pathWithout(r, "lang"), Other: lang.other(), Body: body,
	})
	if err != nil {
		http.Error(rw, "the page "+name+" cannot be rendered", http.StatusInternalServerError)
		return
	}
	h := rw.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", lang.Tag())
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "same-origin") // without it, browsers would not say that a form is from a page of ours
	h.Add("Vary", "Accept-Language")
	rw.WriteHeader(status)
	_, _ = out.WriteTo(rw) // whoever hung up needs no answer
}

func (w *Web) say(r *http.Request) say { return say{languageOf(r), w.Zone, w.Now()} }

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
