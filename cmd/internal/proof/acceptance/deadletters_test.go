package acceptance

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"satisflow/cmd/internal/operate/deadletters"
	"satisflow/cmd/internal/proof/oracle"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/source"
	"satisflow/sinks/clickhouse"
	"satisflow/sinks/deadletter"
)

// mixed makes n ratings of the last hours, every second of which is wrong in one of several ways.
func mixed(n int, now time.Time) []source.Message {
	out := make([]source.Message, n)
	for i := range out {
		customer := fmt.Sprintf("c-%d", i%97)
		at := now.Add(-time.Duration(i%300) * time.Minute).UTC().Format(time.RFC3339)
		value := fmt.Sprintf(`{"rating_id":"r-%d","occurred_at":%q,"customer_id":%q,"service":"data_analysis","rating":%d}`, i, at, customer, 1+i%5)
		switch {
		case i%2 == 0:
		case i%8 == 1:
			value = value[:len(value)-3]
		case i%8 == 3:
			value = fmt.Sprintf(`{"rating_id":"r-%d","occurred_at":%q,"customer_id":%q,"service":"data_analysis","rating":11}`, i, at, customer)
		case i%8 == 5:
			value = fmt.Sprintf(`{"rating_id":"r-%d","occurred_at":%q,"customer_id":%q,"service":"data_anal","rating":5}`, i, at, customer)
		default:
			value = fmt.Sprintf(`{"rating_id":"r-%d","occurred_at":"2019-01-01T00:00:00Z","customer_id":%q,"service":"data_analysis","rating":5}`, i, customer)
		}
		out[i] = source.Message{Key: []byte(customer), Value: []byte(value), Headers: []source.Header{{Key: "trace", Value: fmt.Append(nil, i)}}}
	}
	return out
}

