package clickhouse

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"satisflow/deploy/testkit"
	"satisflow/pipeline/alert"
)

// talked stores five versions of an alert, of which one has a comment and one a resolution with the text, and returns the last.
func (s *Alerts) talked(t *testing.T, a alert.Alert, text string) alert.Alert {
	t.Helper()
	for v, action := range []alert.Action{alert.Opened, alert.Comment, alert.Updated, alert.Resolve, alert.Verify} {
		e := alert.Entry{Version: uint64(v) + 1, At: a.OpenedAt.Add(time.Duration(v) * time.Minute), By: "ann", Action: action}
		switch action {
		case alert.Comment:
			e.Comment = "said: " + text
		case alert.Resolve:
			a.Resolution, a.ResolvedBy, e.Comment = "promised: "+text, "ann", text
			in(alert.Resolved)(&a)
		}
		a.Version, a.UpdatedAt = e.Version, e.At
		if err := s.Put(t.Context(), []alert.Change{{Alert: a, Entry: e}}); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// holding counts the rows of every part, replaced ones included, that hold the text.
func (s *Alerts) holding(t *testing.T, text string) (n uint64) {
	t.Helper()
	for _, table := range []string{"customer_satisfaction_alerts", "customer_satisfaction_alert_entries"} {
		var rows uint64
		if err := s.conn.QueryRow(t.Context(), "SELECT countIf(position(toString(tuple(*)), "+quote(text)+") > 0) FROM "+table).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		n += rows
	}
	return n
}

func about(value string, ratings ...string) func(*alert.Alert) {
	return func(a *alert.Alert) { a.Subject.Value, a.RatingIDs, a.Ratings = value, ratings, int64(len(ratings)) }
}

func TestAnErasureTakesTheTextOfTheAlertsConcernedAndNothingElse(t *testing.T) {
	s := NewAlerts(migrated(t))
	hers := s.talked(t, raised("hers", 3, about("c-'7", "r1", "r2")), "marker-4e1f7c")
	rated := s.talked(t, raised("rated", 4, about("c-8", "r3", "r4")), "marker-9b02aa")
	forgot := raised("forgot", 5, about("c-9", "r5", "r6", "r7"))
	s.put(t, forgot)
	forgot = s.talked(t, raised("forgot", 5, about("c-9", "r5", "r7")), "marker-1d55e0") // r6 is left out by now
	other := s.talked(t, raised("other", 6, about("c-'77", "r11")), "marker-77c0de")
	service := s.talked(t, raised("service", 6, func(a *alert.Alert) { a.Subject = alert.Subject{Dimension: "service", Value: "c-'7"} }), "marker-5e471c")
	if n := s.holding(t, "marker-"); n < 20 {
		t.Fatalf("%d rows hold text: want 5 alerts with it, and in three entries each: the test would not see it", n)
	}
	of := Subjects{Customers: []string{"nobody", "c-'7"}, Ratings: []string{"r4", "r6", "r"}}
	if n, err := s.EraseText(t.Context(), of); err != nil || n != 3 {
		t.Errorf("%d alerts, %v; want 3", n, err)
	}
	for _, text := range []string{"marker-4e1f7c", "marker-9b02aa", "marker-1d55e0"} {
		if n := s.holding(t, text); n != 0 {
			t.Errorf("%d rows still hold %s", n, text)
		}
	}
	for _, want := range []alert.Alert{hers, rated, forgot, other, service} {
		erased := !slices.Contains([]string{"other", "service"}, want.ID)
		if erased {
			want.Resolution = ""
		}
		got, entries, _, err := s.Get(t.Context(), want.ID)
		if err != nil || !reflect.DeepEqual(got, want) || len(entries) != 5 {
			t.Errorf("%d entries, %v; %+v\nwant %+v", len(entries), err, got, want)
		}
		for _, e := range entries {
			if e.By != "ann" || (e.Comment == "") != (erased || e.Action != alert.Comment && e.Action != alert.Resolve) {
				t.Errorf("%s: entry %+v", want.ID, e)
			}
		}
	}
	if n, err := s.EraseText(t.Context(), of); err != nil || n != 0 {
		t.Errorf("again: %d, %v; want none left", n, err)
	}
}

func TestAnErasureThatWasBrokenOffFindsItsAlertsAgain(t *testing.T) {
	s := NewAlerts(migrated(t))
	s.talked(t, raised("a", 3, about("c-7", "r1")), "marker-4e1f7c")
	exec(t, s.conn, "ALTER TABLE customer_satisfaction_alerts UPDATE resolution = '' WHERE 1 SETTINGS mutations_sync = 2")
	if n, err := s.EraseText(t.Context(), Subjects{Ratings: []string{"r1"}}); err != nil || n != 1 || s.holding(t, "marker-") != 0 {
		t.Errorf("%d alerts, %v, %d rows hold text", n, err, s.holding(t, "marker-"))
	}
}

func TestAnErasureWithoutTextRewritesNoPart(t *testing.T) {
	s := NewAlerts(migrated(t))
	s.put(t, raised("a", 3, about("c-7", "r1")))
	if n, err := s.EraseText(t.Context(), Subjects{Customers: []string{"c-7"}, Ratings: []string{"r1"}}); err != nil || n != 0 {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := s.EraseText(t.Context(), Subjects{}); err != nil || n != 0 {
		t.Errorf("of nobody: %d, %v", n, err)
	}
	var mutations uint64
	if err := s.conn.QueryRow(t.Context(), "SELECT count() FROM system.mutations WHERE database = currentDatabase()").Scan(&mutations); err != nil || mutations != 0 {
		t.Errorf("%d mutations, %v; want none", mutations, err)
	}
}

func TestAnErasureOfManyIsOneOfAll(t *testing.T) {
	s := NewAlerts(migrated(t))
	var all []alert.Alert
	var of Subjects
	for i := range subjectsAtOnce + 5 {
		name := fmt.Sprint("c-", i)
		of.Customers = append(of.Customers, name)
		all = append(all, raised(fmt.Sprint("a", i), 1, about(name), in(alert.Resolved), func(a *alert.Alert) { a.Resolution = "marker-4e1f7c" }))
	}
	s.put(t, all...)
	if n, err := s.EraseText(t.Context(), of); err != nil || n != uint64(len(all)) || s.holding(t, "marker-") != 0 {
		t.Errorf("%d alerts, %v, %d rows hold text", n, err, s.holding(t, "marker-"))
	}
}

func TestAfterAnErasureNoFileHoldsTheText(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "clickhouse")
	conn := testkit.StartClickHouse(t, testkit.EngineOptions{Dir: dir}).Database().Open()
	if _, err := Migrate(t.Context(), conn, MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"customer_satisfaction_alerts", "customer_satisfaction_alert_entries"} {
		exec(t, conn, "ALTER TABLE "+table+" MODIFY SETTING old_parts_lifetime = 0, cleanup_delay_period = 1, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 1")
		exec(t, conn, "DETACH TABLE "+table)
		exec(t, conn, "ATTACH TABLE "+table)
	}
	const marker = "marker-7f3a9c51e08b" // short enough to stand as it is in a compressed block
	s := NewAlerts(conn)
	s.talked(t, raised("hers", 3, about("c-7", "r1")), marker)
	if files := filesWith(t, dir, marker); len(files) == 0 {
		t.Fatal("no file holds the text: the test would not see it")
	}
	if n, err := s.EraseText(t.Context(), Subjects{Customers: []string{"c-7"}}); err != nil || n != 1 {
		t.Fatalf("%d alerts, %v", n, err)
	}
	var left []string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if left = filesWith(t, dir, marker); len(left) == 0 {
			return
		}
	}
	t.Errorf("the text stands in %v", left)
}

// filesWith returns the files under the folder that hold the text.
func filesWith(t *testing.T, dir, text string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // parts come and go meanwhile
		}
		if b, err := os.ReadFile(path); err == nil && bytes.Contains(b, []byte(text)) {
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
