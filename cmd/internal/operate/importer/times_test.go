package importer

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func reader(t *testing.T, zone string, layouts ...string) *timeReader {
	t.Helper()
	z, err := loadZone(zone)
	if err != nil {
		t.Fatal(err)
	}
	return newTimeReader(layouts, z)
}

func TestATimeIsReadAsItWasMeant(t *testing.T) {
	shanghai := reader(t, "Asia/Shanghai")
	for text, want := range map[string]string{
		"2026-11-20T09:30:00Z":                                    "2026-11-20T09:30:00Z", // as it is
		"2026-11-20T09:30:00+0800":                                "2026-11-20T01:30:00Z",
		"2026-11-20T09:30:00.123+0000":                            "2026-11-20T09:30:00.123Z",
		"2026-11-20 09:30:00+00":                                  "2026-11-20T09:30:00Z",
		"2026-11-20 09:30:00-05":                                  "2026-11-20T14:30:00Z",
		"2026-11-20 09:30:00+08:00":                               "2026-11-20T01:30:00Z",
		"2026-11-20 09:30:00.123456+00":                           "2026-11-20T09:30:00.123456Z",
		"2026-11-20 09:30:00 UTC":                                 "2026-11-20T09:30:00Z",
		"2026-11-20 09:30 GMT":                                    "2026-11-20T09:30:00Z",
		"2026-11-20T09:30+08:00":                                  "2026-11-20T01:30:00Z",
		"2026/11/20 9:30:12 AM GMT+8":                             "2026-11-20T01:30:12Z",
		"2026/11/20 9:30:12\u202fPM GMT-5:30":                     "2026-11-21T03:00:12Z",
		"2026/11/20 12:05 AM":                                     "2026-11-19T16:05:00Z",
		"2026/11/20 12:05 PM":                                     "2026-11-20T04:05:00Z",
		"2026/11/20 3:05 p.m.":                                    "2026-11-20T07:05:00Z",
		"2026/11/20 上午 9:30":                                      "2026-11-20T01:30:00Z",
		"2026/11/20 上午9:30":                                       "2026-11-20T01:30:00Z",
		"2026/11/20 上午12:05":                                      "2026-11-19T16:05:00Z",
		"2026/11/20 下午 3:05:10":                                   "2026-11-20T07:05:10Z",
		"2026/11/20 下午12:05":                                      "2026-11-20T04:05:00Z",
		"2026/11/20 下午 15:05":                                     "2026-11-20T07:05:00Z",
		"2026/11/20 中午12:05":                                      "2026-11-20T04:05:00Z",
		"2026/11/20 中午1:05":                                       "2026-11-20T05:05:00Z",
		"2026/11/20 晚上9:05":                                       "2026-11-20T13:05:00Z",
		"2026/11/20 凌晨2:05":                                       "2026-11-19T18:05:00Z",
		"2026年11月20日 上午9:30":                                      "2026-11-20T01:30:00Z",
		"2026年11月20日 15时4分5秒":                                     "2026-11-20T07:04:05Z",
		"2026-11-20":                                              "2026-11-19T16:00:00Z",
		"20.11.2026 15:05":                                        "2026-11-20T07:05:00Z",
		"2026.11.20 15:05":                                        "2026-11-20T07:05:00Z",
		"Nov 20, 2026 3:05 PM":                                    "2026-11-20T07:05:00Z",
		"20 Nov 2026 15:05":                                       "2026-11-20T07:05:00Z",
		"Fri, 20 Nov 2026 09:30:00 +0000":                         "2026-11-20T09:30:00Z",
		"Fri Nov 20 2026 09:30:00 GMT+0800 (China Standard Time)": "2026-11-20T01:30:00Z",
		"2026-11-20 09:30:00 CST":                                 "2026-11-20T01:30:00Z",
		// and what has two meanings, or none
		"2026-11-20 09:30:00 EST": "EST can mean several zones",
		"11/20/2026 3:05 PM":      "which number is the month",
		"11/12/2026":              "which number is the month",
		"20-11-26 9:30":           "which number is the month",
		"46346.3958333333":        "--time-layout excel",
		"1795339812":              "--time-layout unix ",
		"1795339812000":           "--time-layout unix-ms",
		"2026/11/20 上午 15:05":     "--time-layout",
		"2026-02-30 09:30":        "--time-layout",
		"yesterday":               "--time-layout",
		"5":                       "",
	} {
		got := shanghai.read(text)
		if right := strings.HasSuffix(want, "Z"); right && (got.text != want || got.hint != "") || !right && (got.text != text || !strings.Contains(got.hint, want)) {
			t.Errorf("%s: %+v, want %s", text, got, want)
		}
	}
	if got := reader(t, "").read("2026-11-20 09:30"); got.text != "2026-11-20 09:30" || !strings.Contains(got.hint, "--time-zone") {
		t.Errorf("without a zone: %+v", got)
	}
}

