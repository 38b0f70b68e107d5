package acceptance

import (
	"fmt"
	"testing"
	"time"

	"satisflow/pipeline/source"
	"satisflow/sinks/clickhouse"
)

// sent is a record with its rating and what becomes of it.
type sent struct {
	id, key, customer   string
	rating              int
	revision            int
	occurred, timestamp time.Time
	reason              string // of the dead letter; empty for a rating that counts
}

func (r *sent) message() source.Message {
	key := r.key
	if key == "" {
		key = r.customer
	}
	return source.Message{Key: []byte(key), Time: r.timestamp, Value: fmt.Appendf(nil,
		`{"rating_id":%q,"revision":%d,"customer_id":%q,"service":"document_review","rating":%d,"occurred_at":%q}`,
		r.id, r.revision, r.customer, r.rating, r.occurred.UTC().Format(time.RFC3339))}
}

// sendAll produces the records, waits until they are durable and checks the dead letters among them.
func (s *stack) sendAll(records []sent) {
	s.t.Helper()
	begin := time.Now().Add(-time.Second)
	for i := range records {
		if err := s.producer.Produce(s.t.Context(), records[i].message()); err != nil {
			s.t.Fatal(err)
		}
	}
	s.settle(time.Minute)
	letters, err := clickhouse.NewDeadLetters(s.conn, 1).Whole(s.t.Context(), clickhouse.DeadLetterFilter{Since: begin})
	if err != nil {
		s.t.Fatal(err)
	}
	found := map[string]string{}
	for _, l := range letters {
		found[string(l.Value)] = l.Reason
	}
	for i := range records {
		if got := found[string(records[i].message().Value)]; got != records[i].reason {
			s.t.Errorf("%s: dead letter %q, want %q", records[i].id, got, records[i].reason)
		}
	}
}

// number reads one number.
func (s *stack) number(query string) (n float64) {
	s.t.Helper()
	if err := s.conn.QueryRow(s.t.Context(), query).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

func TestNoProducersClockDecidesAboutOthers(t *testing.T) {
	s := newStack(t, 4)
	_, stop := s.pipeline("first")
	s.settle(time.Minute) // every partition was read to its end
	now := time.Now().Truncate(time.Second)
	old := now.Add(-5 * 365 * 24 * time.Hour)
	records := []sent{
		{id: "seconds", customer: "K-351", rating: 4, occurred: now, timestamp: time.UnixMilli(now.Unix()), reason: "bad_timestamp"},
		{id: "40-days", customer: "K-352", rating: 4, occurred: now.AddDate(0, 0, -40), timestamp: now.AddDate(0, 0, -40), reason: "too_old"},
		{id: "5-years", customer: "K-353", rating: 4, occurred: old, timestamp: old, reason: "too_old"},
		{id: "right", customer: "K-354", rating: 5, occurred: now, timestamp: now},
	}
	ahead := now.Add(50 * time.Minute)
	for i, partitions := 0, map[int32]bool{}; len(partitions) < 4; i++ {
		customer := fmt.Sprint("K-51-", i)
		if p := source.PartitionOf([]byte(customer), 4); !partitions[p] {
			partitions[p] = true
			records = append(records, sent{id: fmt.Sprint("ahead-", p), customer: customer, rating: 5, occurred: ahead, timestamp: ahead, reason: "in_future"})
		}
	}
	s.sendAll(records)
	if n := counterOf(t, s, "satisflow_producer_clock_ahead_total"); n != 4 {
		t.Errorf("satisflow_producer_clock_ahead_total is %v, want 4", n)
	}
	if late := s.number("SELECT toFloat64(max(toUnixTimestamp64Milli(watermark))) FROM pipeline_checkpoints FINAL"); late > float64(time.Now().UnixMilli()) {
		t.Errorf("a watermark is %v s ahead of now", late/1000-float64(time.Now().Unix()))
	}
	later := now.Add(time.Minute)
	s.sendAll([]sent{{id: "after", customer: "K-355", rating: 3, occurred: now, timestamp: now}, {id: "after-2", customer: "K-353", rating: 3, occurred: later, timestamp: later}})

	for i, id := range []string{"5-years-b", "5-years-c"} { // each after a restart
		stop()
		_, stop = s.pipeline(id)
		at := old.Add(time.Duration(i+1) * time.Minute)
		s.sendAll([]sent{{id: id, customer: "K-353", rating: 2, occurred: at, timestamp: at, reason: "too_old"}})
	}
	stop()
	if n := s.number("SELECT toFloat64(sum(ratings)) FROM satisfaction_panes FINAL WHERE dimension = 'overall'"); n != 3 {
		t.Errorf("%v ratings count, want 3", n)
	}
	if n := s.number("SELECT toFloat64(count()) FROM satisfaction_panes WHERE pane < now() - INTERVAL 30 DAY OR pane > now() + INTERVAL 5 MINUTE"); n != 0 {
		t.Errorf("%v pane rows of times at which nothing was rated", n)
	}
}

func TestOtherKeysAreSeenAsMisrouted(t *testing.T) {
	s := newStack(t, 4)
	_, stop := s.pipeline("first")
	now := time.Now().Truncate(time.Second)
	var records []sent
	misrouted := 0.0
	for _, c := range []struct{ customer, wrong, right string }{
		{"K-341", `"K-341"`, "K-341"}, {"K-342", "order-77", "K-342"}, {"K-343", "order-1", "order-3"},
	} {
		for revision, key := range []string{c.wrong, c.right} {
			records = append(records, sent{id: "rating-" + c.customer, key: key, customer: c.customer, rating: 2 + 3*revision, revision: revision, occurred: now, timestamp: now})
			if source.PartitionOf([]byte(key), 4) != source.PartitionOf([]byte(c.customer), 4) {
				misrouted++
			}
		}
	}
	if misrouted == 0 {
		t.Fatal("all keys lead to their customer's partition: take others")
	}
	s.sendAll(records)
	if n := counterOf(t, s, "satisflow_misrouted_total"); n != misrouted {
		t.Errorf("satisflow_misrouted_total is %v, want %v", n, misrouted)
	}
	stop()
}

// counterOf returns the value of a counter of the pipeline that was started last.
func counterOf(t *testing.T, s *stack, name string) float64 {
	t.Helper()
	families, err := s.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}
