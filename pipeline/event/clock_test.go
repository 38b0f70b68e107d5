package event

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTimesAreReadAsPackageTimeDoes(t *testing.T) {
	pattern := `(19|20|20|21|21|22)[0-9]{2}-(0[0-9]|1[0-3])-([012][0-9]|3[01])T([01][0-9]|2[0-4]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]{1,9})?(Z|[+-][01][0-9]:[0-5][0-9])`
	right := 0
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(pattern).Draw(t, "time")
		want, err := time.Parse(time.RFC3339Nano, s)
		inRange := s[:4] >= "2000" && s[:4] <= "2099"
		ms, ok := parseTime(s)
		if ok != (err == nil && inRange) {
			t.Fatalf("%s: %v, want %v", s, ok, err)
		}
		if !ok {
			return
		}
		right++
		if ms != want.UnixMilli() {
			t.Fatalf("%s: %d, want %d", s, ms, want.UnixMilli())
		}
		if again, ok := parseTime(string(appendTime(nil, ms))); (!ok || again != ms) && s[:4] > "2000" && s[:4] < "2099" {
			t.Fatalf("%s was written as %s", s, appendTime(nil, ms))
		}
	})
	if right == 0 { // rapid likes the ends of ranges, such as day 00
		t.Errorf("only %d were right", right)
	}
}

func TestEveryDayIsInItsPlace(t *testing.T) {
	for day := time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() <= lastYear; day = day.AddDate(0, 0, 1) {
		s := day.Format(time.RFC3339)
		if ms, ok := parseTime(s); !ok || ms != day.UnixMilli() {
			t.Fatalf("%s: %d, %v", s, ms, ok)
		}
	}
}

func FuzzTime(f *testing.F) {
	for _, s := range []string{"2026-03-01T09:30:00Z", "2026-03-01T09:30:00.123456789+08:00", "2026-03-01T09:30:00.Z", "2026-03-01 09:30", "2000-01-01T00:00:00-23:59"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if ms, ok := parseTime(s); ok && (ms < 946598400000 || ms > 7258204800000) {
			t.Errorf("%q is %d", s, ms)
		}
	})
}
