package load

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/eventgen"
	"satisflow/pipeline/source"
)

func TestMain(m *testing.M) {
	// the test kit waits for the supervisor that it leaves behind
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("satisflow/deploy/testkit.spawnSupervisor.func1"))
}

// target takes as long as it is told, and keeps when what was sent.
type target struct {
	takes func(call, items int) time.Duration
	items []eventgen.Item
	at    []time.Time // when each of the items was sent
	calls int
}

func (s *target) Send(ctx context.Context, items []eventgen.Item) (int, error) {
	now := time.Now()
	for _, it := range items {
		s.items, s.at = append(s.items, it), append(s.at, now)
	}
	s.calls++
	if s.takes != nil {
		time.Sleep(s.takes(s.calls, len(items)))
	}
	return 0, ctx.Err()
}

// check fails if the rate was exceeded at any time, or a record was sent before its time.
func (s *target) check(t *testing.T, start time.Time, rate float64) {
	t.Helper()
	for i, it := range s.items {
		if allowed := s.at[i].Sub(start).Seconds()*rate + 1.001; float64(i+1) > allowed {
			t.Fatalf("%d records were sent after %s", i+1, s.at[i].Sub(start))
		}
		if it.At.After(s.at[i]) {
			t.Fatalf("record %d of %s was sent at %s", i, it.At, s.at[i])
		}
	}
}

func paced(rate float64, length time.Duration) Config {
	c := DefaultConfig()
	c.Rate, c.For = rate, length
	return c
}

func TestTheRateIsKeptAndNeverExceeded(t *testing.T) {
	for name, takes := range map[string]func(call, items int) time.Duration{
		"at once":            nil,
		"five milliseconds":  func(int, int) time.Duration { return 5 * time.Millisecond },
		"with a long pause":  func(call, _ int) time.Duration { return map[bool]time.Duration{true: 8 * time.Second}[call == 100] },
		"longer and shorter": func(call, _ int) time.Duration { return time.Duration(call%40) * time.Millisecond },
	} {
		synctest.Test(t, func(t *testing.T) {
			out, start := &target{takes: takes}, time.Now()
			s, err := Run(t.Context(), paced(500, 30*time.Second), out, nil)
			out.check(t, start, 500)
			if err != nil || s.Sent < 14_500 || s.Sent > 15_500 || !s.Complete || s.Behind || s.Seconds < 29.5 || s.Seconds > 30.5 {
				t.Errorf("%s: %v %+v", name, err, s)
			}
		})
	}
}

func TestWhoCannotKeepUpIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(_, items int) time.Duration { return time.Duration(items) * time.Millisecond }
		s, err := Run(t.Context(), paced(2000, 20*time.Second), &target{takes: slow}, nil)
		if err != nil || !s.Behind || s.Rate > 1001 || s.Seconds > 23 {
			t.Errorf("%v %+v", err, s)
		}
		var text strings.Builder
		if s.Write(&text); !strings.Contains(text.String(), "could not keep up: asked for 2000 a second") {
			t.Error(text.String())
		}
	})
}

func TestTheCountEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := paced(100, 0)
		c.Count = 1234
		out, start := &target{}, time.Now()
		s, err := Run(t.Context(), c, out, nil)
		out.check(t, start, 100)
		if err != nil || s.Sent != 1234 || s.Seconds < 12.3 {
			t.Errorf("%v %+v", err, s)
		}
	})
}

func TestAsFastAsPossibleLiesInThePast(t *testing.T) {
	c := paced(0, 0)
	c.Count = 10_000
	out, start := &target{}, time.Now()
	s, err := Run(t.Context(), c, out, nil)
	if err != nil || s.Sent != c.Count || s.Seconds > 10 {
		t.Fatalf("%v %+v", err, s)
	}
	first, last := out.items[0].At, out.items[len(out.items)-1].At
	if first.Before(start.Add(-time.Hour)) || last.After(start.Add(5*time.Minute)) || last.Sub(first) < 50*time.Minute {
		t.Errorf("from %s to %s", first, last)
	}
}

func TestTheEndOfTheContextEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		s, err := Run(ctx, paced(0.01, time.Hour), &target{}, nil)
		if !errors.Is(err, context.DeadlineExceeded) || s.Complete || s.Seconds != 10 {
			t.Errorf("%v %+v", err, s)
		}
	})
}

func TestWhatCannotWorkIsRefused(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for field, change := range map[string]func(*Config){
		"rate":        func(c *Config) { c.Rate = -1 },
		"for":         func(c *Config) { c.For = -1 },
		"count":       func(c *Config) { c.Count = -1 },
		"neither for": func(c *Config) { c.For = 0 },
		"bad":         func(c *Config) { c.Ratings.Bad = 2 },
	} {
		c := DefaultConfig()
		change(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// judged admits messages as the processor does, and counts.
type judged struct {
	t        *testing.T
	admitter *admit.Admitter
	now      time.Time // the timestamp of messages without one
	mu       sync.Mutex
	good     int64
	bad      map[string]int64
	oldest   time.Time
}

func newJudged(t *testing.T) *judged {
	a, err := admit.NewAdmitter(event.DefaultConfig(), admit.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	return &judged{t: t, admitter: a, now: time.Now(), bad: map[string]int64{}, oldest: time.Now()}
}

func (j *judged) Send(ctx context.Context, messages []source.Message) (map[int]error, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, m := range messages {
		rec := admit.Record{Timestamp: event.RecordTime(m.Time.UnixMilli()), Value: m.Value}
		if m.Time.IsZero() {
			rec.Timestamp = event.RecordTime(j.now.UnixMilli())
		}
		for _, h := range m.Headers {
			rec.Headers = append(rec.Headers, admit.Header(h))
		}
		var e event.Event
		if rej := j.admitter.Admit(&rec, &e); rej != nil {
			j.bad[rej.Reason]++
			continue
		}
		j.good++
		if at := time.UnixMilli(e.OccurredAt); at.Before(j.oldest) {
			j.oldest = at
		}
	}
	return nil, ctx.Err()
}

func TestTheSummaryIsWhatAdmissionFinds(t *testing.T) {
	c := paced(0, 0)
	c.Count, c.Ratings.Bad = 30_000, 0.02
	j := newJudged(t)
	s, err := Run(t.Context(), c, &Kafka{Sender: j}, nil)
	if err != nil || s.Good != j.good || !maps.Equal(s.BadReasons, j.bad) || len(j.bad) < 10 {
		t.Errorf("%v\nsent  %d good, %v\nfound %d good, %v", err, s.Good, s.BadReasons, j.good, j.bad)
	}
	if s.Fresh+s.Late+s.Duplicates+s.Correction+s.Erasures+s.Bad != s.Sent || s.Duplicates == 0 || s.Erasures == 0 || s.Bad == 0 {
		t.Errorf("%+v", s)
	}
}

func TestTheDemoHasAHistoryThatCountsAndGoesOnLive(t *testing.T) {
	j := newJudged(t)
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	cfg := DefaultDemoConfig(event.DefaultConfig())
	cfg.Pace = 100_000
	sender := &notable{judged: j, enough: 60, stop: cancel}
	if err := Demo(ctx, cfg, sender, j.now, zerolog.Nop()); !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	rejected := int64(0)
	for _, n := range j.bad {
		rejected += n
	}
	if j.good < 8_000 || rejected == 0 || rejected > j.good/500 || sender.live < sender.enough {
		t.Errorf("%d good, %v, %d live", j.good, j.bad, sender.live)
	}
	if age := j.now.Sub(j.oldest); age < 27*24*time.Hour {
		t.Errorf("the oldest rating is %s old", age)
	}
}

// notable stops when it has seen enough live messages.
type notable struct {
	*judged
	live, enough int
	stop         func()
}

func (n *notable) Send(ctx context.Context, messages []source.Message) (map[int]error, error) {
	for _, m := range messages {
		if len(m.Headers) == 0 {
			n.live++
		}
	}
	if n.live >= n.enough {
		n.stop()
	}
	return n.judged.Send(ctx, messages)
}
