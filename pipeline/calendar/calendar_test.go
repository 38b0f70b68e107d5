package calendar

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var shanghai = China().Zone

// at reads a local time of Shanghai.
func at(t *testing.T, text string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04", text, shanghai)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestLimitsRunInWorkingTime(t *testing.T) {
	c := China()
	for name, x := range map[string]struct {
		start string
		hours float64
		end   string
	}{
		"within a morning":                          {"2026-11-26 09:30", 2, "2026-11-26 11:30"},
		"over lunch":                                {"2026-11-26 11:00", 2, "2026-11-26 14:00"},
		"to the end of the day":                     {"2026-11-26 14:00", 4, "2026-11-26 18:00"},
		"a minute beyond":                           {"2026-11-26 14:00", 4 + 1.0/60, "2026-11-27 09:01"},
		"to the beginning of lunch":                 {"2026-11-26 09:00", 3, "2026-11-26 12:00"},
		"from before work":                          {"2026-11-26 06:00", 1, "2026-11-26 10:00"},
		"from lunch":                                {"2026-11-26 12:30", 1, "2026-11-26 14:00"},
		"from after work":                           {"2026-11-26 20:00", 1, "2026-11-27 10:00"},
		"over a weekend":                            {"2026-11-27 17:00", 2, "2026-11-30 10:00"},
		"from a Saturday":                           {"2026-11-28 11:00", 4, "2026-11-30 14:00"},
		"a day of eight hours":                      {"2026-11-26 09:00", 8, "2026-11-26 18:00"},
		"a week of forty hours":                     {"2026-11-23 09:00", 40, "2026-11-27 18:00"},
		"no time at all":                            {"2026-11-28 11:00", 0, "2026-11-28 11:00"},
		"into New Year":                             {"2025-12-31 17:00", 2, "2026-01-04 10:00"}, // a make-up Sunday
		"on the make-up Sunday of New Year":         {"2026-01-04 09:00", 8, "2026-01-04 18:00"},
		"after the make-up Sunday":                  {"2026-01-04 17:00", 2, "2026-01-05 10:00"},
		"into the Spring Festival from Friday":      {"2026-02-13 17:00", 2, "2026-02-14 10:00"}, // a make-up Saturday
		"over the Spring Festival":                  {"2026-02-14 17:00", 2, "2026-02-24 10:00"},
		"within the Spring Festival":                {"2026-02-18 10:00", 1, "2026-02-24 10:00"},
		"the make-up Saturday after it":             {"2026-02-27 17:00", 2, "2026-02-28 10:00"},
		"and the Sunday after that":                 {"2026-02-28 17:00", 2, "2026-03-02 10:00"},
		"over Qingming":                             {"2026-04-03 17:00", 2, "2026-04-07 10:00"},
		"over Labour Day":                           {"2026-04-30 17:00", 2, "2026-05-06 10:00"},
		"the make-up Saturday of Labour Day":        {"2026-05-08 17:00", 2, "2026-05-09 10:00"},
		"over the Dragon Boat Festival":             {"2026-06-18 17:00", 2, "2026-06-22 10:00"},
		"the make-up Sunday before National Day":    {"2026-09-18 17:00", 2, "2026-09-20 10:00"},
		"over Mid-Autumn":                           {"2026-09-24 17:00", 2, "2026-09-28 10:00"},
		"over National Day":                         {"2026-09-30 17:00", 2, "2026-10-08 10:00"},
		"the make-up Saturday after National Day":   {"2026-10-09 17:00", 2, "2026-10-10 10:00"},
		"two days over Mid-Autumn and National Day": {"2026-09-29 14:00", 16, "2026-10-08 14:00"},
		"into 2027":                                 {"2026-12-31 17:00", 2, "2027-01-04 10:00"},
	} {
		t.Run(name, func(t *testing.T) {
			limit := time.Duration(x.hours * float64(time.Hour)).Round(time.Second)
			start, want := at(t, x.start), at(t, x.end)
			if got := c.Add(start, limit); !got.Equal(want) {
				t.Errorf("%v hours from %s end at %s, want %s", x.hours, x.start, got.Format("2006-01-02 15:04"), x.end)
			}
			if got := c.Between(start, want); got != limit {
				t.Errorf("between %s and %s lie %v, want %v", x.start, x.end, got, limit)
			}
			if got := c.Between(want, start); got != -limit {
				t.Errorf("backwards: %v", got)
			}
		})
	}
}

