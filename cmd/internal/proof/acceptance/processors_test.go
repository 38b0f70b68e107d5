package acceptance

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"satisflow/cmd/internal/proof/oracle"
	"satisflow/pipeline/eventgen"
	"satisflow/pipeline/source"
)

// processor starts a satisflow processor of the stack in a process of its own; more flags may be given.
func (s *stack) processor(flags ...string) (*process, string) {
	s.t.Helper()
	args := append([]string{"processor", "--brokers", strings.Join(s.kafka.Brokers, ","), "--clickhouse", s.db.DSN, "--listen", "127.0.0.1:0",
		"--kafka.topic", s.topic, "--kafka.dead_topic", s.dead, "--kafka.group.id", s.topic, "--log.format", "json"}, flags...)
	p := start(s.t, s.t.TempDir(), args...)
	return p, "http://" + p.await(`"address":"(127\.0\.0\.1:\d+)"`, 30*time.Second)
}

// load is a seeded stream with everything that goes wrong in it.
func load(seed uint64, bad float64) *eventgen.Generator {
	cfg := eventgen.DefaultConfig()
	cfg.Seed, cfg.Rate, cfg.Bad = seed, 500, bad
	cfg.Start = time.Now().Add(-2 * time.Minute)
	cfg.Duplicates, cfg.Corrections, cfg.Erasures, cfg.Late = 0.03, 0.03, 0.01, 0.05
	return eventgen.New(cfg)
}

// send produces the next n records of the stream and returns how many are bad, by reason.
func (s *stack) send(g *eventgen.Generator, n int) map[string]int {
	s.t.Helper()
	bad := map[string]int{}
	messages := make([]source.Message, n)
	for i := range messages {
		item := g.Next()
		messages[i] = source.Message{Key: item.Key, Value: item.JSON, Time: item.At}
		if item.WantReason != "" {
			bad[item.WantReason]++
		}
	}
	if err := s.producer.Produce(s.t.Context(), messages...); err != nil {
		s.t.Fatal(err)
	}
	return bad
}

func TestTheSurvivorOfKilledProcessorsIsExact(t *testing.T) {
	s := newStack(t, 4)
	const waits = "2s" // between flushes, so that ratings are unflushed when the blow falls
	flags := []string{"--processor.flush_interval", waits, "--processor.catch_up_interval", waits}
	survivor, url := s.processor(flags...)
	g, dice := load(1, 0.01), rand.New(rand.NewPCG(1, 1))
	sent, read := 0, 0.0
	for round := range 3 {
		victim, victimURL := s.processor(flags...)
		owned := func() bool { return scrape(t, victimURL, "satisflow_partitions_owned") > 0 }
		waitFor(t, "the second processor to own partitions", owned)
		at := 500 + dice.IntN(1500)
		s.send(g, at)
		sent += at
		waitFor(t, "unflushed ratings in the victim", func() bool {
			s.send(g, 20)
			sent += 20
			return scrape(t, victimURL, "satisflow_pending_rows") > 0
		})
		read += scrape(t, victimURL, "satisflow_records_consumed_total")
		victim.kill()
		s.send(g, 300)
		sent += 300
		t.Logf("round %d: killed after %d more records", round, at)
		waitFor(t, "the survivor to own all partitions", func() bool { return scrape(t, url, "satisflow_partitions_owned") == 4 })
	}
	s.settle(time.Minute)
	read += scrape(t, url, "satisflow_records_consumed_total")
	if read <= float64(sent) {
		t.Errorf("%d records sent, %.0f read: nothing was read again, so no blow fell where it could hurt", sent, read)
	}
	t.Logf("%d records sent, %.0f read", sent, read)
	s.verify(oracle.DefaultRules())
	survivor.kill()
}

func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for range 600 {
		if ok() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("not within 30 s: %s", what)
}

func TestBadRecordsAreCountedByReasonAndTakeNoGoodOnesAlong(t *testing.T) {
	s := newStack(t, 4)
	_, url := s.processor()
	g := load(2, 0.01)
	const n = 8000
	bad := s.send(g, n)
	s.settle(time.Minute)
	want := 0
	for reason, count := range bad {
		want += count
		if got := scrape(t, url, "satisflow_records_rejected_total", fmt.Sprintf("reason=%q", reason)); int(got) != count {
			t.Errorf("%s: %v rejected, the generator made %d", reason, got, count)
		}
	}
	var stored, distinct uint64
	if err := s.conn.QueryRow(t.Context(), "SELECT count(), uniqExact(partition, offset) FROM dead_letters FINAL").Scan(&stored, &distinct); err != nil {
		t.Fatal(err)
	}
	admitted := scrape(t, url, "satisflow_records_admitted_total")
	if want < 30 || int(stored) != want || stored != distinct || int(admitted)+want != n || int(scrape(t, url, "satisflow_records_consumed_total")) != n {
		t.Errorf("%d bad of %d sent; %d dead letters, %.0f admitted", want, n, stored, admitted)
	}
	t.Logf("%d records, bad by reason: %v", n, bad)
	s.verify(oracle.DefaultRules())
}

func TestOneWrongWindowRowFailsVerifyByName(t *testing.T) {
	s := newStack(t, 2)
	_, stop := s.pipeline("one")
	s.send(load(3, 0), 500)
	s.settle(time.Minute)
	stop()
	args := []string{"verify", "--clickhouse", s.db.DSN}
	if out, code := run(t, t.TempDir(), args...); code != 0 || !strings.Contains(out, "no difference") {
		t.Fatalf("before: exit code %d\n%s", code, out)
	}
	if err := s.conn.Exec(t.Context(), `INSERT INTO satisfaction_windows SELECT * REPLACE (satisfied + 1 AS satisfied)
		FROM satisfaction_windows FINAL WHERE window = '1h' AND dimension = 'overall' AND ratings > 0 ORDER BY window_end, partition LIMIT 1`); err != nil {
		t.Fatal(err)
	}
	out, code := run(t, t.TempDir(), args...)
	if code != 1 || !strings.Contains(out, "satisfaction_windows") || !strings.Contains(out, "1h") || !strings.Contains(out, "satisfied") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}
