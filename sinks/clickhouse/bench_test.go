package clickhouse

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
	"satisflow/sinks/sinktest"
)

// benchmarkRows is a large flush.
const benchmarkRows = 50_000

// benchmark inserts rows again and again and reports the CPU time of this process, the client's, per row.
func benchmark(b *testing.B, insert func() error) {
	b.Helper()
	before := cpuTime(b)
	for b.Loop() {
		if err := insert(); err != nil {
			b.Fatal(err)
		}
	}
	rows := float64(b.N) * benchmarkRows
	b.ReportMetric(float64((cpuTime(b)-before).Nanoseconds())/rows, "client-cpu-ns/row")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/rows, "ns/row")
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkInsertFacts(b *testing.B) {
	def := sinktest.Definition()
	_, sink := opened(b, &def)
	grid := def.Grid()
	random := rand.New(rand.NewPCG(1, 1))
	rows := make([]fact.Fact, benchmarkRows)
	for i := range rows {
		at := now.UnixMilli() - random.Int64N(600_000)
		e := event.Event{
			RatingID: fmt.Sprintf("%016x", random.Uint64()), OccurredAt: at, CustomerID: fmt.Sprint("customer-", random.IntN(100_000)),
			Service: pick(random, "data_analysis", "legal_consulting", "document_review"), ProductID: fmt.Sprint("product-", random.IntN(20)),
			Channel: pick(random, "phone", "web", "email"), Segment: pick(random, "smb", "enterprise"), Rating: int32(100 + 50*random.IntN(9)), Quality: event.NoQuality(),
		}
		e.Quality[0] = random.Int64N(5000)
		rows[i] = fact.New(&e, int32(i%4), int64(i), at, grid.PaneOf(at))
	}
	benchmark(b, func() error { return sink.InsertFacts(b.Context(), rows) })
}

func benchmarkSums(i int) (window.Pane, window.Key, window.Sums) {
	pane := window.Pane(now.Unix()/300) - window.Pane(i/500)
	sums := window.Sums{Ratings: 7, Satisfied: 5, Highly: 3, Dissatisfied: 1, Sum: int64(2800 + i%50), SumSquares: 1_200_000, Stars: [5]int64{1, 0, 1, 2, 3}}
	sums.Quality[0] = window.QualitySum{Sum: int64(i), N: 7}
	return pane, window.Key{Dimension: window.Product, Value: fmt.Sprint("product-", i%500)}, sums
}

func BenchmarkInsertPanes(b *testing.B) {
	def := sinktest.Definition()
	_, sink := opened(b, &def)
	rows := make([]owner.PaneRow, benchmarkRows)
	for i := range rows {
		pane, key, sums := benchmarkSums(i)
		rows[i] = owner.PaneRow{Partition: int32(i % 4), Pane: pane, Key: key, Version: int64(i), Sums: sums}
	}
	benchmark(b, func() error { return sink.InsertPanes(b.Context(), rows) })
}

func BenchmarkInsertWindows(b *testing.B) {
	def := sinktest.Definition()
	_, sink := opened(b, &def)
	rows := make([]owner.WindowRow, benchmarkRows)
	for i := range rows {
		end, key, sums := benchmarkSums(i)
		rows[i] = owner.WindowRow{Partition: int32(i % 4), Window: "1h", End: end, Key: key, Version: int64(i), Sums: sums}
	}
	benchmark(b, func() error { return sink.InsertWindows(b.Context(), rows) })
}
