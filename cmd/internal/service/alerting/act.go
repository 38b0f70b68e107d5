package alerting

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"satisflow/pipeline/alert"
	"satisflow/sinks/clickhouse"
)

// ErrUnknown says that there is no alert of the id.
var ErrUnknown = errors.New("there is no alert of this id")

// VersionError says that what somebody changes of an alert has been changed since whoever acts has read it.
type VersionError struct {
	ID              string
	Present, Wanted uint64
}

// Error names both versions.
func (e *VersionError) Error() string {
	return fmt.Sprintf("alert %s is at version %d, not %d: read it again", e.ID, e.Present, e.Wanted)
}

// Act does what somebody asks for, and returns the alert with its record as they then are. Where a version other than 0 is
// given, and what the action changes has been changed since, the error is a *VersionError: comments conflict with nothing, an
// assignment with assignments, a change of state with such changes. A request that was carried out before, and comes again
// because its answer was lost, is answered as then. alert.Rules.Act has the other errors, and there are ErrUnknown and
// ErrNotReady.
func (s *Service) Act(ctx context.Context, id string, version uint64, do alert.Request) (alert.Alert, []alert.Entry, error) {
	ctx, cancel, err := s.atWork(ctx)
	if err != nil {
		return alert.Alert{}, nil, err
	}
	defer cancel()
	if err := s.writing.take(ctx); err != nil {
		return alert.Alert{}, nil, err
	}
	defer s.writing.give()
	a, record, found, err := s.parts.Store.Get(ctx, id)
	switch {
	case err != nil:
		return alert.Alert{}, nil, err
	case !found:
		return alert.Alert{}, nil, ErrUnknown
	case do.Repeats(record, version, s.parts.Now()):
		s.learn([]alert.Alert{a})
		return a, record, nil
	case version != 0 && do.Conflicts(&a, record, version):
		return alert.Alert{}, nil, &VersionError{id, a.Version, version}
	}
	if do.Action == alert.Resolve {
		if a, record, err = s.settled(ctx, &a, record); err != nil {
			return alert.Alert{}, nil, err
		}
		do.Seen = s.seen()
	}
	if do.Action == alert.Reopen {
		if do.Other, err = s.other(ctx, &a); err != nil {
			return alert.Alert{}, nil, err
		}
	}
	c, err := s.rules.Act(a, do, s.parts.Now())
	if err != nil {
		return alert.Alert{}, nil, err
	}
	return c.Alert, append(slices.Clone(record), c.Entry), s.put(ctx, []alert.Change{c})
}

// settled returns the alert as it is when all that has been stored is decided. The lock is held.
func (s *Service) settled(ctx context.Context, a *alert.Alert, record []alert.Entry) (alert.Alert, []alert.Entry, error) {
	before := s.board.versionOf(a.ID)
	if err := s.settle(ctx, a.Subject); err != nil {
		return alert.Alert{}, nil, err
	}
	if s.board.versionOf(a.ID) == before {
		return *a, record, nil
	}
	now, record, found, err := s.parts.Store.Get(ctx, a.ID)
	if err == nil && !found {
		err = ErrUnknown
	}
	return now, record, err
}

// seen is what of the log has been looked at. The lock is held.
func (s *Service) seen() alert.Seen {
	if s.watcher == nil {
		return alert.Seen{}
	}
	return s.watcher.position
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
	s.board.doubtAll() // what is remembered of resolved alerts still has their texts
	return s.parts.Store.EraseText(ctx, of)
}