func TestLayoutsAreThoseOfGoOrStrptimeOrNames(t *testing.T) {
	for _, tc := range []struct{ layout, text, want string }{
		{"%m/%d/%Y %I:%M %p", "11/20/2026 3:05 PM", "2026-11-20T07:05:00Z"},
		{"%m/%d/%Y %I:%M %p", "1/2/2026 03:05 am", "2026-01-01T19:05:00Z"},
		{"%d/%m/%Y %H:%M", "20/11/2026 15:05", "2026-11-20T07:05:00Z"},
		{"%-d/%-m/%y", "2/11/26", "2026-11-01T16:00:00Z"},
		{"%Y%m%d%H%M%S", "20261120093000", "2026-11-20T01:30:00Z"},
		{"%Y-%m-%dT%H:%M:%S.%f%z", "2026-11-20T09:30:00.250-0500", "2026-11-20T14:30:00.25Z"},
		{"%b %d %Y %T", "Nov 20 2026 09:30:00", "2026-11-20T01:30:00Z"},
		{"%F %T %Z", "2026-11-20 09:30:00 UTC", "2026-11-20T09:30:00Z"},
		{"1/2/2006 3:04 PM", "11/20/2026 3:05 PM", "2026-11-20T07:05:00Z"},
		{"1/2/2006 3:04 PM", "11/20/2026 3:05 下午", "2026-11-20T07:05:00Z"},
		{"02-01-06 15h04", "20-11-26 15h05", "2026-11-20T07:05:00Z"},
		{"unix", "1795339812", "2026-11-22T09:30:12Z"},
		{"unix", "1795339812.5", "2026-11-22T09:30:12.5Z"},
		{"unix-ms", "1795339812250", "2026-11-22T09:30:12.25Z"},
		{"excel", "46346.3958333333", "2026-11-20T01:30:00Z"},
		{"excel", "46346", "2026-11-19T16:00:00Z"},
		{"%d/%m/%Y %H:%M", "2026-11-20 09:30", "2026-11-20T01:30:00Z"}, // the known forms are tried still
	} {
		if got := reader(t, "Asia/Shanghai", "%Y|%m|%d", tc.layout).read(tc.text); got.text != tc.want {
			t.Errorf("%s by %s: %+v, want %s", tc.text, tc.layout, got, tc.want)
		}
	}
	for _, wrong := range []string{"%Q", "%Y %", "15:04", "Excel", ""} {
		if _, err := parseLayout(wrong); err == nil || !strings.Contains(err.Error(), "strptime") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	// JSON numbers too
	row := `{"customer_id":"c","service":"s","rating":4,"occurred_at":1771574400}`
	if got := run(t, Config{TimeLayouts: []string{"unix"}}, "a.ndjson", []byte(row)); got.Sent != 1 || !strings.Contains(got.values()[0], `"2026-02-20T08:00:00Z"`) {
		t.Errorf("%v %+v %+v", got.err, got.Summary, got.report)
	}
	if got := run(t, Config{}, "a.ndjson", []byte(row)); got.Rejected != 1 || !strings.Contains(got.report[0].Problems[0].Want, "--time-layout unix ") {
		t.Errorf("%+v", got.report)
	}
}

func TestClocksThatAreChangedAreSaid(t *testing.T) {
	for text, want := range map[string]reading{
		"2026-11-01 00:30":       {text: "2026-11-01T04:30:00Z"},
		"2026-11-01 01:30":       {text: "2026-11-01T05:30:00Z", note: timeOverlap}, // the first of two
		"2026-11-01 02:30":       {text: "2026-11-01T07:30:00Z"},
		"2026-03-08 01:59":       {text: "2026-03-08T06:59:00Z"},
		"2026-03-08 02:30":       {text: "2026-03-08T07:30:00Z", note: timeGap}, // not before 01:59
		"2026-03-08 03:01":       {text: "2026-03-08T07:01:00Z"},
		"2026-11-01 01:30 GMT-5": {text: "2026-11-01T06:30:00Z"},
	} {
		if got := reader(t, "America/New_York").read(text); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
	// every hour of a year, in zones that change by half an hour too
	for _, zone := range []string{"Australia/Lord_Howe", "Europe/Berlin", "Asia/Shanghai", "America/St_Johns", "Pacific/Apia"} {
		r := reader(t, zone)
		for at := time.Date(2026, 1, 1, 0, 15, 0, 0, time.UTC); at.Year() == 2026; at = at.Add(30 * time.Minute) {
			wall := at.In(r.zone).Format("2006-01-02 15:04")
			got := r.read(wall)
			back, err := time.Parse(time.RFC3339Nano, got.text)
			if err != nil || back.In(r.zone).Format("2006-01-02 15:04") != wall || !back.Equal(at) && (got.note != timeOverlap || !back.Before(at)) {
				t.Fatalf("%s in %s: %+v, is %s", wall, zone, got, at)
			}
		}
	}
	file := "customer_id,service,rating,occurred_at\nc,s,5,2026-02-20 01:30:00\nc,s,5,2025-11-02 01:30:00\nc,s,5,2025-03-09 02:30:00\nc,s,5,2025-11-02 01:31:00\n"
	got := run(t, Config{TimeZone: "America/New_York", History: true}, "a.csv", []byte(file))
	if got.Sent != 4 || fmt.Sprint(got.Warnings) != fmt.Sprint([]Warning{{timeOverlap, 2, 3, noteTexts[timeOverlap]}, {timeGap, 1, 4, noteTexts[timeGap]}}) {
		t.Errorf("%v %+v", got.err, got.Summary)
	}
}
