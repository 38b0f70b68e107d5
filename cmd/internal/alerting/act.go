package alerting

import (
	"context"
	"errors"
	"fmt"

	"satisflow/pipeline/alert"
	"satisflow/sinks/clickhouse"
)

// ErrUnknown says that there is no alert of the id.
var ErrUnknown = errors.New("there is no alert of this id")

// VersionError says that an alert has changed since whoever acts has read it.
type VersionError struct {
	ID              string
	Present, Wanted uint64
}

// Error names both versions.
func (e *VersionError) Error() string {
	return fmt.Sprintf("alert %s is at version %d, not %d: read it again", e.ID, e.Present, e.Wanted)
}

// Act does what somebody asks for, and returns the alert as it then is. A version other than 0 must be the alert's, or
// the error is a *VersionError; alert.Rules.Act has the others, and there are ErrUnknown and ErrNotReady.
func (s *Service) Act(ctx context.Context, id string, version uint64, do alert.Request) (alert.Alert, error) {
	if !s.ready.Load() {
		return alert.Alert{}, ErrNotReady
	}
	if err := s.writing.take(ctx); err != nil {
		return alert.Alert{}, err
	}
	defer s.writing.give()
	a, _, found, err := s.parts.Store.Get(ctx, id)
	switch {
	case err != nil:
		return alert.Alert{}, err
	case !found:
		return alert.Alert{}, ErrUnknown
	case version != 0 && version != a.Version:
		return alert.Alert{}, &VersionError{id, a.Version, version}
	}
	if do.Action == alert.Reopen {
		if do.Other, err = s.other(ctx, &a); err != nil {
			return alert.Alert{}, err
		}
	}
	c, err := s.rules.Act(a, do, s.parts.Now())
	if err != nil {
		return alert.Alert{}, err
	}
	return c.Alert, s.put(ctx, []alert.Change{c})
}

// other returns the id of another alert of the same subject and rule that is at work, empty when there is none.
func (s *Service) other(ctx context.Context, a *alert.Alert) (string, error) {
	of, err := s.alertsOf(ctx, []alert.Subject{a.Subject}, s.parts.Now())
	if err != nil {
		return "", err
	}
	for _, b := range of[a.Subject] {
		if b.Rule == a.Rule && b.ID != a.ID && b.State.AtWork() {
			return b.ID, nil
		}
	}
	return "", nil
}

// EraseText removes what people wrote about the subjects from the alerts, and keeps numbers; see clickhouse.Alerts.
func (s *Service) EraseText(ctx context.Context, of clickhouse.Subjects) (uint64, error) {
	if err := s.writing.take(ctx); err != nil {
		return 0, err
	}
	defer s.writing.give()
	return s.parts.Store.EraseText(ctx, of)
}
