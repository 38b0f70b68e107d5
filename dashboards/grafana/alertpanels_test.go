package grafana

import (
	"fmt"
	"testing"
	"time"
)

func TestTheWatchListHasTheMostUrgentOfMany(t *testing.T) {
	k := &known{now: time.Now().UTC(), conn: newEmpty(t)}
	err := k.conn.Exec(t.Context(), `INSERT INTO customer_satisfaction_alerts
	(id, version, rule, dimension, value, severity, state, figure, threshold, ratings, weight, opened_at, contact_due, resolve_due)
	SELECT toString(number), 1, 'low_rating', 'customer', concat('c', toString(number)), 'minor', 'open', 2, 3.5, 1, 1 + number, now64(3) - 60, now64(3) + 3600, now64(3) + 7200
	FROM numbers(60)`)
	if err != nil {
		t.Fatal(err)
	}
	en, _ := leadershipBoards(t)
	rows, _ := query(t, k.conn, k.views()["all/1h0m0s"].expandSQL(panelOf(t, en, "Customers who need").Targets[0].Query()))
	if len(rows) != mostWatched {
		t.Fatalf("%d customers, want %d", len(rows), mostWatched)
	}
	for i, r := range rows {
		if want := fmt.Sprintf("c%d", 59-i); r["customer"] != want || r["score"] != 1.5*float64(60-i) {
			t.Errorf("place %d is %v, want %s", i, r, want)
		}
	}
}