// deadTopic reads the topic of dead letters to its end: what it says of each, by its place in the topic of ratings.
func (s *stack) deadTopic() map[clickhouse.Position]source.Record {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	found := map[clickhouse.Position]source.Record{}
	r := source.NewReader(s.cluster(), source.DefaultReaderConfig(), s.dead, 0, source.Hooks{}, zerolog.Nop())
	err := r.Run(ctx, 0, func(_ context.Context, b source.Batch) error {
		for _, rec := range b.Records {
			var at clickhouse.Position
			p, _ := strconv.Atoi(header(rec, deadletter.HeaderPartition))
			at.Partition = int32(p)
			at.Offset, _ = strconv.ParseInt(header(rec, deadletter.HeaderOffset), 10, 64)
			found[at] = rec
		}
		if b.AtEnd {
			cancel()
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

func header(r source.Record, key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

func (s *stack) letters() *clickhouse.DeadLetters { return clickhouse.NewDeadLetters(s.conn, 1) }

func TestAFloodOfBadRecordsIsPutAsideWholeAndTakesNoGoodOneAlong(t *testing.T) {
	s := newStack(t, 3)
	s.pipeline("one")
	all := mixed(4000, time.Now())
	if err := s.producer.Produce(t.Context(), all...); err != nil {
		t.Fatal(err)
	}
	s.settle(time.Minute)
	if o := s.verify(oracle.DefaultRules()); o.Good != 2000 || o.Bad != 2000 {
		t.Errorf("the oracle counts %d good and %d bad", o.Good, o.Bad)
	}
	reasons, err := s.letters().Reasons(t.Context(), clickhouse.DeadLetterFilter{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]uint64{}
	for _, r := range reasons {
		got[r.Reason] = r.Letters
	}
	if want := map[string]uint64{"bad_json": 500, "bad_field:rating": 500, "unknown_service": 500, "too_old": 500}; !maps.Equal(got, want) {
		t.Errorf("reasons %v, want %v", got, want)
	}
	table, err := s.letters().Whole(t.Context(), clickhouse.DeadLetterFilter{})
	if err != nil {
		t.Fatal(err)
	}
	topic := s.deadTopic()
	if len(table) != 2000 || len(topic) != 2000 {
		t.Fatalf("%d letters in the table, %d in the topic", len(table), len(topic))
	}
	sent := map[string][]byte{}
	for _, m := range all {
		sent[string(m.Headers[0].Value)] = m.Value
	}
	for _, l := range table {
		rec := topic[l.Position]
		if string(rec.Value) != string(l.Value) || string(rec.Key) != string(l.Key) || header(rec, deadletter.HeaderReason) != l.Reason ||
			header(rec, deadletter.HeaderDetail) != l.Detail || header(rec, deadletter.HeaderTimestamp) != strconv.FormatInt(l.Timestamp.UnixMilli(), 10) ||
			len(l.Headers) != 1 || header(rec, "trace") != string(l.Headers[0].Value) || string(sent[header(rec, "trace")]) != string(l.Value) {
			t.Fatalf("%s: the table has %+v, the topic %+v", l.Position, l, rec)
		}
	}
}

// replayer sends dead letters to the stack's topic.
func (s *stack) replayer() *deadletters.Replayer {
	s.t.Helper()
	epoch, _, err := clickhouse.CurrentEpoch(s.t.Context(), s.conn)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := deadletters.NewReplayer(deadletters.Parts{Letters: s.letters(), Ratings: clickhouse.NewErasures(s.conn, ""), Epoch: epoch, Producer: s.producer,
		Events: s.events, Admission: admit.DefaultConfig(), Now: time.Now, By: "test"})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// replay returns how many letters had each verdict, and how many were sent.
func (s *stack) replay(f clickhouse.DeadLetterFilter, o deadletters.Options) (verdicts map[deadletters.Verdict]int, sent int) {
	s.t.Helper()
	verdicts = map[deadletters.Verdict]int{}
	err := s.replayer().Replay(s.t.Context(), f, o, func(out deadletters.Outcome) {
		verdicts[out.Verdict]++
		if out.Sent {
			sent++
		}
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return verdicts, sent
}

// figures are the stored sums over everything.
func (s *stack) figures() (ratings, sum int64) {
	s.t.Helper()
	row := s.conn.QueryRow(s.t.Context(), "SELECT sum(ratings), sum(rating_sum) FROM satisfaction_panes FINAL WHERE dimension = 'overall'")
	if err := row.Scan(&ratings, &sum); err != nil {
		s.t.Fatal(err)
	}
	return ratings, sum
}

func TestMendedRecordsAreReplayedOnceHoweverOftenTheyAreSent(t *testing.T) {
	s := newStack(t, 3)
	s.pipeline("one")
	if err := s.producer.Produce(t.Context(), mixed(800, time.Now())...); err != nil {
		t.Fatal(err)
	}
	s.settle(time.Minute)
	services := clickhouse.DeadLetterFilter{Reasons: []string{"unknown_service"}, Open: true}
	mend := deadletters.Options{Set: []deadletters.Assignment{{Field: "service", Value: "legal_consulting"}}}

	if verdicts, sent := s.replay(services, deadletters.Options{}); sent != 0 || verdicts[deadletters.Rejected] != 100 {
		t.Errorf("not mended: %v, %d sent", verdicts, sent)
	}
	dry := mend
	dry.DryRun = true
	if verdicts, sent := s.replay(services, dry); sent != 0 || verdicts[deadletters.Admitted] != 100 {
		t.Errorf("a dry run: %v, %d sent", verdicts, sent)
	}
	if verdicts, sent := s.replay(clickhouse.DeadLetterFilter{Reasons: []string{"bad_json"}}, mend); sent != 0 || verdicts[deadletters.Unmended] != 100 {
		t.Errorf("no JSON: %v, %d sent", verdicts, sent)
	}
	if verdicts, sent := s.replay(services, mend); sent != 100 || verdicts[deadletters.Admitted] != 100 {
		t.Errorf("mended: %v, %d sent", verdicts, sent)
	}
	s.settle(time.Minute)
	s.verify(oracle.DefaultRules())
	ratings, sum := s.figures()
	if ratings != 500 {
		t.Errorf("%d ratings count, want 400 good and 100 mended ones", ratings)
	}

	if verdicts, sent := s.replay(services, mend); sent != 0 || len(verdicts) != 0 {
		t.Errorf("what was replayed is selected again: %v, %d sent", verdicts, sent)
	}
	again, force := services, mend
	again.Open, force.Force = false, true
	if verdicts, sent := s.replay(again, mend); sent != 0 || verdicts[deadletters.Stored] != 100 {
		t.Errorf("stored ones: %v, %d sent", verdicts, sent)
	}
	if _, sent := s.replay(again, force); sent != 100 {
		t.Errorf("forced: %d sent", sent)
	}
	s.settle(time.Minute)
	s.verify(oracle.DefaultRules())
	if r, q := s.figures(); r != ratings || q != sum {
		t.Errorf("after the second replay %d ratings with the sum %d, before %d and %d", r, q, ratings, sum)
	}
	reasons, err := s.letters().Reasons(t.Context(), again)
	if err != nil || len(reasons) != 1 || reasons[0].Replayed != 100 {
		t.Errorf("%+v, %v: want 100 replayed", reasons, err)
	}
}

func TestAReplayedRecordKeepsItsPartitionItsHeadersAndItsFirstTimestamp(t *testing.T) {
	s := newStack(t, 3)
	_, stop := s.pipeline("one")
	now := time.Now()
	value := `{"rating_id":"r","occurred_at":"2026-01-01T00:00:00Z","customer_id":"c","service":"data_analysis","rating":5}`
	elsewhere := source.KeyFor([]byte("c"), (source.PartitionOf([]byte("c"), 3)+1)%3, 3) // of a producer with another partitioner
	if err := s.producer.Produce(t.Context(), source.Message{Key: elsewhere, Value: []byte(value), Headers: []source.Header{{Key: "trace", Value: []byte("1")}}}); err != nil {
		t.Fatal(err)
	}
	s.settle(time.Minute)
	found, err := s.letters().Whole(t.Context(), clickhouse.DeadLetterFilter{})
	if err != nil || len(found) != 1 || found[0].Reason != admit.TooOld {
		t.Fatalf("%+v, %v", found, err)
	}
	first := found[0]
	if verdicts, sent := s.replay(clickhouse.DeadLetterFilter{}, deadletters.Options{}); sent != 0 || verdicts[deadletters.Rejected] != 1 {
		t.Errorf("too old once, too old for ever: %v, %d sent", verdicts, sent)
	}
	if verdicts, sent := s.replay(clickhouse.DeadLetterFilter{}, deadletters.Options{Force: true}); sent != 1 || verdicts[deadletters.Rejected] != 1 {
		t.Errorf("forced: %v, %d sent", verdicts, sent)
	}
	s.settle(time.Minute)
	if found, err = s.letters().Whole(t.Context(), clickhouse.DeadLetterFilter{Open: true}); err != nil || len(found) != 1 {
		t.Fatalf("%+v, %v: want the rejected replay", found, err)
	}
	second := found[0]
	judged := strings.Replace(first.Detail, "record's timestamp", "record's first timestamp", 1)
	if second.Partition != first.Partition || second.Detail != judged || string(second.Value) != value || string(second.Key) != string(first.Key) || len(second.Headers) != 2 ||
		string(second.Headers[0].Value) != "1" || string(second.Headers[1].Value) != strconv.FormatInt(first.First().UnixMilli(), 10) {
		t.Errorf("first %q %q %v, then %q %q %v of %d", first.Detail, first.Key, first.Headers, second.Detail, second.Key, second.Headers, first.First().UnixMilli())
	}
	if verdicts, sent := s.replay(clickhouse.DeadLetterFilter{Open: true}, deadletters.Options{History: true}); sent != 1 || verdicts[deadletters.Admitted] != 1 {
		t.Errorf("as history: %v, %d sent", verdicts, sent)
	}
	s.settle(time.Minute)
	stop()
	stored, err := clickhouse.NewErasures(s.conn, "").Ratings(t.Context(), 1, clickhouse.Subjects{Ratings: []string{"r"}})
	if err != nil || len(stored) != 1 || stored[0].Partition != first.Partition {
		t.Errorf("stored %+v, %v, %v after the start", stored, err, time.Since(now))
	}
}

func TestAReplayNeverUndoesWhatTheProducerHasSentSince(t *testing.T) {
	s := newStack(t, 1)
	s.pipeline("one")
	record := func(service string, rating int) source.Message {
		return source.Message{Key: []byte("c"), Value: fmt.Appendf(nil, `{"rating_id":"r","occurred_at":%q,"customer_id":"c","service":%q,"rating":%d}`,
			time.Now().Add(-time.Hour).UTC().Format("2006-01-02T15:00:00Z"), service, rating)}
	}
	if err := s.producer.Produce(t.Context(), record("typo", 1), record("data_analysis", 5)); err != nil {
		t.Fatal(err)
	}
	s.settle(time.Minute)
	mend := deadletters.Options{Set: []deadletters.Assignment{{Field: "service", Value: "data_analysis"}}}
	verdicts, sent := s.replay(clickhouse.DeadLetterFilter{}, mend)
	if sent != 0 || !slices.Equal(slices.Collect(maps.Keys(verdicts)), []deadletters.Verdict{deadletters.Stored}) {
		t.Errorf("%v, %d sent", verdicts, sent)
	}
}
