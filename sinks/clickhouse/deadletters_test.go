package clickhouse

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"satisflow/pipeline/event"
	"satisflow/pipeline/owner"
	"satisflow/sinks/sinktest"
)

// letters stores ten dead letters, one a minute before now, the even offsets of another reason, and returns their reader.
func letters(t *testing.T) *DeadLetters {
	t.Helper()
	conn, def := migrated(t), sinktest.Definition()
	if _, err := EnsureEpoch(t.Context(), conn, &def, now); err != nil {
		t.Fatal(err)
	}
	var rows []owner.DeadLetter
	for i := range 10 {
		rows = append(rows, owner.DeadLetter{Partition: int32(i % 2), Offset: int64(i), Timestamp: now.Add(-time.Hour).UnixMilli(), Arrived: now.Add(-time.Duration(i) * time.Minute).UnixMilli(),
			Reason: []string{"bad_field:rating", "too_old"}[i%2], Detail: "want something else", Key: fmt.Append(nil, "c", i), Value: []byte{'{', 0xff, byte(i)},
			Headers: []event.Header{{Key: "a", Value: []byte{0, 1}}, {Key: "a", Value: []byte("2")}}})
	}
	sink := NewSink(conn, 1, &def)
	for range 2 { // a repeated insert is no second letter
		if err := sink.InsertDeadLetters(t.Context(), rows); err != nil {
			t.Fatal(err)
		}
	}
	return NewDeadLetters(conn, 1)
}

func TestDeadLettersAreFoundByEveryFilter(t *testing.T) {
	d := letters(t)
	if err := d.MarkReplayed(t.Context(), []Position{{0, 2}, {1, 3}}, now, "o'hara"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		filter DeadLetterFilter
		want   []int64 // offsets
	}{
		"all, the newest first":      {DeadLetterFilter{}, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
		"the newest three":           {DeadLetterFilter{Limit: 3}, []int64{0, 1, 2}},
		"a reason":                   {DeadLetterFilter{Reasons: []string{"too_old"}}, []int64{1, 3, 5, 7, 9}},
		"a reason before the colon":  {DeadLetterFilter{Reasons: []string{"bad_field"}}, []int64{0, 2, 4, 6, 8}},
		"a reason that is not there": {DeadLetterFilter{Reasons: []string{"bad"}}, nil},
		"partitions":                 {DeadLetterFilter{Partitions: []int32{1}}, []int64{1, 3, 5, 7, 9}},
		"positions":                  {DeadLetterFilter{Positions: []Position{{0, 4}, {1, 5}, {1, 4}}}, []int64{4, 5}},
		"since, included":            {DeadLetterFilter{Since: now.Add(-2 * time.Minute)}, []int64{0, 1, 2}},
		"until, excluded":            {DeadLetterFilter{Until: now.Add(-7 * time.Minute)}, []int64{8, 9}},
		"never produced again":       {DeadLetterFilter{Open: true, Limit: 3}, []int64{0, 1, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := d.List(t.Context(), c.filter)
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for _, l := range found {
				got = append(got, l.Offset)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("offsets %v, want %v", got, c.want)
			}
		})
	}
}

func TestADeadLetterComesBackWholeByteForByte(t *testing.T) {
	d := letters(t)
	if err := d.MarkReplayed(t.Context(), []Position{{1, 3}}, now, "o'hara"); err != nil {
		t.Fatal(err)
	}
	found, err := d.Whole(t.Context(), DeadLetterFilter{Positions: []Position{{1, 3}}})
	if err != nil || len(found) != 1 {
		t.Fatalf("%d letters, %v", len(found), err)
	}
	l := found[0]
	if string(l.Key) != "c3" || string(l.Value) != "{\xff\x03" || len(l.Headers) != 2 || string(l.Headers[0].Value) != "\x00\x01" || l.Headers[1].Key != "a" {
		t.Errorf("read %+v", l)
	}
	if !l.Arrived.Equal(now.Add(-3*time.Minute)) || !l.Replayed.Equal(now) || l.ReplayedBy != "o'hara" || l.Reason != "too_old" {
		t.Errorf("read %+v", l)
	}
}

func TestDeadLettersAreCountedByReason(t *testing.T) {
	d := letters(t)
	if err := d.MarkReplayed(t.Context(), []Position{{0, 0}, {0, 2}}, now, "me"); err != nil {
		t.Fatal(err)
	}
	got, err := d.Reasons(t.Context(), DeadLetterFilter{Since: now.Add(-6 * time.Minute), Limit: 1})
	want := []DeadLetterReason{
		{"bad_field:rating", 4, 2, now.Add(-6 * time.Minute), now},
		{"too_old", 3, 0, now.Add(-5 * time.Minute), now.Add(-time.Minute)},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func TestDeadLettersOfEveryMonthThatProducersClaimAreFewParts(t *testing.T) {
	conn, def := migrated(t), sinktest.Definition()
	rows := make([]owner.DeadLetter, 2000)
	for i := range rows {
		rows[i] = owner.DeadLetter{Offset: int64(i), Reason: "bad_json", Value: []byte("x"), Timestamp: time.Date(1970, time.Month(1+i), 2, 0, 0, 0, 0, time.UTC).UnixMilli(), Arrived: now.UnixMilli()}
	}
	sink := NewSink(conn, 1, &def)
	if err := sink.InsertDeadLetters(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	var parts uint64
	if err := conn.QueryRow(t.Context(), "SELECT count() FROM system.parts WHERE database = currentDatabase() AND table = 'dead_letters' AND active").Scan(&parts); err != nil || parts > 2 {
		t.Errorf("2000 records of as many months are %d parts, %v", parts, err)
	}
	// Read again a month later: the same letters, in another month.
	for i := range rows {
		rows[i].Arrived = now.AddDate(0, 1, 0).UnixMilli()
	}
	if err := sink.InsertDeadLetters(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	letters := NewDeadLetters(conn, 1)
	list, err := letters.List(t.Context(), DeadLetterFilter{})
	if err != nil || len(list) != len(rows) {
		t.Errorf("%d letters, %v; want %d", len(list), err, len(rows))
	}
	reasons, err := letters.Reasons(t.Context(), DeadLetterFilter{})
	if err != nil || len(reasons) != 1 || reasons[0].Letters != uint64(len(rows)) {
		t.Errorf("%+v, %v; want %d", reasons, err, len(rows))
	}
}
