package clickhouse

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"satisflow/pipeline/alert"
)

// alertColumn is a column of the table of alerts: its name, and where its value stands in an alert.
type alertColumn struct {
	name string
	at   any // a pointer
}

func alertColumns(a *alert.Alert) []alertColumn {
	return []alertColumn{
		{"id", &a.ID}, {"version", &a.Version}, {"rule", (*string)(&a.Rule)}, {"dimension", &a.Subject.Dimension}, {"value", &a.Subject.Value},
		{"severity", &a.Severity}, {"state", &a.State}, {"holding", &a.Holding},
		{"figure", &a.Value}, {"threshold", &a.Threshold}, {"ratings", &a.Ratings}, {"figure_before", &a.Before}, {"ratings_before", &a.BeforeN},
		{"weight", &a.Weight}, {"rating_ids", &a.RatingIDs}, {"service", &a.Service}, {"segment", &a.Segment}, {"rated_at", &a.RatedAt},
		{"label_service", &a.LabelService}, {"label_segment", &a.LabelSegment},
		{"opened_at", &a.OpenedAt}, {"reopened_at", &a.ReopenedAt}, {"updated_at", &a.UpdatedAt}, {"escalated_at", &a.EscalatedAt}, {"acknowledged_at", &a.AcknowledgedAt},
		{"contacted_at", &a.ContactedAt}, {"resolved_at", &a.ResolvedAt}, {"verified_at", &a.VerifiedAt}, {"contact_due", &a.ContactDue}, {"resolve_due", &a.ResolveDue},
		{"assignee", &a.Assignee}, {"resolution", &a.Resolution}, {"resolved_by", &a.ResolvedBy}, {"mailed_at", &a.MailedAt},
		{"mailed_to", &a.MailedTo}, {"refused_to", &a.RefusedTo}, {"seen_epoch", &a.Seen.Epoch}, {"seen", &a.Seen.Next},
	}
}

func alertNames() string {
	return list(alertColumns(&alert.Alert{}), func(c alertColumn) string { return c.name })
}

// alertLiteral returns the row of the alert.
func alertLiteral(a *alert.Alert) string {
	return "(" + list(alertColumns(a), alertColumn.literal) + ")"
}

func (c alertColumn) literal() string {
	switch at := c.at.(type) {
	case *string:
		return quote(*at)
	case *[]string:
		return "[" + list(*at, quote) + "]"
	case *[]int64:
		return "[" + list(*at, integer) + "]"
	case *uint32:
		return strconv.FormatUint(uint64(*at), 10)
	case *uint64:
		return strconv.FormatUint(*at, 10)
	case *int64:
		return integer(*at)
	case *float64:
		return strconv.FormatFloat(*at, 'g', -1, 64)
	case *bool:
		return strconv.FormatBool(*at)
	case *time.Time:
		return stamp(*at)
	case *alert.Severity:
		return quote(at.String())
	case *alert.State:
		return quote(at.String())
	}
	panic("no literal for column " + c.name) // every column is read and written by a test
}

// stamp returns the time as a literal for an insert, the zero time as 1970. An expression would take milliseconds a row.
func stamp(t time.Time) string {
	if t.IsZero() {
		t = time.UnixMilli(0)
	}
	return quote(t.UTC().Format("2006-01-02 15:04:05.000"))
}

// alertJSON returns the alert without its resolution, which erasures must find; times that are not set are left out.
func alertJSON(a *alert.Alert) (string, error) {
	values := map[string]any{}
	for _, c := range alertColumns(a) {
		if at, isTime := c.at.(*time.Time); !isTime {
			values[c.name] = c.at
		} else if !at.IsZero() {
			values[c.name] = at.UTC().Truncate(time.Millisecond)
		}
	}
	delete(values, "resolution")
	b, err := json.Marshal(values)
	return string(b), err
}

// read returns the alerts that the rest of a query, from FROM on, selects.
func (s *Alerts) read(ctx context.Context, action, from string) ([]alert.Alert, error) {
	var all []alert.Alert
	var a alert.Alert
	columns := alertColumns(&a)
	dest := make([]any, len(columns))
	for i, c := range columns {
		dest[i] = c.destination()
	}
	err := each(ctx, s.conn, "SELECT "+list(columns, alertColumn.expression)+" "+from, dest, func() {
		for _, c := range columns {
			c.tidy()
		}
		all = append(all, a)
	})
	return all, failed(err, "%s", action)
}

// expression is how the column is read.
func (c alertColumn) expression() string {
	switch c.at.(type) {
	case *alert.Severity, *alert.State:
		return "toUInt8(" + c.name + ")"
	}
	return c.name
}

// destination is where the expression is scanned to.
func (c alertColumn) destination() any {
	switch at := c.at.(type) {
	case *alert.Severity:
		return (*uint8)(at)
	case *alert.State:
		return (*uint8)(at)
	}
	return c.at
}

// tidy makes what was read what was stored: 1970 the zero time, and an empty list none.
func (c alertColumn) tidy() {
	switch at := c.at.(type) {
	case *time.Time:
		if *at = at.UTC(); at.UnixMilli() == 0 {
			*at = time.Time{}
		}
	case *[]string:
		if len(*at) == 0 {
			*at = nil
		}
	case *[]int64:
		if len(*at) == 0 {
			*at = nil
		}
	}
}
