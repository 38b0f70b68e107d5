package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"satisflow/pipeline"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/logid"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/source"
	"satisflow/pipeline/window"
	"satisflow/sinks/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// log is a topic in memory that gives assignments when told to.
type log struct {
	mu      sync.Mutex
	records map[int32][]source.Record
	runs    chan []int32  // partitions of the next assignment
	end     chan struct{} // ends the assignment under way
	commits map[int32]int64
	parts   int
	topic   logid.ID
}

func newLog(partitions int) *log {
	return &log{records: map[int32][]source.Record{}, runs: make(chan []int32, 10), end: make(chan struct{}), commits: map[int32]int64{}, parts: partitions}
}

func (l *log) add(partition int32, n int, at time.Time, json func(i int) string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range n {
		off := int64(len(l.records[partition]))
		l.records[partition] = append(l.records[partition], source.Record{Partition: partition, Offset: off, Timestamp: at, Key: []byte("c"), Value: []byte(json(i))})
	}
}

func (l *log) Run(ctx context.Context, own source.Owner) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case parts := <-l.runs:
			if err := l.assign(ctx, parts, own); err != nil {
				return err
			}
		}
	}
}

func (l *log) assign(ctx context.Context, parts []int32, own source.Owner) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-l.end:
			cancel()
		case <-ctx.Done():
		}
	}()
	a := source.Assignment{TopicPartitions: l.parts, Topic: l.topic}
	for _, p := range parts {
		a.Partitions = append(a.Partitions, source.PartitionOffset{Partition: p, Committed: -1})
	}
	return own(ctx, a, func(_ context.Context, next map[int32]int64) error {
		l.mu.Lock()
		defer l.mu.Unlock()
		for p, n := range next {
			l.commits[p] = n
		}
		return nil
	})
}

func (l *log) committed(p int32) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.commits[p]
}

type reader struct {
	l *log
	p int32
}

func (r reader) Continue(ctx context.Context, at logid.Position, handle source.Handler) error {
	next := max(at.Next, 0)
	for ctx.Err() == nil {
		r.l.mu.Lock()
		all := r.l.records[r.p]
		batch := all[next:min(int(next)+100, len(all))]
		r.l.mu.Unlock()
		next += int64(len(batch))
		b := source.Batch{Partition: r.p, Records: batch, Next: next, HighWatermark: int64(len(all)), AtEnd: int(next) == len(all)}
		if err := handle(ctx, b); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		if b.AtEnd {
			time.Sleep(5 * time.Millisecond)
		}
	}
	return nil
}

type counts struct {
	rejected, misrouted, ahead, failures atomic.Int64
}

func (c *counts) Rejected(string) { c.rejected.Add(1) }
func (c *counts) Misrouted()      { c.misrouted.Add(1) }
func (c *counts) ProducerAhead()  { c.ahead.Add(1) }
func (c *counts) Inserted(_ string, _ int, _ time.Duration, err error) {
	if err != nil {
		c.failures.Add(1)
	}
}
func (c *counts) Flushed(time.Duration, time.Time) {}

var errRefused = errors.New("refused for good")

type rig struct {
	log    *log
	memory *sinktest.Memory
	counts *counts
	cfg    pipeline.Config
	parts  pipeline.Parts
}

func newRig(t *testing.T) *rig {
	t.Helper()
	def := &window.Definition{Windows: window.DefaultWindows(), Pane: 5 * time.Minute, Bands: window.DefaultBands(), Partitions: 2}
	if err := def.Validate(); err != nil {
		t.Fatal(err)
	}
	r := &rig{log: newLog(2), memory: sinktest.NewMemory(def), counts: &counts{}, cfg: pipeline.DefaultConfig()}
	r.cfg.FlushInterval, r.cfg.CatchUpInterval = 20*time.Millisecond, 20*time.Millisecond
	r.parts = pipeline.Parts{
		Definition: def, Events: event.DefaultConfig(), Admission: admit.DefaultConfig(), Source: r.log,
		Reader: func(p int32) pipeline.Reader { return reader{r.log, p} }, Store: r.memory, Sink: r.memory,
		Permanent: func(err error) bool { return errors.Is(err, errRefused) }, Observer: r.counts, Now: time.Now, ID: "test", Log: zerolog.Nop(),
	}
	return r
}

// start runs the pipeline until the returned function is called, which returns Run's error.
func (r *rig) start(t *testing.T) (*pipeline.Pipeline, func() error) {
	t.Helper()
	p := pipeline.New(r.cfg, r.parts)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	return p, func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(10 * time.Second):
			t.Fatal("Run did not return")
			return nil
		}
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("not within 5 s: %s", what)
}

func ratingJSON(prefix string, at time.Time) func(int) string {
	return func(i int) string {
		return fmt.Sprintf(`{"rating_id":"%s-%d","occurred_at":%q,"customer_id":"c","service":"legal_consulting","rating":%d}`,
			prefix, i, at.UTC().Format(time.RFC3339), 1+i%5)
	}
}

