package acceptance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"satisflow/cmd/internal/proof/oracle"
	"satisflow/cmd/internal/service/erasure"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/source"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// marker is a text that only the customer to be erased has written.
const marker = "marker-7f3a9c51e08b"

// spoken makes n ratings of the last days in turn of 20 customers; c-7 writes the marker, and sends one record that is wrong.
func spoken(n int, now time.Time) []source.Message {
	var out []source.Message
	record := func(i, revision, rating int) source.Message {
		customer, comment := fmt.Sprintf("c-%d", i%20), "fine"
		if customer == "c-7" {
			comment = marker
		}
		at := now.Add(-time.Duration(i%200) * 13 * time.Minute).UTC().Format(time.RFC3339)
		return source.Message{Key: []byte(customer), Value: fmt.Appendf(nil, `{"rating_id":"r-%d","revision":%d,"occurred_at":%q,"customer_id":%q,"service":"data_analysis","rating":%d,"comment":%q,"answers":{"q":%q}}`,
			i, revision, at, customer, rating, comment, comment)}
	}
	for i := range n {
		out = append(out, record(i, 0, 1+i%5))
		if i%4 == 3 {
			out = append(out, record(i, 1, 1+(i+1)%5)) // replaced versions hold the text too
		}
	}
	return append(out, record(7, 2, 12))
}

func (s *stack) eraser(key []byte, change ...func(*erasure.Config)) *erasure.Eraser {
	s.t.Helper()
	client, err := source.NewClient(s.cluster())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(client.Close)
	cfg := erasure.DefaultConfig()
	cfg.Wait, cfg.Poll = time.Minute, 50*time.Millisecond
	for _, c := range change {
		c(&cfg)
	}
	return erasure.New(cfg, erasure.Parts{Store: clickhouse.NewErasures(s.conn, ""), Alerts: clickhouse.NewAlerts(s.conn), Producer: s.producer, Events: s.events, CustomerKey: key, Now: time.Now,
		Ends: func(ctx context.Context) (map[int32]int64, error) {
			_, ends, err := client.Offsets(ctx, s.topic)
			return ends, err
		}})
}

// erase runs an erasure to its end and returns its entry in the audit.
func (s *stack) erase(e *erasure.Eraser, r erasure.Request) clickhouse.Erasure {
	s.t.Helper()
	r.By = "test"
	j, err := e.Begin(s.t.Context(), r)
	if err == nil {
		err = e.Finish(s.t.Context(), j, func(text string) { s.t.Log(text) })
	}
	if err != nil {
		s.t.Fatal(err)
	}
	entry, err := clickhouse.NewErasures(s.conn, "").Get(s.t.Context(), j.ID)
	if err != nil || entry.State != clickhouse.ErasureFinished || entry.FinishedAt.IsZero() {
		s.t.Errorf("the audit has %+v, %v", entry, err)
	}
	return entry
}

// texts counts the rows of every part of every table, replaced ones included, that hold the text in any column.
func (s *stack) texts(text string) map[string]uint64 {
	s.t.Helper()
	found := map[string]uint64{}
	var tables []struct {
		Name string `ch:"name"`
	}
	if err := s.conn.Select(s.t.Context(), &tables, "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"); err != nil {
		s.t.Fatal(err)
	}
	for _, table := range tables {
		var n uint64
		if err := s.conn.QueryRow(s.t.Context(), "SELECT countIf(position(toString(tuple(*)), '"+text+"') > 0) FROM "+table.Name).Scan(&n); err != nil {
			s.t.Fatal(err)
		}
		if n > 0 {
			found[table.Name] = n
		}
	}
	return found
}

