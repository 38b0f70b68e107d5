package clickhouse

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/logid"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
	"satisflow/sinks/sinktest"
)

// textOf reads the columns of the table's only row as text, by their names.
func textOf(t *testing.T, conn driver.Conn, table, except string) map[string]string {
	t.Helper()
	var names []string
	if err := conn.QueryRow(t.Context(), "SELECT groupArray(name) FROM system.columns WHERE database = currentDatabase() AND table = "+quote(table)+" AND default_kind != 'ALIAS' AND name != "+quote(except)).Scan(&names); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, name := range names {
		var text string
		if err := conn.QueryRow(t.Context(), "SELECT toString(`"+name+"`) FROM "+table).Scan(&text); err != nil {
			t.Fatalf("%s.%s: %v", table, name, err)
		}
		got[name] = text
	}
	return got
}

func sameColumns(t *testing.T, table string, got, want map[string]string) {
	t.Helper()
	for name := range got {
		if _, known := want[name]; !known {
			t.Errorf("%s.%s = %s: this test has no value for it", table, name, got[name])
		}
	}
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s.%s = %q, want %q", table, name, got[name], text)
		}
	}
}

// whole is an event in which every field has a value of its own.
func whole() event.Event {
	e := event.Event{RatingID: "the rating", Revision: 7, OccurredAt: 1795000000123, CustomerID: "the customer", Service: "the service", ProductID: "the product", Channel: "the channel",
		Segment: "the segment", Source: "the source", Attributes: []event.Pair{{Key: "industry", Value: "mining"}, {Key: "region", Value: "north"}}, Rating: 437, Staff: true, Quarantined: true,
		Quality: event.NoQuality(), Answers: []event.Answer{{Question: "q1", Value: "a text"}, {Question: "q2", Value: "4.5", Number: true}},
		Comment: "the comment", CommentTruncated: true, AnswersTruncated: true, Language: "zh", SurveyID: "the survey", InvitationID: "the invitation"}
	e.Quality[0], e.Quality[1], e.Quality[2], e.Quality[3] = 1250, 970000, 830000, -3
	return e
}

func TestEveryColumnOfAFactIsStoredUnderItsNameAndReadBack(t *testing.T) {
	conn, def := migrated(t), sinktest.Definition()
	from := Epoch{Number: 3, Definition: def}
	grid, e := def.Grid(), whole()
	f := fact.New(&e, 2, 41, 1795000009456, grid.PaneOf(e.OccurredAt))
	if err := NewSink(conn, 3, &def).InsertFacts(t.Context(), []fact.Fact{f}); err != nil {
		t.Fatal(err)
	}
	sameColumns(t, factsTable, textOf(t, conn, factsTable, "inserted_at"), map[string]string{
		"epoch": "3", "partition": "2", "pane": "2026-11-18 11:05:00", "rating_id": "the rating", "version": fmt.Sprint(uint64(7)<<40 | 42), "offset": "41",
		"record_timestamp": "2026-11-18 11:06:49.456", "occurred_at": "2026-11-18 11:06:40.123", "revision": "7", "erased": "false", "quarantined": "true", "staff": "true",
		"customer_id": "the customer", "service": "the service", "product_id": "the product", "channel": "the channel", "segment": "the segment", "source": "the source",
		"rating_hundredths": "437", "response_time_ms": "1250", "accuracy_millionths": "970000", "completeness_millionths": "830000", "quality_extra": "{'effort':-3}",
		"attributes": "{'industry':'mining','region':'north'}", "answers": "{'q1':'a text','q2':'4.5'}", "comment": "the comment", "comment_truncated": "true", "answers_truncated": "true", "language": "zh",
		"survey_id": "the survey", "invitation_id": "the invitation",
	})
	c := NewCopier(conn, &from, &def)
	slices, err := c.Slices(t.Context())
	if err != nil || len(slices) != 1 {
		t.Fatalf("%v, %v", slices, err)
	}
	read := 0
	err = c.Facts(t.Context(), slices[0], map[int32]owner.Checkpoint{2: {Partition: 2, Cut: 100}}, func(got *fact.Fact) error {
		want := f
		want.Event.Answers = []event.Answer{{Question: "q1", Value: "a text"}, {Question: "q2", Value: "4.5"}} // stored as texts
		if read++; !reflect.DeepEqual(*got, want) {
			t.Errorf("read back %+v, want %+v", *got, want)
		}
		return nil
	})
	if err != nil || read != 1 {
		t.Errorf("%d facts read, %v", read, err)
	}
}

