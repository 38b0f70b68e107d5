package clickhouse

import (
	"context"
	"maps"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// EraseText blanks the comments and resolutions of the alerts that are about one of the customers or have ever named one
// of the ratings, and returns how many alerts held any; numbers, ids and who did what stay. When it returns no active
// part holds the text. The caller keeps others from putting the alerts again as they were.
func (s *Alerts) EraseText(ctx context.Context, of Subjects) (uint64, error) {
	held, err := s.holdingText(ctx, of)
	if err != nil {
		return 0, failed(err, "look for alerts with text to erase")
	}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(held)), subjectsAtOnce) {
		for _, update := range []string{
			// The entries last: a call that was broken off finds its alerts again by them.
			"customer_satisfaction_alerts UPDATE resolution = '' WHERE resolution != ''",
			"customer_satisfaction_alert_entries UPDATE comment = '', resolution = '' WHERE (comment != '' OR resolution != '')",
		} {
			ctx := clickhouse.Context(ctx, clickhouse.WithSettings(deleteSettings))
			if err := s.conn.Exec(ctx, "ALTER TABLE "+update+" AND id IN ("+list(part, quote)+")"); err != nil {
				return 0, failed(err, "erase the text of %d alerts", len(held))
			}
		}
	}
	return uint64(len(held)), nil
}

// AlertsWithText returns on how many alerts that EraseText is about any version holds text.
func (s *Erasures) AlertsWithText(ctx context.Context, of Subjects) (int, error) {
	held, err := NewAlerts(s.conn).holdingText(ctx, of)
	return len(held), failed(err, "look for alerts with text to erase")
}

// holdingText returns the alerts with text, entries and the alert itself.
func (s *Alerts) holdingText(ctx context.Context, of Subjects) (map[string]bool, error) {
	held := map[string]bool{}
	err := of.each(func(column string, ids []string) error {
		found, err := s.withText(ctx, column, ids)
		for _, id := range found {
			held[id] = true
		}
		return err
	})
	return held, err
}

// withText returns the alerts about the ids in the column of the facts of which any version holds text.
func (s *Alerts) withText(ctx context.Context, column string, ids []string) ([]string, error) {
	text, err := rendered("alerts_with_text.sql", struct {
		Customer bool
		IDs      string
	}{column == "customer_id", list(ids, quote)})
	if err != nil {
		return nil, err
	}
	var all []string
	var id string
	err = each(quietly(ctx), s.conn, text, []any{&id}, func() { all = append(all, id) })
	return all, err
}
