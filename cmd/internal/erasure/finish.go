package erasure

import (
	"context"
	"errors"
	"fmt"
	"time"

	"satisflow/sinks/clickhouse"
)

// ErrBehind is wrapped by the error when the processor did not store the erasures in time.
var ErrBehind = errors.New("the processor is behind")

// maxRounds bounds how often ratings are searched for that came meanwhile.
const maxRounds = 5

// Finish waits until the processor has stored the erasures and those of ratings that came meanwhile, deletes the rejected
// records and what people wrote on alerts, merges the months concerned, and closes the entry in the audit. It calls tell
// with a line about each step.
func (e *Eraser) Finish(ctx context.Context, j *Job, tell func(text string)) error {
	if err := e.settle(ctx, j, tell); err != nil {
		return err
	}
	var err error
	if j.DeadLetters, err = e.parts.Store.DeadLetters(ctx, j.of); err != nil {
		return err
	}
	if j.DeadLetters > 0 {
		tell(fmt.Sprintf("deleting %d dead letters", j.DeadLetters))
		if err := e.parts.Store.DeleteDeadLetters(ctx, j.of); err != nil {
			return err
		}
	}
	if err := e.parts.Store.DeleteRetired(ctx, j.of); err != nil {
		return err
	}
	if err := e.blank(ctx, tell); err != nil {
		return err
	}
	if alerts, err := e.parts.Alerts.EraseText(ctx, j.of); err != nil {
		return err
	} else if alerts > 0 {
		tell(fmt.Sprintf("removed what people wrote on %d alerts", alerts))
	}
	j.State = clickhouse.ErasureDurable
	if err := e.parts.Store.Put(ctx, j.Erasure, e.parts.Now()); err != nil {
		return err
	}
	if err := e.scrub(ctx, j.RequestedAt.Add(-clockSkew), tell); err != nil {
		return err
	}
	return e.close(ctx, j.Erasure)
}

// clockSkew is how far the clocks of this process and of ClickHouse may differ.
const clockSkew = time.Hour

func (e *Eraser) close(ctx context.Context, entry clickhouse.Erasure) error {
	entry.State, entry.FinishedAt = clickhouse.ErasureFinished, e.parts.Now().UTC()
	return e.parts.Store.Put(ctx, entry, e.parts.Now())
}

// settle waits for the end of the topic and erases what came meanwhile, until there is nothing more.
func (e *Eraser) settle(ctx context.Context, j *Job, tell func(string)) error {
	for range maxRounds {
		if err := e.wait(ctx, &j.epoch, tell); err != nil {
			return err
		}
		found, err := e.find(ctx, &j.epoch, j.of)
		if err != nil || len(found.Ratings) == 0 {
			return err
		}
		tell(fmt.Sprintf("%d ratings came meanwhile: erasing them too", len(found.Ratings)))
		if err := e.send(ctx, j, found.Ratings); err != nil {
			return err
		}
	}
	return fmt.Errorf("erasure %s: ratings kept coming in %d rounds: stop their producer, then ask again", j.ID, maxRounds)
}

// wait returns when every record that is in the topic now is durable.
func (e *Eraser) wait(ctx context.Context, epoch *clickhouse.Epoch, tell func(string)) error {
	ends, err := e.parts.Ends(ctx)
	if err != nil {
		return err
	}
	deadline := e.parts.Now().Add(e.cfg.Wait)
	last := int64(-1)
	for {
		cuts, err := e.parts.Store.Cuts(ctx, epoch)
		if err != nil {
			return err
		}
		behind := behind(ends, cuts)
		switch {
		case behind == 0:
			return nil
		case e.parts.Now().After(deadline):
			return fmt.Errorf("%w: %d records are not stored after %s: the erasures are in Kafka and take effect when a processor gets there; then ask again to finish", ErrBehind, behind, e.cfg.Wait)
		case behind != last:
			tell(fmt.Sprintf("waiting for the processor: %d records to go", behind))
		}
		last = behind
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(e.cfg.Poll):
		}
	}
}

// behind counts the records below the ends that are not durable.
func behind(ends, cuts map[int32]int64) (n int64) {
	for partition, end := range ends {
		n += max(0, end-cuts[partition])
	}
	return n
}
