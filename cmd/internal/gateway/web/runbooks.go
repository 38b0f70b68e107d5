package web

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"satisflow/dashboards/runbooks"
)

// runbookPage is a runbook as HTML.
type runbookPage struct {
	Alert, Severity string
	in              map[language]runbookText
}

type runbookText struct {
	Title string
	HTML  template.HTML
}

func renderRunbooks(all []runbooks.Runbook) ([]runbookPage, error) {
	pages := make([]runbookPage, len(all))
	for i, r := range all {
		pages[i] = runbookPage{Alert: r.Alert, Severity: r.Severity, in: map[language]runbookText{}}
		for lang, t := range map[language]runbooks.Text{english: r.English, chinese: r.Chinese} {
			html, err := renderMarkdown(t.Markdown, lang)
			if err != nil {
				return nil, fmt.Errorf("render runbook %s: %w", r.Alert, err)
			}
			pages[i].in[lang] = runbookText{t.Title, html}
		}
	}
	return pages, nil
}

// entry is a runbook in one language.
type entry struct {
	Alert, Severity string
	runbookText
}

// severityGroup are the runbooks of one severity.
type severityGroup struct {
	Severity string
	Entries  []entry
}

// list shows the runbooks that hold all words of ?q=, in their name or title, by severity.
func (w *Web) list(rw http.ResponseWriter, r *http.Request) {
	lang, query := languageOf(r), strings.TrimSpace(r.URL.Query().Get("q"))
	var groups []severityGroup
	for _, s := range []string{"page", "ticket", "info"} {
		group := severityGroup{Severity: s}
		for _, p := range w.runbooks {
			if p.Severity == s && p.holds(strings.Fields(query)) {
				group.Entries = append(group.Entries, entry{p.Alert, s, p.in[lang]})
			}
		}
		if group.Entries != nil {
			groups = append(groups, group)
		}
	}
	w.render(rw, r, http.StatusOK, "runbooks.html", wordsIn[lang].Runbooks, struct {
		Query  string
		Groups []severityGroup
	}{query, groups})
}

// holds says whether name and titles, in any language, have all the words.
func (p *runbookPage) holds(wanted []string) bool {
	text := strings.ToLower(p.Alert + " " + p.in[english].Title + " " + p.in[chinese].Title)
	for _, word := range wanted {
		if !strings.Contains(text, strings.ToLower(word)) {
			return false
		}
	}
	return true
}

// runbook shows one runbook. Links of alerts end in .md, as their files do: they lead to the page.
func (w *Web) runbook(rw http.ResponseWriter, r *http.Request) {
	alert := r.PathValue("alert")
	lang := languageOf(r)
	for _, p := range w.runbooks {
		switch alert {
		case p.Alert:
			w.render(rw, r, http.StatusOK, "runbook.html", p.Alert, entry{p.Alert, p.Severity, p.in[lang]})
			return
		case p.Alert + ".md":
			target := w.BasePath + "/runbooks/" + p.Alert
			if r.URL.RawQuery != "" {
				target += "?" + r.URL.RawQuery
			}
			http.Redirect(rw, r, target, http.StatusMovedPermanently)
			return
		}
	}
	w.render(rw, r, http.StatusNotFound, "missing.html", wordsIn[lang].NotFound, nil)
}
