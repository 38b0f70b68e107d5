package grafana

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/deploy/testkit"
	"satisflow/pipeline/alert"
	"satisflow/pipeline/event"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
	store "satisflow/sinks/clickhouse"
	"satisflow/sinks/sinktest"
)

// given is a rating as the oracle counts it; nothing of it goes through sums.
type given struct {
	at                                 time.Time
	service, product, channel, segment string
	score                              int32 // hundredths, 0 without
	partition                          int32
	response, accuracy, completeness   int64 // event.MissingQuality when not given
}

// known is a database that holds ratings, their panes and closed windows, and what must not be seen: older versions,
// another epoch, staff, and windows that are not complete. Its alerts have nothing to do with its ratings.
type known struct {
	conn       driver.Conn
	now        time.Time
	completeTo time.Time
	fresh      time.Time
	ratings    []given
	services   []string
	alerts     []alert.Alert
}

const quoted = "o'neill & co"

func newKnown(t *testing.T) *known {
	t.Helper()
	k := &known{conn: testkit.ClickHouse(t).Open(), now: time.Now().UTC().Truncate(time.Second), services: []string{"data_analysis", "legal_consulting", quoted}}
	// A range that starts on a pane's start would hold one pane more than the window.
	if k.now.Unix()%300 == 0 {
		k.now = k.now.Add(-time.Second)
	}
	k.completeTo, k.fresh = k.now.Add(-2*time.Hour), k.now.Add(-90*time.Second).Truncate(time.Millisecond)
	random := rand.New(rand.NewPCG(7, 7))
	for i := range 600 {
		k.ratings = append(k.ratings, k.rating(random, i))
	}
	k.store(t)
	k.storeAlerts(t)
	return k
}

func pick[T any](random *rand.Rand, from ...T) T { return from[random.IntN(len(from))] }

// rating lies in the last 28 days, in the 28 before, or, one in six, in the last hour.
func (k *known) rating(random *rand.Rand, i int) given {
	ago := time.Duration(random.Int64N(int64(56 * 24 * time.Hour)))
	if i%6 == 0 {
		ago = time.Duration(random.Int64N(int64(50 * time.Minute)))
	}
	g := given{at: k.now.Add(-ago), service: pick(random, k.services...), product: pick(random, "", "p1", "p'2"), channel: pick(random, "", "phone", "web"),
		segment: pick(random, "", "smb", "enterprise"), score: pick[int32](random, 0, 100, 200, 299, 300, 350, 399, 400, 400, 449, 450, 500, 500, 500, 500),
		partition: int32(random.IntN(2)), response: event.MissingQuality, accuracy: event.MissingQuality, completeness: event.MissingQuality}
	if g.service == "data_analysis" && g.score > 0 {
		g.score = max(g.score, 400) // one service that meets the target
	}
	if g.service == quoted && g.score > 0 && random.IntN(4) > 0 {
		g.score = max(g.score, 400) // and one that is between the milestone and the target
	}
	if random.IntN(2) == 0 {
		g.response = random.Int64N(5000)
	}
	if random.IntN(3) == 0 {
		g.accuracy = random.Int64N(1_000_001)
	}
	if random.IntN(2) == 0 {
		g.completeness = random.Int64N(1_000_001)
	}
	return g
}

func (g given) event() *event.Event {
	e := &event.Event{Service: g.service, ProductID: g.product, Channel: g.channel, Segment: g.segment, Rating: g.score, Quality: event.NoQuality()}
	e.Quality[0], e.Quality[1], e.Quality[2] = g.response, g.accuracy, g.completeness
	return e
}

type paneAt struct {
	partition int32
	pane      window.Pane
	key       window.Key
}

type windowAt struct {
	name string
	paneAt
}

