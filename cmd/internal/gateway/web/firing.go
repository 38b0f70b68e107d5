package web

import (
	"cmp"
	"context"
	"slices"
	"time"

	"satisflow/pipeline/alert"
)

// firingPart is what monitoring says, beside the alerts that are worked on here.
type firingPart struct {
	Rows   []firingRow
	More   int // that are firing and not shown
	Absent bool
	Failed bool
}

// firingRow is a firing alert as pages show it.
type firingRow struct {
	Name, Severity, Text string
	Runbook              bool // whether there is a page of its runbook here
	Link                 string
	Since                time.Time
	About                alert.Subject // empty for the pipeline's
}

// Shown on one page, at most.
const (
	mostFiringShown = 50
	fewFiringShown  = 5
)

// firing reads the firing alerts that are wanted, pages before tickets, and the oldest first. No page fails without them.
func (w *Web) firing(ctx context.Context, s say, most int, wanted func(*firingRow) bool) (part firingPart) {
	if w.Prometheus == nil {
		return firingPart{Absent: true}
	}
	all, err := w.Prometheus.Firing(ctx)
	if err != nil {
		w.burst.Warn().Err(err).Msg("read the firing alerts")
		return firingPart{Failed: true}
	}
	for i := range all {
		row := w.firingRow(&all[i], s)
		if row.Severity != "info" && wanted(&row) {
			part.Rows = append(part.Rows, row)
		}
	}
	slices.SortStableFunc(part.Rows, func(a, b firingRow) int {
		return cmp.Or(rank(a.Severity)-rank(b.Severity), a.Since.Compare(b.Since), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Text, b.Text))
	})
	if part.More = len(part.Rows) - most; part.More > 0 {
		part.Rows = part.Rows[:most]
	}
	part.More = max(part.More, 0)
	return part
}

// rank orders severities, the most urgent first.
func rank(severity string) int {
	if i := slices.Index([]string{"page", "ticket"}, severity); i >= 0 {
		return i
	}
	return 2
}

func (w *Web) firingRow(f *FiringAlert, s say) firingRow {
	row := firingRow{Name: f.Labels["alertname"], Severity: f.Labels["severity"], Since: f.Since, Link: f.Annotations["runbook_url"],
		Text: cmp.Or(f.Annotations["summary"], f.Labels["alertname"])}
	if s.lang == chinese {
		row.Text = cmp.Or(f.Annotations["summary_zh"], row.Text)
	}
	row.Runbook = slices.ContainsFunc(w.runbooks, func(p runbookPage) bool { return p.Alert == row.Name })
	row.About = alert.Subject{Dimension: f.Labels["dimension"], Value: f.Labels["value"]}
	if row.About.Dimension == "" && f.Labels["service"] != "" {
		row.About = alert.Subject{Dimension: "service", Value: f.Labels["service"]}
	}
	return row
}

// about wants the alerts about a service or a segment.
func about(subject alert.Subject) func(*firingRow) bool {
	return func(row *firingRow) bool { return row.About == subject }
}

func everything(*firingRow) bool { return true }

// firingView is a part of a page about what is firing.
type firingView struct {
	Page  page
	Words *words
	Of    firingPart
}

// Firing gives a part what is firing.
func (p page) Firing(f firingPart) firingView { return firingView{p, p.Words, f} }
