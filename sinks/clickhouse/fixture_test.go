package clickhouse

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
	"satisflow/sinks/sinktest"
)

// fixture is a database with facts of some days, the panes and windows that they give, and checkpoints.
type fixture struct {
	conn    driver.Conn
	def     window.Definition
	grid    window.Grid
	store   *Store
	sink    *Sink
	facts   []fact.Fact
	panes   map[paneAt]*window.Sums
	windows map[windowAt]*window.Sums
	cut     int64
	first   window.Pane // of the facts
	last    window.Pane
}

type paneAt struct {
	partition int32
	pane      window.Pane
	key       window.Key
}

type windowAt struct {
	partition int32
	name      string
	end       window.Pane
	key       window.Key
}

// fewWindows is a definition of which few window rows come from a rating, in a zone east of UTC.
func fewWindows() window.Definition {
	def := sinktest.Definition()
	def.Windows = []window.Spec{
		{Name: "1h", Length: time.Hour, Slide: 15 * time.Minute}, {Name: "12h", Length: 12 * time.Hour, Slide: 6 * time.Hour},
		{Name: "3d", Length: 72 * time.Hour, Slide: 24 * time.Hour},
	}
	def.Pane = window.PaneOf(def.Windows)
	def.TimezoneOffset = 5*time.Hour + 30*time.Minute
	return def
}

// newFixture fills a database with as many ratings, in the days before now, in all partitions, each changed by the functions.
func newFixture(t testing.TB, def window.Definition, ratings, days int, now time.Time, change ...func(i int, e *event.Event)) *fixture {
	t.Helper()
	f := &fixture{def: def, panes: map[paneAt]*window.Sums{}, windows: map[windowAt]*window.Sums{}}
	f.conn = migrated(t)
	if _, err := EnsureEpoch(t.Context(), f.conn, &f.def, now); err != nil {
		t.Fatal(err)
	}
	f.grid, f.store, f.sink = f.def.Grid(), NewStore(f.conn, 1, &f.def), NewSink(f.conn, 1, &f.def)
	f.last = f.grid.PaneOf(now.UnixMilli())
	f.first = f.last - window.Pane(time.Duration(days)*24*time.Hour/def.Pane)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range ratings {
		f.facts = append(f.facts, f.fact(random, i))
		for _, c := range change {
			c(i, &f.facts[i].Event)
		}
	}
	f.cut = int64(ratings)
	f.sum()
	f.write(t)
	return f
}

func pick(random *rand.Rand, from ...string) string { return from[random.IntN(len(from))] }

func (f *fixture) fact(random *rand.Rand, i int) fact.Fact {
	e := event.Event{
		RatingID: fmt.Sprint("rating-", i), Revision: uint32(random.IntN(3)), CustomerID: fmt.Sprint("customer-", random.IntN(40)),
		OccurredAt: int64(f.first)*f.grid.PaneMS + random.Int64N(int64(f.last-f.first+1)*f.grid.PaneMS),
		Service:    pick(random, "data_analysis", "legal_consulting"), ProductID: pick(random, "", "p1", "p'2"), Channel: pick(random, "", "phone", "web"),
		Segment: pick(random, "", "smb"), Rating: int32(pickNumber(random, 0, 100, 149, 150, 299, 300, 301, 349, 350, 399, 400, 449, 450, 500)),
		Staff: random.IntN(10) == 0, Quarantined: random.IntN(12) == 0, Quality: event.NoQuality(),
	}
	if random.IntN(2) == 0 {
		e.Attributes = []event.Pair{{Key: "region", Value: pick(random, "north", "south")}}
	}
	for q := range len(f.def.Quality) {
		if random.IntN(2) == 0 {
			e.Quality[q] = random.Int64N(1000) - int64(q/3*500)
		}
	}
	if random.IntN(12) == 0 {
		e.Op = event.Erase
	}
	return fact.New(&e, int32(i%f.def.Partitions), int64(i), e.OccurredAt+50, f.grid.PaneOf(e.OccurredAt))
}

func pickNumber(random *rand.Rand, from ...int) int { return from[random.IntN(len(from))] }

// sum makes panes and windows of the facts.
func (f *fixture) sum() {
	keys := window.NewKeys(declaredAttributes(&f.def))
	for i := range f.facts {
		r := &f.facts[i]
		if r.Event.Op == event.Erase || r.Event.Quarantined {
			continue
		}
		for _, id := range keys.Group(keys.GroupOf(&r.Event)) {
			f.count(r, keys.Key(id))
		}
	}
}

func (f *fixture) count(r *fact.Fact, key window.Key) {
	count(f.panes, paneAt{r.Partition, r.Pane, key}, &f.def.Bands, &r.Event)
	for _, w := range f.grid.Windows {
		for end := f.grid.FirstEnd(w, r.Pane); end <= r.Pane+w.Length && end <= f.last; end += w.Slide {
			count(f.windows, windowAt{r.Partition, w.Name, end, key}, &f.def.Bands, &r.Event)
		}
	}
}

func count[K comparable](in map[K]*window.Sums, at K, bands *window.Bands, e *event.Event) {
	if in[at] == nil {
		in[at] = &window.Sums{}
	}
	in[at].Count(bands, e.Rating, &e.Quality, 1)
}

func (f *fixture) write(t testing.TB) {
	t.Helper()
	var panes []owner.PaneRow
	for at, sums := range f.panes {
		panes = append(panes, owner.PaneRow{Partition: at.partition, Pane: at.pane, Key: at.key, Version: f.cut, Sums: *sums})
	}
	var windows []owner.WindowRow
	for at, sums := range f.windows {
		windows = append(windows, owner.WindowRow{Partition: at.partition, Window: at.name, End: at.end, Key: at.key, Version: f.cut, Sums: *sums})
	}
	ctx := t.Context()
	for _, err := range []error{
		f.sink.InsertFacts(ctx, f.facts), f.sink.InsertPanes(ctx, panes), f.sink.InsertWindows(ctx, windows),
		f.sink.InsertCheckpoints(ctx, f.checkpoints(f.cut)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (f *fixture) checkpoints(cut int64) []owner.Checkpoint {
	var all []owner.Checkpoint
	for p := range f.def.Partitions {
		all = append(all, owner.Checkpoint{Partition: int32(p), Cut: cut, Watermark: int64(f.last) * f.grid.PaneMS, FreshAt: int64(f.last)*f.grid.PaneMS + 1000 + int64(p), Definition: f.def.Hash(), Owner: "test"})
	}
	return all
}
