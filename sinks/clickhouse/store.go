package clickhouse

import (
	"context"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/event"
	"satisflow/pipeline/logid"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

// readSettings hold for every read.
var readSettings = clickhouse.Settings{
	// The partition key is a function of the sorting key: versions of a row never lie in two partitions.
	"do_not_merge_across_partitions_select_final": 1,
	"max_threads":    2,
	"max_query_size": 64 << 20, // a page-in names its panes
}

// Store reads the rows of one epoch for the owners of its partitions. It is safe for concurrent use.
type Store struct {
	conn       driver.Conn
	epoch      uint32
	grid       window.Grid
	attributes []string // declared attributes, sorted
	extra      []string // declared quality metrics, in the order of event.Quality
	sums       []sumColumn
	arrivalsOf []uint32 // other epochs of the same log
}

var _ owner.Store = (*Store)(nil)

// NewStore returns a store for the epoch, which must have been registered with the definition.
func NewStore(conn driver.Conn, epoch uint32, def *window.Definition) *Store {
	return &Store{
		conn: conn, epoch: epoch, grid: def.Grid(),
		attributes: declaredAttributes(def),
		extra:      extraNames(def),
		sums:       sumColumns(def.Quality),
	}
}

// declaredAttributes returns the dimensions of the definition that are attributes, sorted as in an event.
func declaredAttributes(def *window.Definition) []string {
	builtin := window.BuiltinDimensions()
	return slices.Sorted(slices.Values(slices.DeleteFunc(slices.Clone(def.Dimensions), func(d string) bool { return slices.Contains(builtin, d) })))
}

func extraNames(def *window.Definition) []string {
	return def.Quality[min(event.BuiltinQuality, len(def.Quality)):]
}

// Checkpoints returns the checkpoints that exist of the partitions.
func (s *Store) Checkpoints(ctx context.Context, partitions []int32) (map[int32]owner.Checkpoint, error) {
	found := map[int32]owner.Checkpoint{}
	if len(partitions) == 0 {
		return found, nil
	}
	var c owner.Checkpoint
	err := each(ctx, s.conn, checkpointsQuery(s.epoch, partitions),
		[]any{&c.Partition, &c.Cut, &c.Watermark, &c.FreshAt, (*int64)(&c.Log), &c.Topic.Cluster, &c.Topic.Topic, &c.Topic.TopicID,
			&c.Last.Offset, &c.Last.Sum, &c.Definition, &c.Owner},
		func() {
			if c.Last.Known = c.Last.Offset >= 0; !c.Last.Known {
				c.Last = logid.Mark{}
			}
			found[c.Partition] = c
		})
	return found, failed(err, "read checkpoints of epoch %d", s.epoch)
}

// Clock returns the server's clock, by which facts expire.
func (s *Store) Clock(ctx context.Context) (at int64, err error) {
	err = each(ctx, s.conn, "SELECT toUnixTimestamp64Milli(now64(3))", []any{&at}, func() {})
	return at, failed(err, "read the clock of ClickHouse")
}

// WithArrivalsOf returns the store with the arrivals of another epoch too, which was read from the same log: what a clock
// decided there is decided alike.
func (s *Store) WithArrivalsOf(epoch uint32) *Store {
	c := *s
	c.arrivalsOf = append(slices.Clone(s.arrivalsOf), epoch)
	return &c
}

// Arrivals calls yield for the dead letters of the partition from the offset on; of another epoch for those that a clock
// rejected.
func (s *Store) Arrivals(ctx context.Context, partition int32, from int64, yield func(int64, owner.Arrival)) error {
	var offset int64
	var a owner.Arrival
	err := each(ctx, s.conn, arrivalsQuery(s.epoch, s.arrivalsOf, partition, from), []any{&offset, &a.At, &a.Reason}, func() { yield(offset, a) })
	return failed(err, "read arrivals of partition %d", partition)
}

// KnownPanes calls yield for every pane that holds a fact or a pane row of the partition; twice when it holds both.
func (s *Store) KnownPanes(ctx context.Context, partition int32, yield func(window.Pane)) error {
	var start uint32
	err := each(ctx, s.conn, knownPanesQuery(s.epoch, partition), []any{&start}, func() { yield(s.pane(start)) })
	return failed(err, "read known panes of partition %d", partition)
}

// PaneSums calls yield for the stored rows with from ≤ pane < to; keys nil means all keys. The sums are valid during the
// call only.
func (s *Store) PaneSums(ctx context.Context, partition int32, from, to window.Pane, keys []window.Key, yield func(window.Pane, window.Key, *window.Sums)) error {
	if from >= to || keys != nil && len(keys) == 0 {
		return nil
	}
	var start uint32
	var key window.Key
	var sums window.Sums
	dest := append([]any{&start, &key.Dimension, &key.Value}, destinations(s.sums, &sums)...)
	query := paneSumsQuery(s.epoch, partition, seconds(&s.grid, from), seconds(&s.grid, to), keys, s.sums)
	err := each(ctx, s.conn, query, dest, func() { yield(s.pane(start), key, &sums) })
	return failed(err, "read pane sums of partition %d", partition)
}

// PageFacts calls yield for the last version of every fact of the panes, erased ones included. The event, valid during
// the call only, holds what it counts for and the rating id.
func (s *Store) PageFacts(ctx context.Context, partition int32, panes []window.Pane, yield func(window.Pane, *event.Event, uint64)) error {
	if len(panes) == 0 {
		return nil
	}
	row := factRow{attributes: make([]string, len(s.attributes))}
	row.e.Quality = event.NoQuality()
	query := pageFactsQuery(s.epoch, partition, s.starts(panes), s.attributes, s.extra)
	err := each(ctx, s.conn, query, row.destinations(len(s.extra)), func() {
		yield(s.pane(row.start), row.event(s.attributes), row.version)
	})
	return failed(err, "page in facts of partition %d, %d panes", partition, len(panes))
}

// PageKeys calls yield for every stored pane row's key of the panes.
func (s *Store) PageKeys(ctx context.Context, partition int32, panes []window.Pane, yield func(window.Pane, window.Key)) error {
	if len(panes) == 0 {
		return nil
	}
	var start uint32
	var key window.Key
	err := each(ctx, s.conn, pageKeysQuery(s.epoch, partition, s.starts(panes)), []any{&start, &key.Dimension, &key.Value},
		func() { yield(s.pane(start), key) })
	return failed(err, "page in keys of partition %d, %d panes", partition, len(panes))
}

func (s *Store) pane(start uint32) window.Pane { return s.grid.PaneOf(int64(start) * 1000) }

func (s *Store) starts(panes []window.Pane) []int64 {
	starts := make([]int64, len(panes))
	for i, p := range panes {
		starts[i] = seconds(&s.grid, p)
	}
	return starts
}

// factRow is a fact as a page-in reads it.
type factRow struct {
	start      uint32
	version    uint64
	erased     bool
	rating     uint16
	attributes []string // values, in the order of the store's attributes
	e          event.Event
}

// destinations are in the order of pageFactsQuery.
func (r *factRow) destinations(extra int) []any {
	dest := []any{&r.start, &r.e.RatingID, &r.version, &r.erased, &r.e.Quarantined, &r.e.Staff, &r.rating,
		&r.e.Service, &r.e.ProductID, &r.e.Channel, &r.e.Segment}
	for i := range event.BuiltinQuality + extra {
		dest = append(dest, &r.e.Quality[i])
	}
	for i := range r.attributes {
		dest = append(dest, &r.attributes[i])
	}
	return dest
}

func (r *factRow) event(attributes []string) *event.Event {
	r.e.Op, r.e.Rating = event.Put, int32(r.rating)
	if r.erased {
		r.e.Op = event.Erase
	}
	r.e.Attributes = r.e.Attributes[:0]
	for i, key := range attributes {
		if r.attributes[i] != "" {
			r.e.Attributes = append(r.e.Attributes, event.Pair{Key: key, Value: r.attributes[i]})
		}
	}
	return &r.e
}