// ratingsOf is what the analytics of the API say of a customer.
func (s *stack) ratingsOf(customer string) (n int64) {
	s.t.Helper()
	r := clickhouse.NewReader(s.conn)
	e, _, err := r.Epoch(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	now := time.Now()
	groups, err := r.Detail(s.t.Context(), &e, window.Key{Dimension: clickhouse.Customer, Value: customer}, clickhouse.Span{From: now.AddDate(0, 0, -30), To: now}, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, g := range groups {
		n += g.Sums.Ratings
	}
	return n
}

func TestAfterAnErasureOfACustomerNoReadAndNoPartShowsTheTextAndEverySumIsMadeAnew(t *testing.T) {
	s, begin := newStack(t, 3), time.Now()
	s.pipeline("one")
	if err := s.producer.Produce(t.Context(), spoken(400, begin)...); err != nil {
		t.Fatal(err)
	}
	s.settle(time.Minute)
	before, _ := s.figures()
	if s.ratingsOf("c-7") != 20 || before != 400 {
		t.Fatalf("%d ratings of the customer of %d: want 20 of 400", s.ratingsOf("c-7"), before)
	}
	if found := s.texts(marker); found["enterprise_customer_satisfaction"] < 20 || found["dead_letters"] != 1 {
		t.Fatalf("the text stands in %v: the test would not see it", found)
	}
	e := s.eraser(nil)
	request := erasure.Request{Kind: erasure.KindCustomer, IDs: []string{"c-7"}, By: "test"}
	found, err := e.Find(t.Context(), request)
	if err != nil || len(found.Ratings) != 20 || found.DeadLetters != 1 || found.AlreadyErased != 0 {
		t.Errorf("found %d ratings, %d erased, %d dead letters, %v", len(found.Ratings), found.AlreadyErased, found.DeadLetters, err)
	}
	entry := s.erase(e, request)
	entry.ID = "" // one in 16 of them holds c-7
	if entry.Ratings != 20 || entry.DeadLetters != 1 || !strings.HasPrefix(entry.Subjects[0], "sha256:") || strings.Contains(fmt.Sprint(entry), "c-7") {
		t.Errorf("the audit has %+v", entry)
	}
	if found := s.texts(marker); len(found) > 0 {
		t.Errorf("the text still stands in %v", found)
	}
	after, _ := s.figures()
	if s.ratingsOf("c-7") != 0 || after != 380 {
		t.Errorf("%d ratings of the customer of %d: want 0 of 380", s.ratingsOf("c-7"), after)
	}
	s.verify(oracle.DefaultRules())

	// A copy of an erased rating, and the same rating_id at another time, which is another place.
	copies := append(spoken(400, begin)[8:9], spoken(400, begin.Add(-time.Hour))[8])
	if err := s.producer.Produce(t.Context(), copies...); err != nil {
		t.Fatal(err)
	}
	if again := s.erase(e, request); again.Ratings != 1 || again.DeadLetters != 0 {
		t.Errorf("the second erasure: %+v", again)
	}
	if found := s.texts(marker); len(found) > 0 {
		t.Errorf("after late copies the text stands in %v", found)
	}
}

func TestErasuresReachRatingsOfHashedCustomersAndOfOtherPartitioners(t *testing.T) {
	s := newStack(t, 3)
	key := []byte("0123456789abcdef0123456789abcdef")
	s.events.CustomerIDs = "hmac"
	s.admission.CustomerKey = key
	s.pipeline("one")
	all := spoken(60, time.Now())
	for i := range all {
		if i%2 == 0 {
			all[i].Key = source.KeyFor(all[i].Key, int32(i%3), 3) // of a producer with another partitioner
		}
	}
	if err := s.producer.Produce(t.Context(), all...); err != nil {
		t.Fatal(err)
	}
	s.settle(time.Minute)
	stored := admit.Pseudonym(key, "c-7")
	if s.ratingsOf(stored) == 0 || s.ratingsOf("c-7") != 0 {
		t.Fatal("the customer is not stored by the pseudonym")
	}
	entry := s.erase(s.eraser(key), erasure.Request{Kind: erasure.KindCustomer, IDs: []string{"c-7"}})
	if entry.Ratings < 3 || entry.DeadLetters != 1 || !strings.HasPrefix(entry.Subjects[0], "hmac-sha256:") || strings.Contains(entry.Subjects[0], stored) {
		t.Errorf("the audit has %+v", entry)
	}
	if found, n := s.texts(marker), s.ratingsOf(stored); len(found) > 0 || n != 0 {
		t.Errorf("the text still stands in %v, %d ratings count", found, n)
	}
	var customers []string
	if err := s.conn.QueryRow(t.Context(), "SELECT groupUniqArray(customer_id) FROM enterprise_customer_satisfaction FINAL WHERE erased").Scan(&customers); err != nil || !slices.Equal(customers, []string{stored}) {
		t.Errorf("erased rows are of the customers %v, %v: want the pseudonym alone", customers, err)
	}
	r, err := clickhouse.Verify(t.Context(), s.conn, 1, clickhouse.DefaultVerifyOptions(time.Now()))
	if err != nil || r.Differing > 0 {
		t.Errorf("verify: %+v, %v", r.Differences, err)
	}
}

func TestAnErasureWithoutAProcessorTakesEffectWhenThereIsOneAndIsFinishedByTheNext(t *testing.T) {
	s := newStack(t, 2)
	_, stop := s.pipeline("one")
	if err := s.producer.Produce(t.Context(), spoken(40, time.Now())...); err != nil {
		t.Fatal(err)
	}
	s.settle(time.Minute)
	stop()
	request := erasure.Request{Kind: erasure.KindRating, IDs: []string{"r-7", "r-8", "unknown"}, By: "test"}
	impatient := s.eraser(nil, func(c *erasure.Config) { c.Wait = 300 * time.Millisecond })
	j, err := impatient.Begin(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if err := impatient.Finish(t.Context(), j, func(string) {}); !errors.Is(err, erasure.ErrBehind) || j.Ratings != 2 {
		t.Fatalf("without a processor: %v, %d ratings", err, j.Ratings)
	}
	s.pipeline("two")
	s.settle(time.Minute)
	stored, err := clickhouse.NewErasures(s.conn, "").Ratings(t.Context(), 1, clickhouse.Subjects{Ratings: request.IDs})
	if err != nil || len(stored) != 2 || slices.ContainsFunc(stored, func(r clickhouse.StoredRating) bool { return !r.Erased }) {
		t.Errorf("after the start of a processor: %+v, %v", stored, err)
	}

	// The service does the same for the API, removes what is left on disk of any erasure, and tidies the audit.
	reg := prometheus.NewRegistry()
	service := erasure.NewService(s.eraser(nil, func(c *erasure.Config) { c.ScrubInterval = 200 * time.Millisecond }), reg, zerolog.New(zerolog.NewTestWriter(t)))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- service.Run(ctx) }()
	entry, err := service.Erase(t.Context(), request)
	if err != nil || entry.State != clickhouse.ErasureAsked || entry.Ratings != 0 {
		t.Fatalf("%+v, %v", entry, err)
	}
	const metric = "satisflow_erasures_unfinished"
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		first, err := service.Erasure(t.Context(), j.ID)
		if err != nil {
			t.Fatal(err)
		}
		if entry, err = service.Erasure(t.Context(), entry.ID); err != nil {
			t.Fatal(err)
		}
		if first.State == clickhouse.ErasureFinished && entry.State == clickhouse.ErasureFinished {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("not finished: %+v, %+v", first, entry)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := testutil.GatherAndCompare(reg, strings.NewReader("# HELP "+metric+" Erasures in the audit whose text may still be read; ask for them again.\n# TYPE "+metric+" gauge\n"+metric+" 0\n"), metric); err != nil {
		t.Error(err)
	}
	left, err := clickhouse.NewErasures(s.conn, "").Residue(t.Context(), time.Now().Add(-time.Hour))
	if err != nil || len(left) > 0 {
		t.Errorf("on disk: %v, %v", left, err)
	}
}
