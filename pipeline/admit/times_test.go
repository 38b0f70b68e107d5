package admit

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"satisflow/pipeline/event"
)

// ms is a time as the clocks have it.
func ms[T ~int64](at time.Time) T { return T(at.UnixMilli()) }

func TestEachDecisionNamesItsClock(t *testing.T) {
	cfg := DefaultConfig()
	minute, year := time.Minute, 365*day
	history := header(HeaderHistory, "1")
	first := func(at time.Time) Header { return header(HeaderTimestamp, fmt.Sprint(at.UnixMilli())) }
	const erase = `,"op":"erase"`
	for name, tc := range map[string]struct {
		occurred, stamp, log, read time.Time
		more                       string
		headers                    []Header
		appended                   bool
		want, says                 string
		ahead                      bool
	}{
		"a rating of now": {occurred: now, stamp: now, log: now, read: now},
		"40 days old, with a timestamp as old": {occurred: now.Add(-40 * day), stamp: now.Add(-40 * day), log: now, read: now,
			want: TooOld, says: "before the latest timestamp of its partition: want at most 35.0 days"},
		"40 days old, read 40 days late":            {occurred: now.Add(-40 * day), stamp: now.Add(-40 * day), log: now.Add(-40 * day), read: now},
		"5 years old, in a log of 5 years":          {occurred: now.Add(-5 * year), stamp: now.Add(-5 * year), log: now.Add(-5 * year), read: now, want: TooOld, says: "the retention"},
		"5 years old, with history":                 {occurred: now.Add(-5 * year), stamp: now.Add(-5 * year), headers: []Header{history}, read: now, want: TooOld, says: "its facts are not kept"},
		"a year old with history":                   {occurred: now.Add(-year), stamp: now, log: now, read: now, headers: []Header{history}},
		"an erasure of 5 years":                     {occurred: now.Add(-5 * year), stamp: now, log: now, read: now, more: erase},
		"seconds for milliseconds":                  {occurred: now, stamp: time.UnixMilli(now.Unix()), log: now, read: now, want: BadTimestamp, says: "1970-01-21T"},
		"an erasure with seconds for milliseconds":  {occurred: now, stamp: time.UnixMilli(now.Unix()), log: now, read: now, more: erase},
		"no timestamp":                              {occurred: now, stamp: time.UnixMilli(-1), log: now, read: now, want: BadTimestamp, says: "no timestamp"},
		"50 minutes ahead, timestamp and time":      {occurred: now.Add(50 * minute), stamp: now.Add(50 * minute), log: now, read: now, want: InFuture, says: "50m0s ahead of the processor's clock", ahead: true},
		"a timestamp of 2163":                       {occurred: now, stamp: now.AddDate(137, 0, 0), log: now, read: now, want: InFuture, says: "is the producer's clock right?", ahead: true},
		"an erasure with a timestamp ahead":         {occurred: now, stamp: now.Add(50 * minute), log: now, read: now, more: erase},
		"an erasure of what is ahead":               {occurred: now.Add(50 * minute), stamp: now.Add(50 * minute), log: now, read: now, more: erase, want: InFuture, says: "after the log's time"},
		"as far ahead as clocks differ":             {occurred: now.Add(5 * minute), stamp: now.Add(5 * minute), log: now, read: now},
		"twice as far, in two steps":                {occurred: now.Add(10 * minute), stamp: now.Add(5 * minute), log: now, read: now, want: InFuture, says: "after the processor's clock"},
		"ahead, read later":                         {occurred: now.Add(50 * minute), stamp: now.Add(50 * minute), log: now, read: now.Add(time.Hour)},
		"ahead of this clock, by the broker's":      {occurred: now.Add(50 * minute), stamp: now.Add(50 * minute), log: now, read: now, appended: true},
		"ahead of the broker's":                     {occurred: now.Add(50 * minute), stamp: now, log: now, read: now, appended: true, want: InFuture, says: "after the record's timestamp"},
		"replayed 20 days after it came":            {occurred: now.Add(-50 * day), stamp: now, log: now, read: now, headers: []Header{first(now.Add(-20 * day))}},
		"replayed after more than the horizon":      {occurred: now.Add(-50 * day), stamp: now, log: now, read: now, headers: []Header{first(now.Add(-36 * day))}, want: TooOld},
		"a first timestamp that is to come":         {occurred: now.Add(9 * minute), stamp: now, log: now, read: now, headers: []Header{first(now.Add(8 * minute))}, want: InFuture, says: "after the record's timestamp"},
		"a first timestamp of 2163":                 {occurred: now.AddDate(137, 0, 0), stamp: now, log: now, read: now, headers: []Header{first(now.AddDate(137, 0, 0))}, want: "bad_field:occurred_at", says: "2000 to 2099"},
		"a first timestamp before the age of facts": {occurred: now.Add(-3 * year), stamp: now, log: now, read: now, headers: []Header{first(now.Add(-3 * year))}, want: TooOld},
	} {
		rec := Record{Timestamp: ms[event.RecordTime](tc.stamp), Appended: tc.appended, Value: rating(tc.occurred, tc.more), Headers: tc.headers, Read: ms[event.ProcessorTime](tc.read)}
		if !tc.log.IsZero() {
			rec.Log = ms[event.LogTime](tc.log)
		}
		var ev event.Event
		rej := newAdmitter(t, event.DefaultConfig(), cfg).Admit(&rec, &ev)
		if rej == nil {
			rej = &Rejection{}
		}
		if rej.Reason != tc.want || !strings.Contains(rej.Detail, tc.says) || rej.Ahead != tc.ahead {
			t.Errorf("%s: %+v, want %q with %q", name, *rej, tc.want, tc.says)
		}
	}
}

func TestTheLogsTimeIsNotSetBackNorAhead(t *testing.T) {
	a := newAdmitter(t, event.DefaultConfig(), DefaultConfig())
	log := event.LogTime(0)
	for i, tc := range []struct {
		stamp time.Time
		want  time.Time
	}{
		{now.Add(-time.Hour), now.Add(-time.Hour)},
		{now, now},
		{now.Add(-5 * 365 * day), now},
		{time.UnixMilli(now.Unix()), now},
		{now.Add(50 * time.Minute), now},
		{now.Add(3 * time.Minute), now.Add(3 * time.Minute)},
		{now, now.Add(3 * time.Minute)},
	} {
		log = a.LogAfter(&Record{Timestamp: ms[event.RecordTime](tc.stamp), Log: log, Read: ms[event.ProcessorTime](now)})
		if log != ms[event.LogTime](tc.want) {
			t.Errorf("%d: after %s the log is at %s, want %s", i, tc.stamp, time.UnixMilli(int64(log)).UTC(), tc.want)
		}
	}
}
