package clickhouse

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/window"
)

// Difference is a stored row that is not what its facts give.
type Difference struct {
	Table     string
	Window    string    // name of the window; empty for panes
	Time      time.Time // start of the pane, or end of the window
	Partition int32
	Key       window.Key
	Missing   bool // no row is stored
	Fields    []FieldDifference
}

// FieldDifference is a column of a row that differs.
type FieldDifference struct {
	Name               string
	Stored, Recomputed int64
}

// String is a line for people that names the row and each column.
func (d Difference) String() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s", d.Table)
	if d.Window != "" {
		fmt.Fprintf(&b, " %s", d.Window)
	}
	fmt.Fprintf(&b, " %s %s=%q partition %d:", d.Time.Format(time.RFC3339), d.Key.Dimension, d.Key.Value, d.Partition)
	if d.Missing {
		b.WriteString(" no row stored;")
	}
	for _, f := range d.Fields {
		fmt.Fprintf(&b, " %s stored %d, recomputed %d;", f.Name, f.Stored, f.Recomputed)
	}
	return string(bytes.TrimRight(b.Bytes(), ";:"))
}

// Conflict is a rating id that stands, not erased, at more than one place and so counts more than once.
type Conflict struct {
	RatingID string
	Places   []Place
}

// Place is where a fact stands.
type Place struct {
	Partition  int32
	OccurredAt time.Time
	CustomerID string
	Timestamp  time.Time // of its record
	Offset     int64
	Revision   uint32
	Service    string
}

// Lesser returns the places to erase so that the rating counts once: all but the one with the highest revision; of equal ones
// the one whose record has the latest timestamp; of equal ones that of the highest partition, and in that the latest offset.
// Offsets of two partitions say nothing about each other.
func (c *Conflict) Lesser() []Place {
	last := slices.MaxFunc(c.Places, func(a, b Place) int {
		return cmp.Or(cmp.Compare(a.Revision, b.Revision), a.Timestamp.Compare(b.Timestamp), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	return slices.DeleteFunc(slices.Clone(c.Places), func(p Place) bool { return p == last })
}

// differing is a difference as verify.sql lists it.
type differing struct {
	partition          int32
	at                 int64
	key                window.Key
	storedRows         int
	stored, recomputed []int64
}

func (d differing) difference(c comparison) Difference {
	out := Difference{Table: c.Table, Window: c.name, Time: time.Unix(d.at, 0).UTC(), Partition: d.partition, Key: d.key, Missing: d.storedRows == 0}
	for i, column := range c.sums {
		if d.stored[i] != d.recomputed[i] {
			out.Fields = append(out.Fields, FieldDifference{column, d.stored[i], d.recomputed[i]})
		}
	}
	return out
}

// decodeTuples reads an array of tuples, which are arrays of their elements in JSON.
func decodeTuples[T any](text string, into func(*T) []any) ([]T, error) {
	var tuples [][]json.RawMessage
	if err := json.Unmarshal([]byte(text), &tuples); err != nil {
		return nil, fmt.Errorf("read tuples: %w", err)
	}
	out := make([]T, len(tuples))
	for i, tuple := range tuples {
		dest := into(&out[i])
		if len(tuple) != len(dest) {
			return nil, fmt.Errorf("read tuples: %d elements, want %d", len(tuple), len(dest))
		}
		for j, element := range tuple {
			if err := json.Unmarshal(element, dest[j]); err != nil {
				return nil, fmt.Errorf("read tuples: element %d: %w", j, err)
			}
		}
	}
	return out, nil
}

func decodeDifferences(text string) ([]differing, error) {
	return decodeTuples(text, func(d *differing) []any {
		return []any{&d.partition, &d.at, &d.key.Dimension, &d.key.Value, &d.storedRows, &d.stored, &d.recomputed}
	})
}

// conflicts finds the rating ids that stand at more than one place, at any time.
func (v *verifier) conflicts(ctx context.Context) (err error) {
	v.report.Conflicts, v.report.ConflictCount, err = Conflicts(ctx, v.conn, v.epoch, v.opts.MaxDifferences)
	if err != nil {
		return err
	}
	// Without FINAL: it returns the last version, of one of the two.
	err = each(ctx, v.conn, fmt.Sprintf(`SELECT count() FROM
(
    SELECT 1 FROM %s WHERE epoch = %d
    GROUP BY partition, pane, rating_id
    HAVING min(customer_id) != max(customer_id) OR min(occurred_at) != max(occurred_at)
)
SETTINGS max_bytes_before_external_group_by = 1000000000`, factsTable, v.epoch), []any{&v.report.Replaced}, func() {})
	return failed(err, "look for versions of ratings that differ in customer or time")
}

// Conflicts returns rating ids of the epoch that stand at more than one place, at most so many, and how many there are.
func Conflicts(ctx context.Context, conn driver.Conn, epoch uint32, most int) (found []Conflict, all uint64, err error) {
	text, err := rendered("conflicts.sql", map[string]any{"Epoch": epoch, "Most": most})
	if err != nil {
		return nil, 0, err
	}
	var id, places string
	var decodeErr error
	err = each(ctx, conn, text, []any{&id, &all, &places}, func() {
		read, err := decodePlaces(places)
		decodeErr = errors.Join(decodeErr, err)
		found = append(found, Conflict{RatingID: id, Places: read})
	})
	return found, all, failed(errors.Join(err, decodeErr), "look for rating ids at more than one place")
}

func decodePlaces(text string) ([]Place, error) {
	type placed struct {
		Place
		at, written int64
	}
	read, err := decodeTuples(text, func(p *placed) []any {
		return []any{&p.Partition, &p.at, &p.CustomerID, &p.written, &p.Offset, &p.Revision, &p.Service}
	})
	places := make([]Place, len(read))
	for i, p := range read {
		places[i] = p.Place
		places[i].OccurredAt, places[i].Timestamp = time.UnixMilli(p.at).UTC(), time.UnixMilli(p.written).UTC()
	}
	return places, err
}