func TestEveryColumnOfTheSumsIsStoredUnderItsName(t *testing.T) {
	conn, def := migrated(t), sinktest.Definition()
	s := window.Sums{Ratings: 1, Unscored: 2, Satisfied: 3, Highly: 4, Dissatisfied: 5, Sum: 6, SumSquares: 7, Stars: [5]int64{8, 9, 10, 11, 12}}
	for i := range 4 {
		s.Quality[i] = window.QualitySum{Sum: int64(20 + 2*i), N: int64(21 + 2*i)}
	}
	want := map[string]string{"epoch": "3", "dimension": "service", "value": "v", "partition": "2", "version": "99", "ratings": "1", "unscored": "2", "satisfied": "3", "highly_satisfied": "4",
		"dissatisfied": "5", "rating_sum": "6", "rating_sum_squares": "7", "stars_1": "8", "stars_2": "9", "stars_3": "10", "stars_4": "11", "stars_5": "12",
		"response_time_sum": "20", "response_time_n": "21", "accuracy_sum": "22", "accuracy_n": "23", "completeness_sum": "24", "completeness_n": "25", "extra": "[26,27]"}
	sink, grid, key := NewSink(conn, 3, &def), def.Grid(), window.Key{Dimension: window.Service, Value: "v"}
	at := grid.PaneOf(1795000000000)
	if err := sink.InsertPanes(t.Context(), []owner.PaneRow{{Partition: 2, Pane: at, Key: key, Version: 99, Sums: s}}); err != nil {
		t.Fatal(err)
	}
	if err := sink.InsertWindows(t.Context(), []owner.WindowRow{{Partition: 2, Window: "1h", End: at, Key: key, Version: 99, Sums: s}}); err != nil {
		t.Fatal(err)
	}
	want["pane"] = "2026-11-18 11:05:00"
	sameColumns(t, panesTable, textOf(t, conn, panesTable, ""), want)
	delete(want, "pane")
	want["window"], want["window_end"] = "1h", "2026-11-18 11:05:00"
	sameColumns(t, windowsTable, textOf(t, conn, windowsTable, ""), want)
}