func TestWorkingTimeIsThatOfTheClock(t *testing.T) {
	c, random := China(), rand.New(rand.NewPCG(1, 2))
	for range 300 {
		from := at(t, "2026-01-01 00:00").Add(time.Duration(random.Int64N(int64(360 * 24 * time.Hour)))).Truncate(time.Minute)
		to := from.Add(time.Duration(random.Int64N(int64(9 * 24 * time.Hour)))).Truncate(time.Minute)
		want := time.Duration(0)
		for m := from; m.Before(to); m = m.Add(time.Minute) {
			if c.Working(m) {
				want += time.Minute
			}
		}
		if got := c.Between(from, to); got != want {
			t.Fatalf("between %v and %v lie %v, minute by minute %v", from, to, got, want)
		}
		if end := c.Add(from, want); want > 0 && c.Between(from, end) != want {
			t.Fatalf("%v from %v end at %v", want, from, end)
		}
	}
}

func TestDaysHaveNames(t *testing.T) {
	c := China()
	for day, want := range map[string]struct {
		name    string
		working bool
	}{
		"2026-10-01 12:00": {"国庆节", false}, "2026-10-10 12:00": {"国庆节", true}, "2026-11-26 12:00": {"", true}, "2026-11-28 12:00": {"", false},
	} {
		if name, working := c.Day(at(t, day)); name != want.name || working != want.working {
			t.Errorf("%s: %q, %v", day, name, working)
		}
	}
	if !c.Known(at(t, "2026-12-31 23:59")) || c.Known(at(t, "2027-01-01 00:00")) {
		t.Error("the calendar knows the year 2026 and no more")
	}
}

func TestAroundTheClock(t *testing.T) {
	c := Always()
	start := at(t, "2026-10-01 23:00")
	if got := c.Add(start, 49*time.Hour); !got.Equal(start.Add(49 * time.Hour)) {
		t.Errorf("got %v", got)
	}
	if !c.Working(start) || !c.Known(start) {
		t.Error("every hour is a working hour")
	}
}

func TestAClockChangeMakesADayShorter(t *testing.T) {
	c, err := Parse([]byte("name: night shift\ntime_zone: Europe/Berlin\nweekdays: [sunday]\nhours: [\"00:00-06:00\"]\n"))
	if err != nil {
		t.Fatal(err)
	}
	spring := time.Date(2026, 3, 29, 0, 0, 0, 0, c.Zone)
	if got := c.Between(spring, spring.Add(24*time.Hour)); got != 5*time.Hour {
		t.Errorf("the night of the change in spring has %v", got)
	}
	if got := c.Between(spring.AddDate(0, 0, -7), spring.AddDate(0, 0, -6)); got != 6*time.Hour {
		t.Errorf("the night a week before has %v", got)
	}
}

func TestWhatIsWrongWithACalendarIsNamed(t *testing.T) {
	const good = "name: x\ntime_zone: Asia/Shanghai\nweekdays: [monday]\nhours: [\"09:00-18:00\"]\n"
	for _, c := range []struct{ from, to, want string }{
		{"name: x\n", "", "name: it is missing"},
		{"Asia/Shanghai", "Beijing", `time_zone: "Beijing"`},
		{"[monday]", "[montag]", `weekdays: "montag"`},
		{"[monday]", "[]", "weekdays: none"},
		{`["09:00-18:00"]`, "[]", "hours: none"},
		{"09:00-18:00", "9-18", `hours: "9-18": want from-to`},
		{"09:00-18:00", "18:00-09:00", "hours:"},
		{"09:00-18:00", "09:00-24:01", "hours:"},
		{`["09:00-18:00"]`, `["09:00-18:00", "17:00-19:00"]`, "hours: two of them overlap"},
		{"hours", "hour", "hour"},
		{"name: x\n", "name: x\nholidays: {2026-02-30: x}\n", `holidays: "2026-02-30"`},
		{"name: x\n", "name: x\nholidays: {2026-10-07..2026-10-01: x}\n", "holidays:"},
		{"name: x\n", "name: x\nholidays: {2026-01-01..2026-12-31: x}\n", "at most 60 days"},
		{"name: x\n", "name: x\nworkdays: {yesterday: x}\n", `workdays: "yesterday"`},
		{"name: x\n", "name: x\nuntil: soon\n", `until: "soon"`},
	} {
		if _, err := Parse([]byte(strings.Replace(good, c.from, c.to, 1))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s for %s: %v, want %s", c.to, c.from, err, c.want)
		}
	}
	if _, err := Parse([]byte(good)); err != nil {
		t.Error(err)
	}
}

func TestACalendarWithoutWorkingDaysHasAnEnd(t *testing.T) {
	c := &Calendar{Zone: time.UTC, hours: []interval{{0, 60}}}
	if got := c.Add(time.Now(), time.Hour); !got.IsZero() {
		t.Errorf("got %v", got)
	}
}