// overall adds up the overall pane rows of the store.
func (r *rig) overall() (total window.Sums) {
	for _, row := range r.memory.Panes() {
		if row.Key.Dimension == window.Overall {
			total.Add(&row.Sums)
		}
	}
	return total
}

func TestRatingsComeOutOnceAndOffsetsAreCommitted(t *testing.T) {
	r := newRig(t)
	now := time.Now()
	r.log.add(0, 300, now, ratingJSON("a", now.Add(-time.Hour)))
	r.log.add(0, 300, now, ratingJSON("a", now.Add(-time.Hour))) // every one again
	r.log.add(1, 50, now, func(int) string { return `{"rating_id":` })
	r.log.runs <- []int32{0, 1}
	p, stop := r.start(t)
	eventually(t, "commit of both partitions", func() bool { return r.log.committed(0) == 600 && r.log.committed(1) == 50 })
	if s := r.overall(); s.Ratings != 300 || s.Sum != 300*300 {
		t.Errorf("overall: %+v", s)
	}
	if n := len(r.memory.DeadLetters()); n != 50 || r.counts.rejected.Load() != 50 {
		t.Errorf("%d dead letters, %d counted", n, r.counts.rejected.Load())
	}
	v := p.View()
	if s := v.Stats[0]; s.Consumed != 600 || s.Admitted != 600 || s.Duplicates != 300 || v.Stats[1].Rejected != 50 {
		t.Errorf("stats: %+v", v.Stats)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

func TestAnOutageIsWaitedOutAndNothingIsLostOrDoubled(t *testing.T) {
	r := newRig(t)
	var down atomic.Bool
	down.Store(true)
	r.memory.Fault = func(_ string, rows int) (int, error) {
		if down.Load() {
			return rows / 2, errors.New("connection refused") // torn, too
		}
		return rows, nil
	}
	now := time.Now()
	r.log.add(0, 200, now, ratingJSON("a", now.Add(-time.Hour)))
	r.log.runs <- []int32{0, 1}
	_, stop := r.start(t)
	eventually(t, "failures", func() bool { return r.counts.failures.Load() >= 3 })
	if r.log.committed(0) != 0 {
		t.Error("committed during the outage")
	}
	down.Store(false)
	eventually(t, "commit", func() bool { return r.log.committed(0) == 200 })
	if s := r.overall(); s.Ratings != 200 {
		t.Errorf("overall: %+v", s)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

func TestAnErrorThatNoRetryCanMendEndsRunWithItsReason(t *testing.T) {
	r := newRig(t)
	r.memory.Fault = func(string, int) (int, error) { return 0, errRefused }
	now := time.Now()
	r.log.add(0, 1, now, ratingJSON("a", now))
	r.log.runs <- []int32{0}
	p := pipeline.New(r.cfg, r.parts)
	if err := p.Run(t.Context()); !errors.Is(err, errRefused) {
		t.Fatalf("Run returned %v", err)
	}
}

func TestAFlushUnderWayAtARebalanceIsFinishedOrThrownAway(t *testing.T) {
	for _, drain := range []time.Duration{time.Millisecond, 2 * time.Second} {
		r := newRig(t)
		r.cfg.DrainTimeout = drain
		gate := make(chan struct{})
		var once sync.Once
		entered := make(chan struct{})
		r.memory.Fault = func(call string, rows int) (int, error) {
			if call == sinktest.Windows || call == sinktest.Panes {
				once.Do(func() { close(entered); <-gate })
			}
			return rows, nil
		}
		now := time.Now()
		r.log.add(0, 100, now, ratingJSON("a", now.Add(-2*time.Hour)))
		r.log.runs <- []int32{0}
		_, stop := r.start(t)
		<-entered
		r.log.end <- struct{}{} // the rebalance
		time.Sleep(50 * time.Millisecond)
		close(gate)
		r.log.add(0, 100, now, ratingJSON("b", now.Add(-2*time.Hour)))
		r.log.runs <- []int32{0, 1}
		eventually(t, "commit by the next owner", func() bool { return r.log.committed(0) == 200 })
		if s := r.overall(); s.Ratings != 200 {
			t.Errorf("drain %v: overall %+v", drain, s)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAPartitionWhoseMemoryIsUsedUpWaitsForAFlush(t *testing.T) {
	r := newRig(t)
	r.cfg.MemoryBytes = 40_000 // not valid in production: a few dozen facts
	r.cfg.FlushInterval, r.cfg.CatchUpInterval = time.Minute, time.Minute
	now := time.Now()
	r.log.add(0, 400, now, func(i int) string { return ratingJSON("a", now.Add(-time.Duration(i%80)*time.Hour))(i) })
	r.log.runs <- []int32{0}
	p, stop := r.start(t)
	most := 0
	eventually(t, "all read", func() bool {
		for _, pt := range p.View().Partitions {
			most = max(most, pt.Progress.Bytes)
		}
		return p.View().Stats[0].Consumed == 400
	})
	if err := stop(); err != nil { // the last flush is the drain's
		t.Fatal(err)
	}
	if s := r.overall(); s.Ratings != 400 {
		t.Errorf("overall %+v", s)
	}
	if most > 4*r.cfg.MemoryBytes { // a page-in may overshoot by its pages
		t.Errorf("memory reached %d of %d bytes", most, r.cfg.MemoryBytes)
	}
	if r.log.committed(0) != 400 {
		t.Errorf("committed %d", r.log.committed(0))
	}
}

// The race detector looks on: metrics are read while ratings are folded and flushed.
func TestTheFiguresAreReadBesideFlushes(t *testing.T) {
	r := newRig(t)
	now := time.Now()
	for p := range int32(2) {
		r.log.add(p, 3000, now, func(i int) string {
			return fmt.Sprintf(`{"rating_id":"r-%d","occurred_at":%q,"customer_id":"c","service":"legal_consulting","segment":"s-%d","rating":4}`,
				i, now.Add(-time.Duration(i%90)*time.Minute).UTC().Format(time.RFC3339), i%200)
		})
	}
	r.log.runs <- []int32{0, 1}
	p, stop := r.start(t)
	var readers sync.WaitGroup
	done := make(chan struct{})
	var most atomic.Int64
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				v := p.View()
				for i := range v.Partitions {
					_ = v.Partitions[i].LagTime(time.Now())
					v.Partitions[i].Current(func(k window.Key, name string, s *window.Sums) {
						if k.Dimension == window.Overall && name == "24h" {
							most.Store(max(most.Load(), s.Ratings))
						}
					})
				}
			}
		})
	}
	eventually(t, "commit of both partitions", func() bool { return r.log.committed(0) == 3000 && r.log.committed(1) == 3000 })
	eventually(t, "the figures", func() bool { return most.Load() == 3000 })
	close(done)
	readers.Wait()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// A partition whose memory is full fetches nothing; its lag is what the broker says all the same.
func TestTheLagIsKnownWhileNothingIsFetched(t *testing.T) {
	r := newRig(t)
	r.cfg.MemoryBytes, r.cfg.FlushInterval, r.cfg.CatchUpInterval = 40_000, time.Minute, time.Minute
	gate := make(chan struct{})
	r.memory.Fault = func(_ string, rows int) (int, error) { <-gate; return rows, nil } // an outage
	var end atomic.Int64
	end.Store(5000)
	r.parts.Ends = func(_ context.Context, partitions []int32) (map[int32]int64, error) {
		out := map[int32]int64{}
		for _, p := range partitions {
			out[p] = end.Load()
		}
		return out, nil
	}
	now := time.Now()
	r.log.add(0, 400, now, ratingJSON("a", now))
	r.log.runs <- []int32{0}
	p, stop := r.start(t)
	view := func() (v pipeline.PartitionView) {
		for _, v = range p.View().Partitions {
		}
		return v
	}
	eventually(t, "the memory to be full", func() bool {
		v := view()
		return v.Progress.Next > 0 && v.Progress.Bytes > r.cfg.MemoryBytes/8 && v.Lag == 5000-v.Progress.Next
	})
	end.Store(777_387)
	eventually(t, "the lag to grow", func() bool { v := view(); return v.Lag == 777_387-v.Progress.Next })
	if v := view(); v.Progress.Next >= 400 || v.Stalled == 0 {
		t.Errorf("read up to %d, stalled for %v: want a partition that is stopped by its memory", v.Progress.Next, v.Stalled)
	}
	close(gate)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

func TestAnotherPartitionCountIsRefusedWithTheWayOut(t *testing.T) {
	r := newRig(t)
	r.log.parts = 3
	r.log.runs <- []int32{0}
	err := pipeline.New(r.cfg, r.parts).Run(t.Context())
	if err == nil || !source.IsPermanent(err) {
		t.Fatalf("Run returned %v", err)
	}
	const want = "pipeline: the topic has 3 partitions, the epoch was made for 2: a customer's ratings would be divided; make a new epoch for the new number (satisflow rebuild)"
	if err.Error() != want {
		t.Errorf("%q", err)
	}
}

func TestAKilledOwnersMemoryIsNotNeeded(t *testing.T) {
	r := newRig(t)
	var flushes atomic.Int64
	r.memory.Fault = func(call string, rows int) (int, error) {
		if call == sinktest.Checkpoints && flushes.Add(1) == 1 {
			return 0, errRefused // the first owner dies before its first checkpoint
		}
		return rows, nil
	}
	now := time.Now()
	r.log.add(0, 100, now, ratingJSON("a", now.Add(-2*time.Hour)))
	r.log.runs <- []int32{0}
	if err := pipeline.New(r.cfg, r.parts).Run(t.Context()); !errors.Is(err, errRefused) {
		t.Fatal(err)
	}
	r.log.runs <- []int32{0}
	p, stop := r.start(t)
	eventually(t, "commit", func() bool { return r.log.committed(0) == 100 })
	if s := r.overall(); s.Ratings != 100 {
		t.Errorf("overall %+v", s)
	}
	if s := p.View().Stats[0]; s.Replayed != 100 {
		t.Errorf("replayed %d, want 100", s.Replayed)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

var _ owner.Sink = (*sinktest.Memory)(nil)
