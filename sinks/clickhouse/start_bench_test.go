package clickhouse

import (
	"testing"
	"time"

	"satisflow/pipeline"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/eventgen"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/source"
	"satisflow/pipeline/window"
)

// What is stored when a processor starts.
const (
	startDays       = 28
	startPerDay     = 20_000
	startPartitions = 4
)

// startRig is a processor that owns all partitions of a store.
type startRig struct {
	b      *testing.B
	cfg    *owner.Config
	store  *Store
	flush  owner.Flusher
	owners []*owner.Owner
	now    time.Time
}

// BenchmarkStart measures what a processor does from its start to its first checkpoint with a rating that came meanwhile,
// all partitions owned by one: reading checkpoints, known panes and pane sums, a page-in, a flush. Kafka is left out.
//
//	go test ./sinks/clickhouse -run xxx -bench Start -benchtime 5x
func BenchmarkStart(b *testing.B) {
	r, generator := newStartRig(b)
	r.assign()
	fillStart(r, generator)
	var assigned, flushed time.Duration
	for b.Loop() {
		begin := time.Now()
		r.assign()
		assigned += time.Since(begin)
		begin = time.Now()
		for range 20 {
			r.fold(generator.Next())
		}
		r.write()
		flushed += time.Since(begin)
	}
	b.ReportMetric(float64(assigned.Milliseconds())/float64(b.N), "assign-ms/op")
	b.ReportMetric(float64(flushed.Milliseconds())/float64(b.N), "flush-ms/op")
}

func newStartRig(b *testing.B) (*startRig, *eventgen.Generator) {
	b.Helper()
	now := time.Now().UTC()
	gen := eventgen.DefaultConfig()
	gen.Start, gen.Rate, gen.Bad, gen.Profile = now.AddDate(0, 0, -startDays), float64(startPerDay)/86_400, 0, true
	conn := migrated(b)
	def := &window.Definition{Windows: window.DefaultWindows(), Bands: window.DefaultBands(), Dimensions: window.BuiltinDimensions(),
		Quality: []string{"response_time_ms", "accuracy", "completeness"}, Partitions: startPartitions}
	def.Pane = window.PaneOf(def.Windows)
	if _, err := EnsureEpoch(b.Context(), conn, def, now); err != nil {
		b.Fatal(err)
	}
	cfg := pipeline.DefaultConfig()
	return &startRig{b: b, store: NewStore(conn, 1, def), now: now, flush: owner.Flusher{Store: NewStore(conn, 1, def), Sink: NewSink(conn, 1, def), BlockRows: cfg.BlockRows},
		cfg: &owner.Config{Grid: def.Grid(), Bands: def.Bands, Metrics: len(def.Quality), Definition: def.Hash(), ID: "bench", Lateness: cfg.Lateness,
			Retention: admit.DefaultConfig().Retention, MaxBytes: cfg.MemoryBytes / startPartitions}}, eventgen.New(gen)
}

func (r *startRig) assign() {
	r.b.Helper()
	r.owners = nil
	for p := range startPartitions {
		o, err := owner.Assign(r.b.Context(), r.cfg, r.store, int32(p), r.now.UnixMilli())
		if err != nil {
			r.b.Fatal(err)
		}
		r.owners = append(r.owners, o)
	}
}

func (r *startRig) fold(it eventgen.Item) {
	r.b.Helper()
	o := r.owners[source.PartitionOf(it.Key, startPartitions)]
	record := owner.Record{Offset: o.Progress().Next, Timestamp: it.At.UnixMilli(), Event: it.Event, Bytes: len(it.JSON)}
	for o.Fold([]owner.Record{record}) == 0 {
		r.write()
	}
}

func (r *startRig) write() {
	r.b.Helper()
	if _, err := r.flush.Flush(r.b.Context(), r.owners, r.now.UnixMilli(), true); err != nil {
		r.b.Fatal(err)
	}
}

// fillStart stores the ratings of the days, a day a flush, as after a catch-up.
func fillStart(r *startRig, g *eventgen.Generator) {
	r.b.Helper()
	begin, n := time.Now(), 0
	for it := range g.Until(r.now) {
		r.fold(it)
		if n++; n%startPerDay == 0 {
			r.write()
		}
	}
	r.write()
	r.b.Logf("stored %d records of %d days in %s", n, startDays, time.Since(begin).Round(time.Second))
}
