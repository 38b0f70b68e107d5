package grafana

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Days begin where those of the windows do, and panels say where.
func TestDaysAreThoseOfTheWindowsZone(t *testing.T) {
	conn := newEmpty(t)
	for _, c := range []struct {
		zone           time.Duration
		name, timezone string
		at, day, week  string
	}{
		{0, "UTC", "utc", "2026-03-01 20:00:00", "2026-03-01 00:00:00", "2026-02-23"},
		{8 * time.Hour, "UTC+08:00", "Etc/GMT-8", "2026-03-01 20:00:00", "2026-03-01 16:00:00", "2026-03-02"},
		{-5 * time.Hour, "UTC-05:00", "Etc/GMT+5", "2026-03-02 04:00:00", "2026-03-01 05:00:00", "2026-02-23"},
		{5*time.Hour + 30*time.Minute, "UTC+05:30", "browser", "2026-03-01 18:31:00", "2026-03-01 18:30:00", "2026-03-02"},
	} {
		cfg := DefaultConfig()
		cfg.Zone = c.zone
		boards, err := Dashboards(cfg)
		if err != nil {
			t.Fatal(err)
		}
		v := view{interval: 24 * time.Hour}
		for _, d := range boards {
			if d.Timezone != c.timezone {
				t.Errorf("%s shows times in %s, want %s", d.UID, d.Timezone, c.timezone)
			}
			for _, p := range d.Panels {
				perDay := strings.Contains(p.Title, "per day") || strings.Contains(p.Title, "每日") || strings.Contains(p.Title, "by week")
				if perDay && !strings.Contains(p.Description, c.name) {
					t.Errorf("%q does not say in which zone: %s", p.Title, p.Description)
				}
				if strings.HasSuffix(d.UID, "-zh") && strings.Contains(p.Title+p.Description, " %") {
					t.Errorf("%q has a space before %%: %s", p.Title, p.Description)
				}
			}
		}
		sql := cfg.sql("stars.sql", nil)
		bucket, _, _ := strings.Cut(strings.TrimPrefix(sql, "SELECT"), " AS time")
		rows, _ := query(t, conn, v.expandSQL(fmt.Sprintf("SELECT toString(%s) AS day, %s AS week FROM (SELECT toDateTime('%s', 'UTC') AS pane, pane AS at)",
			bucket, "toString(toMonday(at"+cfg.zoned("+")+"))", c.at)))
		if rows[0]["day"] != c.day || rows[0]["week"] != c.week {
			t.Errorf("%s: %s is of %v and the week %v, want %s and %s", c.name, c.at, rows[0]["day"], rows[0]["week"], c.day, c.week)
		}
		if !strings.Contains(cfg.sql("alertweeks.sql", nil), "toMonday(at"+cfg.zoned("+")+")") {
			t.Error("weeks of alerts are not in the zone")
		}
	}
}
