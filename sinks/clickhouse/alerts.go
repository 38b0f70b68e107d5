package clickhouse

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/alert"
)

// Alerts stores alerts, and reads what they are decided by. One process writes (see Lease). It is safe for concurrent use.
type Alerts struct {
	conn driver.Conn
}

// NewAlerts returns the alerts of the connection's database.
func NewAlerts(conn driver.Conn) *Alerts { return &Alerts{conn} }

// Put stores the changes, times to the millisecond: first the entries, then the alerts, so that no alert stands without
// its record. A call that failed may be repeated, and so may one that did not. Each version of an alert has one entry.
func (s *Alerts) Put(ctx context.Context, changes []alert.Change) error {
	if len(changes) == 0 {
		return nil
	}
	entries, rows := make([]string, len(changes)), make([]string, len(changes))
	for i := range changes {
		var err error
		if entries[i], err = entryLiteral(&changes[i]); err != nil {
			return err
		}
		rows[i] = alertLiteral(&changes[i].Alert)
	}
	err := s.conn.Exec(ctx, "INSERT INTO customer_satisfaction_alert_entries (id, version, at, action, actor, comment, resolution, alert) SETTINGS async_insert = 0 VALUES "+
		strings.Join(entries, ","))
	if err == nil {
		err = s.conn.Exec(ctx, "INSERT INTO customer_satisfaction_alerts ("+alertNames()+") SETTINGS async_insert = 0 VALUES "+strings.Join(rows, ","))
	}
	return failed(err, "store %d changes of alerts", len(changes))
}

// entryLiteral returns the row of the change in the table of entries.
func entryLiteral(c *alert.Change) (string, error) {
	if c.Entry.Version != c.Alert.Version {
		return "", permanentf("alert %s: an entry of version %d with version %d of the alert", c.Alert.ID, c.Entry.Version, c.Alert.Version)
	}
	rest, err := alertJSON(&c.Alert)
	if err != nil {
		return "", permanentf("alert %s: %w", c.Alert.ID, err)
	}
	e := &c.Entry
	return fmt.Sprintf("(%s,%d,%s,%s,%s,%s,%s,%s)", quote(c.Alert.ID), e.Version, stamp(e.At), quote(string(e.Action)), quote(e.By),
		quote(e.Comment), quote(c.Alert.Resolution), quote(rest)), nil
}

// AtWork returns the alerts about which somebody still has to do something, the oldest first.
func (s *Alerts) AtWork(ctx context.Context) ([]alert.Alert, error) {
	return s.read(ctx, "read the alerts at work", "FROM customer_satisfaction_alerts FINAL WHERE state < 'resolved' ORDER BY opened_at, id")
}

// RecentlyResolved returns the alerts that were resolved since the time, the oldest first.
func (s *Alerts) RecentlyResolved(ctx context.Context, since time.Time) ([]alert.Alert, error) {
	return s.read(ctx, "read the alerts that were resolved since "+since.UTC().Format(time.RFC3339),
		"FROM customer_satisfaction_alerts FINAL WHERE state >= 'resolved' AND resolved_at >= "+millis(since)+" ORDER BY resolved_at, id")
}

// Get returns the alert and its entries, the oldest first; false when there is none of the id.
func (s *Alerts) Get(ctx context.Context, id string) (alert.Alert, []alert.Entry, bool, error) {
	all, err := s.read(ctx, "read alert "+id, "FROM customer_satisfaction_alerts FINAL WHERE id = "+quote(id))
	if err != nil || len(all) == 0 {
		return alert.Alert{}, nil, false, err
	}
	entries, err := s.entries(ctx, &all[0])
	return all[0], entries, err == nil, err
}

// entries returns those that led to the alert. A version that was decided twice, as the process ended between entry and
// alert, is what it was decided to be the second time.
func (s *Alerts) entries(ctx context.Context, a *alert.Alert) ([]alert.Entry, error) {
	var all []alert.Entry
	var e alert.Entry
	var action string
	err := each(ctx, s.conn, fmt.Sprintf(`SELECT version, at, actor, action, comment, if(action = 'assign', JSONExtractString(alert, 'assignee'), '')
FROM customer_satisfaction_alert_entries FINAL
WHERE id = %s AND version <= %d
ORDER BY version, at DESC, action
LIMIT 1 BY version`, quote(a.ID), a.Version), []any{&e.Version, &e.At, &e.By, &action, &e.Comment, &e.Assignee}, func() {
		e.At, e.Action = e.At.UTC(), alert.Action(action)
		all = append(all, e)
	})
	return all, failed(err, "read the entries of alert %s", a.ID)
}

// subjectsAtOnce bounds the subjects in one statement.
const subjectsAtOnce = 1000

// OfSubjects returns the alerts of the subjects that are at work or were changed since the time, and the latest of each
// subject and rule, the oldest first.
func (s *Alerts) OfSubjects(ctx context.Context, subjects []alert.Subject, since time.Time) ([]alert.Alert, error) {
	var all []alert.Alert
	for len(subjects) > 0 {
		part := subjects[:min(len(subjects), subjectsAtOnce)]
		subjects = subjects[len(part):]
		// All versions of an alert share rule and subject, so that nothing that FINAL needs is left out.
		some, err := s.read(ctx, "read the alerts of subjects", fmt.Sprintf(`FROM
(
    SELECT *, row_number() OVER (PARTITION BY rule, dimension, value ORDER BY greatest(opened_at, reopened_at) DESC, id DESC) AS nth
    FROM customer_satisfaction_alerts FINAL
    PREWHERE (dimension, value) IN (%s)
)
WHERE state < 'resolved' OR updated_at >= %s OR nth = 1
ORDER BY opened_at, id`, list(part, func(s alert.Subject) string { return "(" + quote(s.Dimension) + "," + quote(s.Value) + ")" }), millis(since)))
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}
