// Package runbooks owns what to do about each alert: a page of Markdown in English and Chinese, read from the files beside
// it. Which alerts there are is package rules'; how pages look is left to whoever shows them.
package runbooks

import (
	"embed"
	"fmt"
	"regexp"
	"strings"
)

//go:embed *.md
var files embed.FS

// Runbook is what to do about one alert.
type Runbook struct {
	// Alert is the name of the alert, such as SatisflowConsumerLag.
	Alert string
	// Severity is page, ticket or info.
	Severity string
	// English and Chinese say the same.
	English, Chinese Text
}

// Text is a runbook in one language.
type Text struct {
	// Title says in a sentence what is wrong.
	Title string
	// Markdown is the rest, in sections of level two. Links to other runbooks are ALERT.md.
	Markdown string
}

// All returns the runbooks by name. The error names a file that has not the form that all have.
func All() ([]Runbook, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("read runbooks: %w", err)
	}
	all := make([]Runbook, len(entries))
	for i, e := range entries {
		content, err := files.ReadFile(e.Name())
		if err != nil {
			return nil, fmt.Errorf("read runbook: %w", err)
		}
		if all[i], err = parse(string(content)); err != nil {
			return nil, fmt.Errorf("runbook %s: %w", e.Name(), err)
		}
	}
	return all, nil
}

var (
	form    = regexp.MustCompile(`(?s)^# (\w+)\n\n([^\n]+) Severity: (page|ticket|info)[^\n]*\n\n(## .+)\n## 中文\x{ff1a}([^\n]+)\n\n(.+)$`)
	section = regexp.MustCompile(`(?m)^\*\*([^*]+)\x{ff1a}\*\*\s*`)
)

// parse reads a file. Its Chinese sections begin with a word in bold, since they are below a heading; here they are sections.
func parse(content string) (Runbook, error) {
	m := form.FindStringSubmatch(content)
	if m == nil {
		return Runbook{}, fmt.Errorf("want a heading, a sentence with a severity, English sections, and a section 中文: with a title")
	}
	return Runbook{
		Alert: m[1], Severity: m[3],
		English: Text{Title: m[2], Markdown: strings.TrimSpace(m[4]) + "\n"},
		Chinese: Text{Title: m[5], Markdown: section.ReplaceAllString(m[6], "## $1\n\n")},
	}, nil
}