func TestEveryColumnOfADeadLetterAndOfACheckpointIsStoredUnderItsName(t *testing.T) {
	conn, def := migrated(t), sinktest.Definition()
	sink := NewSink(conn, 3, &def)
	letter := owner.DeadLetter{Partition: 2, Offset: 41, Timestamp: 1795000009456, Arrived: 1795000010111, Reason: "the reason", Detail: "the detail", Key: []byte("the key"), Value: []byte("the value"),
		Headers: []owner.Header{{Key: "h1", Value: []byte("v1")}, {Key: "h2", Value: []byte("v2")}}}
	if err := sink.InsertDeadLetters(t.Context(), []owner.DeadLetter{letter}); err != nil {
		t.Fatal(err)
	}
	sameColumns(t, deadLettersTable, textOf(t, conn, deadLettersTable, "inserted_at"), map[string]string{
		"epoch": "3", "partition": "2", "offset": "41", "record_timestamp": "2026-11-18 11:06:49.456", "arrived_at": "2026-11-18 11:06:50.111", "reason": "the reason", "detail": "the detail",
		"key": "the key", "value": "the value", "header_keys": "['h1','h2']", "header_values": "['v1','v2']"})
	c := owner.Checkpoint{Partition: 2, Cut: 77, Watermark: 1795000009456, FreshAt: 1795000019789, Log: 1795000029012, Topic: logid.ID{Cluster: "the cluster", Topic: "the topic", TopicID: "the topic id"},
		Last: logid.Mark{Known: true, Offset: 76, Sum: 4000000001}, Definition: "the hash", Owner: "the owner"}
	if err := sink.InsertCheckpoints(t.Context(), []owner.Checkpoint{c}); err != nil {
		t.Fatal(err)
	}
	sameColumns(t, checkpointsTable, textOf(t, conn, checkpointsTable, "updated_at"), map[string]string{"epoch": "3", "partition": "2", "version": fmt.Sprint(77<<24 | 1795000009456/300_000), "cut": "77",
		"watermark": "2026-11-18 11:06:49.456", "fresh_at": "2026-11-18 11:06:59.789", "log_time": "2026-11-18 11:07:09.012", "cluster": "the cluster", "topic": "the topic", "topic_id": "the topic id",
		"last_offset": "76", "last_sum": "4000000001", "definition": "the hash", "owner": "the owner"})
	read, err := NewStore(conn, 3, &def).Checkpoints(t.Context(), []int32{2})
	if err != nil || read[2] != c {
		t.Errorf("read back %+v, %v, want %+v", read[2], err, c)
	}
}

// An id that a producer gave to two customers, in one pane: which versions there are depends on merges.
func TestVersionsOfOneKeyThatDifferInTheCustomerAreReadAfterFinal(t *testing.T) {
	conn, def := migrated(t), sinktest.Definition()
	e, err := EnsureEpoch(t.Context(), conn, &def, now)
	if err != nil {
		t.Fatal(err)
	}
	grid, at := def.Grid(), now.Add(-20*60e9)
	sink := NewSink(conn, 1, &def)
	for i, customer := range []string{"ann", "bob"} {
		ev := event.Event{RatingID: "r1", CustomerID: customer, Service: "s", OccurredAt: at.UnixMilli(), Revision: uint32(i), Rating: int32(100 + 400*i), Quality: event.NoQuality()}
		if err := sink.InsertFacts(t.Context(), []fact.Fact{fact.New(&ev, 1, int64(i), at.UnixMilli(), grid.PaneOf(at.UnixMilli()))}); err != nil {
			t.Fatal(err)
		}
	}
	for _, when := range []string{"before a merge", "after it"} {
		for customer, want := range map[string]int{"ann": 0, "bob": 1} {
			groups, err := NewReader(conn).Detail(t.Context(), &e, window.Key{Dimension: Customer, Value: customer}, Span{at.Add(-3600e9), now}, 0)
			if err != nil || len(groups) != want {
				t.Errorf("%s: %d groups of %s, %v; want %d", when, len(groups), customer, err, want)
			}
			ratings, err := NewErasures(conn, "").Ratings(t.Context(), 1, Subjects{Customers: []string{customer}})
			if err != nil || len(ratings) != want {
				t.Errorf("%s: %d ratings of %s to erase, %v; want %d", when, len(ratings), customer, err, want)
			}
			alerted, err := NewAlerts(conn).Ratings(t.Context(), &e, []string{customer}, at.Add(-3600e9), now)
			if err != nil || len(alerted[customer]) != 1 {
				t.Fatalf("%s: %d ratings of %s by customer, %v; want that of each customer", when, len(alerted[customer]), customer, err)
			}
			others, err := NewAlerts(conn).OfOthers(t.Context(), &e, alerted[customer])
			if err != nil || len(others) != 1-want || others["r1"] != (want == 0) {
				t.Errorf("%s: of others than %s: %v, %v", when, customer, others, err)
			}
		}
		exec(t, conn, "OPTIMIZE TABLE enterprise_customer_satisfaction FINAL")
	}
}
