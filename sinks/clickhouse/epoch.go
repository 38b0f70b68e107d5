package clickhouse

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/logid"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

// EpochState says what an epoch is for.
type EpochState string

const (
	// Building is being filled beside the current epoch.
	Building EpochState = "building"
	// Current is what readers follow; one epoch at most.
	Current EpochState = "current"
	// Retired was current once.
	Retired EpochState = "retired"
)

// Epoch is one definition of windows, bands, dimensions and partitions, under the number that every key holds.
type Epoch struct {
	Number     uint32
	State      EpochState
	Definition window.Definition
	Log        logid.ID // the log that its rows were read from
}

// epochRow is an Epoch as it is stored.
type epochRow struct {
	Epoch      uint32 `ch:"epoch"`
	Version    uint64 `ch:"version"`
	Partitions uint32 `ch:"partitions"`
	Definition string `ch:"definition"`
	Hash       string `ch:"definition_hash"`
	Cluster    string `ch:"cluster"`
	Topic      string `ch:"topic"`
	TopicID    string `ch:"topic_id"`
	State      string `ch:"state"`
}

func (r *epochRow) epoch() (Epoch, error) {
	e := Epoch{Number: r.Epoch, State: EpochState(r.State), Log: logid.ID{Cluster: r.Cluster, Topic: r.Topic, TopicID: r.TopicID}}
	if err := json.Unmarshal([]byte(r.Definition), &e.Definition); err != nil {
		return Epoch{}, permanentf("definition of epoch %d: %w", r.Epoch, err)
	}
	return e, nil
}

// Epochs returns all epochs by number.
func Epochs(ctx context.Context, conn driver.Conn) ([]Epoch, error) {
	rows, err := epochRows(ctx, conn)
	if err != nil {
		return nil, err
	}
	epochs := make([]Epoch, 0, len(rows))
	for i := range rows {
		e, err := rows[i].epoch()
		if err != nil {
			return nil, err
		}
		epochs = append(epochs, e)
	}
	return epochs, nil
}

func epochRows(ctx context.Context, conn driver.Conn) ([]epochRow, error) {
	var rows []epochRow
	err := conn.Select(ctx, &rows, `SELECT epoch, version, partitions, definition, definition_hash, cluster, topic, topic_id, toString(state) AS state
FROM pipeline_epochs FINAL ORDER BY epoch`)
	return rows, failed(err, "read epochs")
}

// CurrentEpoch returns the epoch that readers follow; false when there is none yet.
func CurrentEpoch(ctx context.Context, conn driver.Conn) (Epoch, bool, error) {
	epochs, err := Epochs(ctx, conn)
	if err != nil {
		return Epoch{}, false, err
	}
	e, found := currentOf(epochs)
	return e, found, nil
}

func currentOf(epochs []Epoch) (Epoch, bool) {
	for _, e := range slices.Backward(epochs) {
		if e.State == Current {
			return e, true
		}
	}
	return Epoch{}, false
}

// UseEpoch returns the epoch with the number, which must have the definition and be filled. It may be retired: a processor
// that names it keeps it up, so that readers can be switched back.
func UseEpoch(ctx context.Context, conn driver.Conn, number uint32, def *window.Definition) (Epoch, error) {
	e, err := EpochNumber(ctx, conn, number)
	switch {
	case err != nil:
		return Epoch{}, err
	case e.Definition.Hash() != def.Hash():
		return Epoch{}, permanentf("the configuration does not fit epoch %d: %s", number, Differences(&e.Definition, def))
	case e.State != Current:
		err = requireFilled(ctx, conn, &e)
	}
	return e, err
}

// requireFilled refuses an epoch of which a partition has no checkpoint: while facts are copied into it, which ends with
// all checkpoints at once, a processor that began at the start of the topic would write rows that lack what the topic no
// longer holds, and that would win.
func requireFilled(ctx context.Context, conn driver.Conn, e *Epoch) error {
	checkpoints, err := EpochCheckpoints(ctx, conn, e)
	if err == nil && len(checkpoints) < e.Definition.Partitions {
		err = permanentf("epoch %d has this configuration and is not filled yet: wait for `satisflow rebuild --epoch %d`, or run it again", e.Number, e.Number)
	}
	return err
}

// EpochCheckpoints returns the checkpoints of the epoch by partition.
func EpochCheckpoints(ctx context.Context, conn driver.Conn, e *Epoch) (map[int32]owner.Checkpoint, error) {
	all := make([]int32, e.Definition.Partitions)
	for i := range all {
		all[i] = int32(i)
	}
	return NewStore(conn, e.Number, &e.Definition).Checkpoints(ctx, all)
}

// PutEpoch stores the epoch as it now is. Of two calls for one epoch the one with the later clock stands.
func PutEpoch(ctx context.Context, conn driver.Conn, e Epoch, now time.Time) error {
	return putEpochs(ctx, conn, uint64(now.UnixMicro()), e)
}

// putEpochs stores the epochs in one insert, so that readers see all of them or none.
func putEpochs(ctx context.Context, conn driver.Conn, version uint64, epochs ...Epoch) error {
	for _, e := range epochs {
		if e.Definition.Pane%time.Second != 0 {
			return permanentf("epoch %d: panes of %v: want whole seconds", e.Number, e.Definition.Pane)
		}
	}
	err := conn.Exec(ctx, `INSERT INTO pipeline_epochs (epoch, version, partitions, definition, definition_hash, cluster, topic, topic_id, state)
SETTINGS async_insert = 0 VALUES `+list(epochs, func(e Epoch) string {
		return fmt.Sprintf("(%d, %d, %d, %s, %s, %s, %s, %s, %s)",
			e.Number, version, e.Definition.Partitions, quote(e.Definition.JSON()), quote(e.Definition.Hash()),
			quote(e.Log.Cluster), quote(e.Log.Topic), quote(e.Log.TopicID), quote(string(e.State)))
	}))
	return failed(err, "store epochs %s", list(epochs, func(e Epoch) string { return fmt.Sprint(e.Number) }))
}

// EpochNumber returns the epoch with the number; the error is permanent when it is not registered.
func EpochNumber(ctx context.Context, conn driver.Conn, number uint32) (Epoch, error) {
	epochs, err := Epochs(ctx, conn)
	if err != nil {
		return Epoch{}, err
	}
	for _, e := range epochs {
		if e.Number == number {
			return e, nil
		}
	}
	return Epoch{}, permanentf("epoch %d is not registered", number)
}
