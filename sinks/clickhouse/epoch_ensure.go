package clickhouse

import (
	"context"
	"hash/fnv"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/logid"
	"satisflow/pipeline/window"
)

// registerSettle is how long the first epoch waits for another one that was registered at the same time.
const registerSettle = 300 * time.Millisecond

// EnsureEpoch is EnsureEpochOf for a log that nothing is known of.
func EnsureEpoch(ctx context.Context, conn driver.Conn, def *window.Definition, now time.Time) (Epoch, error) {
	return EnsureEpochOf(ctx, conn, def, logid.ID{}, now)
}

// EnsureEpochOf returns the epoch that has the definition and was read from the log: the current one, or one that was
// filled beside it; it registers epoch 1 as current when there is none. When neither fits, the error wraps ErrPermanent,
// says what differs and that a new epoch is needed. The clock orders the versions of an epoch's row.
func EnsureEpochOf(ctx context.Context, conn driver.Conn, def *window.Definition, log logid.ID, now time.Time) (Epoch, error) {
	if err := def.Validate(); err != nil {
		return Epoch{}, permanentError{err}
	}
	epochs, err := Epochs(ctx, conn)
	if err != nil {
		return Epoch{}, err
	}
	if _, found := currentOf(epochs); found {
		return fitting(ctx, conn, epochs, def, log)
	}
	return register(ctx, conn, Epoch{Number: 1, State: Current, Definition: *def, Log: log}, now)
}

// fitting returns the epoch of the definition and the log.
func fitting(ctx context.Context, conn driver.Conn, epochs []Epoch, def *window.Definition, log logid.ID) (Epoch, error) {
	current, _ := currentOf(epochs)
	fits := func(e *Epoch) bool { return e.Definition.Hash() == def.Hash() && e.Log.Same(log) }
	if fits(&current) {
		return current, nil
	}
	for _, e := range slices.Backward(epochs) {
		if e.State == Building && fits(&e) {
			return e, requireFilled(ctx, conn, &e)
		}
	}
	if current.Definition.Hash() == def.Hash() {
		return Epoch{}, permanentError{logid.Another(current.Log, log)}
	}
	return Epoch{}, permanentf("the configuration does not fit epoch %d: %s: change it back, or fill a new epoch with `satisflow rebuild --epoch %d`",
		current.Number, Differences(&current.Definition, def), epochs[len(epochs)-1].Number+1)
}

// register stores the first epoch. ClickHouse cannot compare and set, so of two processes that register one at the same
// time both write: a claim, whose version says what is claimed. After the settling time both read, and the one whose claim
// stands confirms it with a version that no late claim reaches; the other one finds out by what it reads in the end.
func register(ctx context.Context, conn driver.Conn, e Epoch, now time.Time) (Epoch, error) {
	if err := putEpochs(ctx, conn, claimVersion(&e), e); err != nil {
		return Epoch{}, err
	}
	for _, confirm := range []bool{true, false} {
		if err := sleep(ctx, registerSettle); err != nil {
			return Epoch{}, err
		}
		epochs, err := Epochs(ctx, conn)
		if err != nil {
			return Epoch{}, err
		}
		stands, err := fitting(ctx, conn, epochs, &e.Definition, e.Log)
		if err != nil || !confirm {
			return stands, err
		}
		if err := PutEpoch(ctx, conn, stands, now); err != nil {
			return Epoch{}, err
		}
	}
	return e, nil
}

// claimVersion is below every version that a clock gives, and the same for the same claim alone.
func claimVersion(e *Epoch) uint64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(e.Definition.Hash() + e.Log.String())) // it always returns nil
	return 1 + uint64(h.Sum32())
}
