package rebuild

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/sinks/clickhouse"
)

// hold runs the work on an epoch while no other process fills it, drops it or switches to it.
func hold(ctx context.Context, conn driver.Conn, number uint32, work func(context.Context) error) error {
	return refusedWhereHeld(number, clickhouse.NewLease(conn, clickhouse.BuildLease(number), clickhouse.Holder()).Hold(ctx, work))
}

// refusedWhereHeld says who has the epoch, where another has.
func refusedWhereHeld(number uint32, err error) error {
	var held *clickhouse.HeldError
	if errors.As(err, &held) && held.Name == clickhouse.BuildLease(number) {
		return fmt.Errorf("%w: epoch %d is being filled, dropped or switched to by %s since %s: wait for it, or end it first",
			ErrRefused, number, held.Holder, held.Since.UTC().Format(time.RFC3339))
	}
	return err
}

// holdPatiently is hold for work that may be done again from its beginning: it waits out an outage of ClickHouse, and begins
// again when that lasted so long that another process could have taken the epoch.
func holdPatiently(ctx context.Context, parts Parts, to *clickhouse.Epoch, work func(context.Context) error) (err error) {
	lease := clickhouse.NewLease(parts.Conn, clickhouse.BuildLease(to.Number), clickhouse.Holder())
	outage := patientFor(parts).Do(ctx, "hold the epoch", func(ctx context.Context) error {
		began := false
		held := lease.Hold(ctx, func(ctx context.Context) error {
			began = true
			if err := requireBuilding(ctx, parts.Conn, to); err != nil {
				return err
			}
			return work(ctx)
		})
		var lost *clickhouse.LostError
		var other *clickhouse.HeldError
		if errors.As(held, &lost) || held != nil && !began && !errors.As(held, &other) {
			return held
		}
		err = refusedWhereHeld(to.Number, held)
		return nil
	})
	return errors.Join(outage, err)
}

// requireBuilding refuses an epoch that was dropped, switched to or registered for something else since it was begun.
func requireBuilding(ctx context.Context, conn driver.Conn, to *clickhouse.Epoch) error {
	e, err := clickhouse.EpochNumber(ctx, conn, to.Number)
	switch {
	case err != nil:
		return err
	case e.State != clickhouse.Building:
		return fmt.Errorf("%w: epoch %d is %s by now: take a number that was never used", ErrRefused, to.Number, e.State)
	case e.Definition.Hash() != to.Definition.Hash():
		return fmt.Errorf("%w: epoch %d was begun for another configuration at the same time: take another number", ErrRefused, to.Number)
	}
	return nil
}
