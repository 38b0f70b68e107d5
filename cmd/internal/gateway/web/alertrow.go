package web

import (
	"satisflow/cmd/internal/service/alerting"
	"satisflow/pipeline/alert"
)

// alertRow is an alert as lists show it.
type alertRow struct {
	*alert.Alert
	Why     string
	Overdue bool
}

func (w *Web) rows(alerts []alert.Alert, s say) []alertRow {
	rows := make([]alertRow, len(alerts))
	for i := range alerts {
		rows[i] = w.row(&alerts[i], s)
	}
	return rows
}

func (w *Web) row(a *alert.Alert, s say) alertRow {
	return alertRow{a, s.text(w.Alerts.Reason(a)), a.Overdue(s.now)}
}

// text chooses the text of the language.
func (s say) text(t alerting.Text) string { return s.in(t.English, t.Chinese) }

// Due is the time by which something is to be done next; the zero time when nothing is.
func (r alertRow) Due() (next dueTime) {
	switch {
	case !r.State.AtWork():
	case r.State < alert.Contacted && r.Subject.Dimension == alert.Customer && r.ContactDue.Before(r.ResolveDue):
		next = dueTime{"contact", r.ContactDue}
	default:
		next = dueTime{"resolve", r.ResolveDue}
	}
	return next
}
