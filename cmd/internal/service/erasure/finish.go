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

const (
	// maxRounds bounds how often what came meanwhile is searched for.
	maxRounds = 5
	// maxLooks bounds how often an erasure is done again as a look found something left.
	maxLooks = 3
)

// Finish waits until the processor has stored the erasures and those of ratings that came meanwhile, deletes the rejected
// records and what people wrote on alerts, and merges the months concerned. Then it looks whether any of it is left, and only
// closes the entry in the audit when none is; what it cannot remove is an error, and the entry stays open. It calls tell with
// a line about each step.
func (e *Eraser) Finish(ctx context.Context, j *Job, tell func(text string)) error {
	var left error
	for range maxLooks {
		if err := e.erase(ctx, j, tell); err != nil {
			return err
		}
		if left = e.look(ctx, j); left == nil {
			break
		}
		if !errors.Is(left, errLeft) {
			return left
		}
		tell(left.Error() + ": erasing it too")
	}
	switch {
	case left != nil:
		return fmt.Errorf("erasure %s: %w: ask again to finish", j.ID, left)
	case j.blind:
		return fmt.Errorf("erasure %s: the ratings are erased; rejected records, which hold the original ids, could not be looked for: %w", j.ID, ErrBlind)
	}
	return e.close(ctx, j.Erasure)
}

// erase removes everything once.
func (e *Eraser) erase(ctx context.Context, j *Job, tell func(string)) error {
	if err := e.settle(ctx, j, tell); err != nil {
		return err
	}
	if err := e.deleteLetters(ctx, j, tell); err != nil {
		return err
	}
	if err := e.parts.Store.DeleteRetired(ctx, j.of); err != nil {
		return err
	}
	if err := e.blank(ctx, tell); err != nil {
		return err
	}
	if err := e.eraseAlerts(ctx, j, tell); err != nil {
		return err
	}
	if j.State = clickhouse.ErasureDurable; j.blind {
		j.State = clickhouse.ErasureAsked // the next look would close it
	}
	if err := e.parts.Store.Put(ctx, j.Erasure, e.parts.Now()); err != nil {
		return err
	}
	months, err := e.parts.Store.ResidueOf(ctx, j.of)
	if err != nil {
		return err
	}
	return e.merge(ctx, months, tell)
}

// deleteLetters deletes the rejected records, once the ratings that they may become are erased.
func (e *Eraser) deleteLetters(ctx context.Context, j *Job, tell func(string)) error {
	found, err := e.letters(ctx, &j.epoch, j.of)
	if err != nil {
		return err
	}
	if n := len(found.mentioning); n > 0 {
		tell(fmt.Sprintf("%d dead letters about others hold an id too, and stay: %s", n, positions(found.mentioning)))
	}
	if n := len(found.resembling); n > 0 {
		tell(fmt.Sprintf("%d of the dead letters to delete name nobody in a field that could be read: %s", n, positions(found.resembling)))
	}
	if len(found.delete) == 0 {
		return nil
	}
	tell(fmt.Sprintf("deleting %d dead letters", len(found.delete)))
	j.DeadLetters += uint64(len(found.delete))
	return e.parts.Store.DeleteLetters(ctx, found.delete)
}

// positions lists the first of the letters.
func positions(at []clickhouse.LetterAt) (text string) {
	const most = 10
	for i, l := range at {
		if i == most {
			return text + fmt.Sprintf(" and %d more", len(at)-most)
		}
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%s (epoch %d)", l.Position, l.Epoch)
	}
	return text
}

// eraseAlerts removes what people wrote on alerts until it finds none: an action of a gateway that had begun before may put
// a text back that it had read.
func (e *Eraser) eraseAlerts(ctx context.Context, j *Job, tell func(string)) error {
	for range maxRounds {
		alerts, err := e.parts.Alerts.EraseText(ctx, j.of)
		if err != nil || alerts == 0 {
			return err
		}
		tell(fmt.Sprintf("removed what people wrote on %d alerts", alerts))
		if err := sleep(ctx, e.cfg.Settle); err != nil {
			return err
		}
	}
	return fmt.Errorf("erasure %s: alerts about it were written in %d rounds: ask again to finish", j.ID, maxRounds)
}

func (e *Eraser) close(ctx context.Context, entry clickhouse.Erasure) error {
	entry.State, entry.FinishedAt = clickhouse.ErasureFinished, e.parts.Now().UTC()
	return e.parts.Store.Put(ctx, entry, e.parts.Now())
}

// settle waits for the end of the topic and erases what came meanwhile, and what rejected records may become, until there is
// nothing more.
func (e *Eraser) settle(ctx context.Context, j *Job, tell func(string)) (err error) {
	for range maxRounds {
		if j.epoch, err = e.epoch(ctx); err != nil { // readers may have been switched to another one
			return err
		}
		if err := e.wait(ctx, &j.epoch, tell); err != nil {
			return err
		}
		found, err := e.find(ctx, &j.epoch, j.of)
		if err != nil {
			return err
		}
		rejected, err := e.letters(ctx, &j.epoch, j.of)
		if err != nil {
			return err
		}
		tombstones, err := e.unerased(ctx, &j.epoch, rejected.ratings)
		if err != nil {
			return err
		}
		switch n := len(found.Ratings); {
		case n > 0:
			tell(fmt.Sprintf("%d ratings came meanwhile: erasing them too", n))
		case len(tombstones) > 0:
			tell(fmt.Sprintf("erasing %d ratings that were rejected, lest a rebuild admits them", len(tombstones)))
		default:
			return nil
		}
		if err := e.send(ctx, j, append(found.Ratings, tombstones...)); err != nil {
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
		if err := sleep(ctx, e.cfg.Poll); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// behind counts the records below the ends that are not durable.
func behind(ends, cuts map[int32]int64) (n int64) {
	for partition, end := range ends {
		n += max(0, end-cuts[partition])
	}
	return n
}
