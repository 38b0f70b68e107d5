package erasure

import (
	"context"
	"errors"
	"fmt"
)

// errLeft is wrapped by errors about something that an erasure has left.
var errLeft = errors.New("left")

// look reads every table that may hold what the erasure is about, in every part, and returns an error that wraps errLeft for
// what is still there.
func (e *Eraser) look(ctx context.Context, j *Job) error {
	epoch, err := e.epoch(ctx)
	if err != nil {
		return err
	}
	if epoch.Number != j.epoch.Number {
		return fmt.Errorf("%w: readers were switched to epoch %d meanwhile", errLeft, epoch.Number)
	}
	found, err := e.find(ctx, &epoch, j.of)
	if err == nil && len(found.Ratings) > 0 {
		err = fmt.Errorf("%w: %d ratings that are not erased", errLeft, len(found.Ratings))
	}
	if err != nil {
		return err
	}
	letters, err := e.letters(ctx, &epoch, j.of)
	if err == nil && len(letters.delete) > 0 {
		err = fmt.Errorf("%w: %d dead letters", errLeft, len(letters.delete))
	}
	if err != nil {
		return err
	}
	alerts, err := e.parts.Store.AlertsWithText(ctx, j.of)
	if err == nil && alerts > 0 {
		err = fmt.Errorf("%w: what people wrote on %d alerts", errLeft, alerts)
	}
	if err != nil {
		return err
	}
	return e.lookAtParts(ctx, j)
}

// lookAtParts looks for versions of the ratings that no read returns.
func (e *Eraser) lookAtParts(ctx context.Context, j *Job) error {
	months, err := e.parts.Store.ResidueOf(ctx, j.of)
	if err == nil && len(months) > 0 {
		err = fmt.Errorf("%w: %d versions of erased ratings in the parts of month %d, epoch %d", errLeft, months[0].Versions, months[0].Month, months[0].Epoch)
	}
	if err != nil {
		return err
	}
	retired, err := e.parts.Store.Retired(ctx, j.of)
	if err == nil && retired > 0 {
		err = fmt.Errorf("%w: %d ratings in retired epochs", errLeft, retired)
	}
	if err != nil {
		return err
	}
	others, err := e.parts.Store.TextInOthers(ctx)
	if err == nil && others > 0 {
		err = fmt.Errorf("%w: the text of %d ratings in epochs beside the current one", errLeft, others)
	}
	return err
}