func (k *known) store(t *testing.T) {
	t.Helper()
	ctx, def := t.Context(), sinktest.Definition()
	def.Windows, def.Pane, def.Partitions, def.Bands = window.DefaultWindows(), 5*time.Minute, 2, window.DefaultBands()
	def.Dimensions, def.Quality = window.BuiltinDimensions(), []string{"response_time_ms", "accuracy", "completeness"}
	if _, err := store.Migrate(ctx, k.conn, store.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	// Versions that do not stand any more stay. By table: the server is that of all packages of the run.
	for _, table := range []string{"satisfaction_panes", "satisfaction_windows", "pipeline_checkpoints", "pipeline_epochs", "customer_satisfaction_alerts"} {
		if err := k.conn.Exec(ctx, "SYSTEM STOP MERGES "+table); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.EnsureEpoch(ctx, k.conn, &def, k.now); err != nil {
		t.Fatal(err)
	}
	grid := def.Grid()
	panes, windows := k.sums(&def, &grid)
	var paneRows, older []owner.PaneRow
	for at, sums := range panes {
		paneRows = append(paneRows, owner.PaneRow{Partition: at.partition, Pane: at.pane, Key: at.key, Version: 9, Sums: *sums})
		wrong := *sums
		wrong.Add(&wrong)
		older = append(older, owner.PaneRow{Partition: at.partition, Pane: at.pane, Key: at.key, Version: 3, Sums: wrong})
	}
	var windowRows []owner.WindowRow
	for at, sums := range windows {
		windowRows = append(windowRows, owner.WindowRow{Partition: at.partition, Window: at.name, End: at.pane, Key: at.key, Version: 9, Sums: *sums})
	}
	if err := k.conn.Exec(ctx, "INSERT INTO pipeline_epochs (epoch, version, partitions, definition, definition_hash, state) SELECT 2, version, partitions, definition, definition_hash, 'building' FROM pipeline_epochs"); err != nil {
		t.Fatal(err)
	}
	sink, other := store.NewSink(k.conn, 1, &def), store.NewSink(k.conn, 2, &def)
	checkpoints := []owner.Checkpoint{
		{Partition: 0, Cut: 9, Watermark: k.now.Add(-time.Minute).UnixMilli(), FreshAt: k.now.UnixMilli(), Definition: def.Hash(), Owner: "test"},
		{Partition: 1, Cut: 9, Watermark: k.completeTo.UnixMilli(), FreshAt: k.fresh.UnixMilli(), Definition: def.Hash(), Owner: "test"},
	}
	for _, err := range []error{
		sink.InsertPanes(ctx, paneRows), sink.InsertPanes(ctx, older), other.InsertPanes(ctx, older), sink.InsertWindows(ctx, windowRows), other.InsertWindows(ctx, windowRows),
		sink.InsertCheckpoints(ctx, checkpoints), other.InsertCheckpoints(ctx, checkpoints),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// sums makes panes of the ratings, and the closed windows of 24 hours that end in the last 28 days.
func (k *known) sums(def *window.Definition, grid *window.Grid) (map[paneAt]*window.Sums, map[windowAt]*window.Sums) {
	panes, windows := map[paneAt]*window.Sums{}, map[windowAt]*window.Sums{}
	keys := window.NewKeys(nil)
	for _, g := range k.ratings {
		e, pane := g.event(), grid.PaneOf(g.at.UnixMilli())
		for _, id := range keys.Group(keys.GroupOf(e)) {
			at := paneAt{g.partition, pane, keys.Key(id)}
			add(panes, at, def, e)
			for _, w := range grid.Windows {
				for end := grid.FirstEnd(w, pane); w.Name == "24h" && end <= pane+w.Length; end += w.Slide {
					add(windows, windowAt{w.Name, paneAt{g.partition, end, at.key}}, def, e)
				}
			}
		}
	}
	staff := paneAt{0, grid.PaneOf(k.now.UnixMilli()), window.Key{Dimension: window.Staff, Value: "data_analysis"}}
	add(panes, staff, def, given{score: 100}.event())
	return panes, windows
}

func add[K comparable](in map[K]*window.Sums, at K, def *window.Definition, e *event.Event) {
	if in[at] == nil {
		in[at] = &window.Sums{}
	}
	in[at].Count(&def.Bands, e.Rating, &e.Quality, 1)
}

// row is what a query gives: columns to values; times as Unix seconds, numbers as float64, NULL as nil.
type row map[string]any

func query(t *testing.T, conn driver.Conn, sql string) (rows []row, columns []string) {
	t.Helper()
	rows, columns, err := tryQuery(t, conn, sql)
	if err != nil {
		t.Fatalf("%v in\n%s", err, sql)
	}
	return rows, columns
}

func tryQuery(t *testing.T, conn driver.Conn, sql string) (all []row, columns []string, err error) {
	t.Helper()
	result, err := conn.Query(t.Context(), sql)
	if err != nil {
		return nil, nil, err
	}
	defer result.Close()
	columns = result.Columns()
	for result.Next() {
		into := make([]any, len(columns))
		for i, c := range result.ColumnTypes() {
			into[i] = reflect.New(c.ScanType()).Interface()
		}
		if err := result.Scan(into...); err != nil {
			return nil, nil, err
		}
		r := row{}
		for i, c := range columns {
			r[c] = plain(reflect.ValueOf(into[i]).Elem())
		}
		all = append(all, r)
	}
	return all, columns, result.Err()
}

func plain(v reflect.Value) any {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		return plain(v.Elem())
	}
	switch x := v.Interface().(type) {
	case time.Time:
		return float64(x.Unix())
	case string:
		return x
	}
	switch {
	case v.CanInt():
		return float64(v.Int())
	case v.CanUint():
		return float64(v.Uint())
	case v.CanFloat():
		return v.Float()
	}
	return fmt.Sprint(v.Interface())
}

func newEmpty(t *testing.T) driver.Conn {
	t.Helper()
	conn := testkit.ClickHouse(t).Open()
	if _, err := store.Migrate(t.Context(), conn, store.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	return conn
}
