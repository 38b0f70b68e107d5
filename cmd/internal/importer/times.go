package importer

import (
	"fmt"
	"time"
	_ "time/tzdata" // zones by name, on machines that have none
)

// layouts are how spreadsheets and databases write times without a zone; a fraction of a second is read with any of them.
var layouts = []string{
	"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02",
	"2006/1/2 15:04:05", "2006/1/2 15:04", "2006/1/2",
	"2006年1月2日 15:04:05", "2006年1月2日 15:04", "2006年1月2日",
}

func loadZone(name string) (*time.Location, error) {
	if name == "" {
		return nil, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fmt.Errorf("time-zone: %q: want a name such as Asia/Shanghai or UTC", name)
	}
	return zone, nil
}

// withZone returns the time in RFC 3339 if it is one of the layouts, as clocks of the zone showed it; other text as it is.
func withZone(s string, zone *time.Location) string {
	if zone == nil {
		return s
	}
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t.UTC().Format(time.RFC3339Nano)
		}
	}
	return s
}
