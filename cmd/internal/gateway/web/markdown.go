package web

import (
	"bytes"
	"html/template"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// renderMarkdown makes HTML of Markdown; HTML in it is left out. Links to ALERT.md become links to its page in the language,
// and paths in the repository, which a browser cannot follow, are named.
func renderMarkdown(markdown string, lang language) (template.HTML, error) {
	md := goldmark.New(goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(links(lang), 100))))
	var out bytes.Buffer
	if err := md.Convert([]byte(markdown), &out); err != nil {
		return "", err
	}
	return template.HTML(out.String()), nil //nolint:gosec // goldmark escapes: it is not told to be unsafe
}

// links is the language that links lead to.
type links language

// Transform changes the links of a document.
func (l links) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	var found []*ast.Link
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the function has no errors
		if link, ok := n.(*ast.Link); ok && entering {
			found = append(found, link)
		}
		return ast.WalkContinue, nil
	})
	for _, link := range found {
		destination := string(link.Destination)
		alert, isRunbook := strings.CutSuffix(destination, ".md")
		switch {
		case strings.Contains(destination, "://"):
		case isRunbook && !strings.Contains(alert, "/"):
			link.Destination = []byte(alert + "?lang=" + string(l))
		default:
			name(link, strings.TrimLeft(destination, "./"))
		}
	}
}

// name puts a link's text and the path that it led to in its place.
func name(link *ast.Link, path string) {
	parent := link.Parent()
	for child := link.FirstChild(); child != nil; child = link.FirstChild() {
		parent.InsertBefore(parent, link, child)
	}
	parent.InsertBefore(parent, link, ast.NewString([]byte(" ("+path+")")))
	parent.RemoveChild(parent, link)
}
