package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"satisflow/pipeline/alert"
)

// AlertFilter says which alerts are meant; an empty field leaves the choice open.
type AlertFilter struct {
	States     []alert.State
	Rules      []alert.Rule
	Severities []alert.Severity
	Dimension  string    // customer, service or segment
	Value      string    // of the dimension, a customer_id as stored
	Service    string    // of the last rating, or what the alert is about
	Segment    string    // of the last rating, or what the alert is about
	Assignee   string    // who works on it
	Unassigned bool      // only those that nobody works on
	OverdueAt  time.Time // only those that have a due time which still runs and is before this time
	From, To   time.Time // of the opening; To is exclusive
	After      string    // the page that the answer before named as next
	Limit      int       // at most so many; 0 for all
}

// ErrUnknownPage is wrapped by the error about an AlertFilter.After that no answer has named.
var ErrUnknownPage = errors.New("unknown page")

// List returns the alerts that the filter means, the newest opened first, and the name of the next page, empty when there
// is none. An alert that is opened while somebody pages appears on none of the later pages, and moves none of the others.
func (s *Alerts) List(ctx context.Context, f AlertFilter) ([]alert.Alert, string, error) {
	conditions, err := f.conditions()
	if err != nil {
		return nil, "", err
	}
	limit := ""
	if f.Limit > 0 {
		limit = fmt.Sprint(" LIMIT ", f.Limit+1)
	}
	all, err := s.read(ctx, "list alerts", "FROM customer_satisfaction_alerts FINAL WHERE "+strings.Join(conditions, " AND ")+" ORDER BY opened_at DESC, id DESC"+limit)
	if err != nil || f.Limit <= 0 || len(all) <= f.Limit {
		return all, "", err
	}
	all = all[:f.Limit]
	last := &all[f.Limit-1]
	return all, fmt.Sprintf("%d.%s", last.OpenedAt.UnixMilli(), last.ID), nil
}

// conditions returns the filter as conditions on the last versions, one at least.
func (f *AlertFilter) conditions() ([]string, error) {
	all := []string{"version > 0"}
	add := func(given bool, condition string) {
		if given {
			all = append(all, condition)
		}
	}
	equal := func(column, value string) { add(value != "", column+" = "+quote(value)) }
	about := func(column, value string) {
		add(value != "", fmt.Sprintf("(%s = %[2]s OR dimension = '%[1]s' AND value = %[2]s)", column, quote(value)))
	}
	add(len(f.States) > 0, "toUInt8(state) IN ("+list(f.States, number)+")")
	add(len(f.Severities) > 0, "toUInt8(severity) IN ("+list(f.Severities, number)+")")
	add(len(f.Rules) > 0, "rule IN ("+list(f.Rules, func(r alert.Rule) string { return quote(string(r)) })+")")
	equal("dimension", f.Dimension)
	equal("value", f.Value)
	about("service", f.Service)
	about("segment", f.Segment)
	equal("assignee", f.Assignee)
	add(f.Unassigned, "assignee = ''")
	add(!f.OverdueAt.IsZero(), overdue(f.OverdueAt))
	add(!f.From.IsZero(), "opened_at >= "+millis(f.From))
	add(!f.To.IsZero(), "opened_at < "+millis(f.To))
	if f.After == "" {
		return all, nil
	}
	at, id, found := strings.Cut(f.After, ".")
	ms, err := strconv.ParseInt(at, 10, 64)
	if !found || err != nil {
		return nil, fmt.Errorf("%w %q: want what the answer before named as next", ErrUnknownPage, f.After)
	}
	return append(all, fmt.Sprintf("(opened_at, id) < (%s, %s)", millis(time.UnixMilli(ms)), quote(id))), nil
}

func number[N ~uint8](n N) string { return strconv.Itoa(int(n)) }

// overdue is the condition on alerts of which a due time that still runs is before the time.
func overdue(at time.Time) string {
	past := func(column string) string {
		return fmt.Sprintf("%[1]s > toDateTime64(0, 3, 'UTC') AND %[1]s < %[2]s", column, millis(at))
	}
	return "(state < 'contacted' AND " + past("contact_due") + " OR state < 'resolved' AND " + past("resolve_due") + ")"
}
