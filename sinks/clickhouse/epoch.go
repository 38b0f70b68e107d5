package clickhouse

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

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
}

// epochRow is an Epoch as it is stored.
type epochRow struct {
	Epoch      uint32 `ch:"epoch"`
	Version    uint64 `ch:"version"`
	Partitions uint32 `ch:"partitions"`
	Definition string `ch:"definition"`
	Hash       string `ch:"definition_hash"`
	State      string `ch:"state"`
}

func (r *epochRow) epoch() (Epoch, error) {
	e := Epoch{Number: r.Epoch, State: EpochState(r.State)}
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
	err := conn.Select(ctx, &rows, `SELECT epoch, version, partitions, definition, definition_hash, toString(state) AS state
FROM pipeline_epochs FINAL ORDER BY epoch`)
	return rows, failed(err, "read epochs")
}

// CurrentEpoch returns the epoch that readers follow; false when there is none yet.
func CurrentEpoch(ctx context.Context, conn driver.Conn) (Epoch, bool, error) {
	epochs, err := Epochs(ctx, conn)
	if err != nil {
		return Epoch{}, false, err
	}
	for i := len(epochs) - 1; i >= 0; i-- {
		if epochs[i].State == Current {
			return epochs[i], true, nil
		}
	}
	return Epoch{}, false, nil
}

// EnsureEpoch returns the current epoch when it has the definition, and registers epoch 1 as current when there is none.
// When the current epoch has another definition the error wraps ErrPermanent, says what differs and that a new epoch is
// needed. The clock orders the versions of an epoch's row.
func EnsureEpoch(ctx context.Context, conn driver.Conn, def *window.Definition, now time.Time) (Epoch, error) {
	if err := def.Validate(); err != nil {
		return Epoch{}, permanentError{err}
	}
	current, found, err := CurrentEpoch(ctx, conn)
	if err != nil {
		return Epoch{}, err
	}
	if !found {
		e := Epoch{Number: 1, State: Current, Definition: *def}
		return e, PutEpoch(ctx, conn, e, now)
	}
	if current.Definition.Hash() != def.Hash() {
		return Epoch{}, permanentf("the configuration does not fit epoch %d: %s: change it back, or fill a new epoch with `satisflow rebuild --epoch %d`",
			current.Number, Differences(&current.Definition, def), current.Number+1)
	}
	return current, nil
}

// PutEpoch stores the epoch as it now is. Of two calls for one epoch the one with the later clock stands.
func PutEpoch(ctx context.Context, conn driver.Conn, e Epoch, now time.Time) error {
	if e.Definition.Pane%time.Second != 0 {
		return permanentf("epoch %d: panes of %v: want whole seconds", e.Number, e.Definition.Pane)
	}
	err := conn.Exec(ctx, fmt.Sprintf(`INSERT INTO pipeline_epochs (epoch, version, partitions, definition, definition_hash, state)
SETTINGS async_insert = 0 VALUES (%d, %d, %d, %s, %s, %s)`,
		e.Number, now.UnixMicro(), e.Definition.Partitions, quote(e.Definition.JSON()), quote(e.Definition.Hash()), quote(string(e.State))))
	return failed(err, "store epoch %d", e.Number)
}

// epochNumber returns the epoch with the number.
func epochNumber(ctx context.Context, conn driver.Conn, number uint32) (Epoch, error) {
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
