package alerting

import (
	"context"
	"time"

	"satisflow/pipeline/alert"
	"satisflow/pipeline/window"
)

// groupDimensions are those whose values are watched for falls.
var groupDimensions = []string{window.Service, window.Segment}

// lookAtGroups evaluates services and segments when a further window is complete, and at the first look.
func (s *Service) lookAtGroups(ctx context.Context, w *watcher) error {
	end, complete, err := s.parts.Facts.LatestComplete(ctx, &w.epoch, s.cfg.GroupWindow)
	if err != nil || !complete || end.Equal(w.end) {
		return err
	}
	for _, dimension := range groupDimensions {
		if err := s.evaluateGroups(ctx, w, dimension, end); err != nil {
			return err
		}
	}
	w.end = end
	return nil
}

// evaluateGroups decides about all values of a dimension. What it takes to decide is read without the lock; what is stored of
// alerts is read again with it.
func (s *Service) evaluateGroups(ctx context.Context, w *watcher, dimension string, end time.Time) error {
	groups, err := s.parts.Facts.Groups(ctx, &w.epoch, dimension, s.cfg.GroupWindow, end)
	if err != nil {
		return err
	}
	fresh, err := s.freshGroups(ctx, w, groups)
	if err != nil {
		return err
	}
	return s.locked(ctx, func() error {
		now := s.parts.Now()
		of, err := s.alertsOf(ctx, groupSubjects(groups), now)
		if err != nil {
			return err
		}
		var changes []alert.Change
		for _, g := range groups {
			changes = append(changes, s.rules.Group(g, fresh[g.Subject], of[g.Subject], now)...)
		}
		return s.put(ctx, changes)
	})
}

// freshGroups returns the sums of fresh ratings of those groups alone of which an alert may open: they are read from the facts,
// which takes long.
func (s *Service) freshGroups(ctx context.Context, w *watcher, groups []alert.Group) (map[alert.Subject]alert.Group, error) {
	var of map[alert.Subject][]alert.Alert
	err := s.locked(ctx, func() (err error) {
		of, err = s.alertsOf(ctx, groupSubjects(groups), s.parts.Now())
		return err
	})
	if err != nil {
		return nil, err
	}
	fresh := map[alert.Subject]alert.Group{}
	for i := range groups {
		g := &groups[i]
		fresh[g.Subject] = alert.Group{Subject: g.Subject, End: g.End, Window: g.Window}
		if !s.rules.MayOpen(g, of[g.Subject], s.parts.Now()) {
			continue
		}
		if fresh[g.Subject], err = s.parts.Facts.FreshGroup(ctx, &w.epoch, g.Subject, g.End, g.Window, s.cfg.FreshAge); err != nil {
			return nil, err
		}
	}
	return fresh, nil
}

func groupSubjects(groups []alert.Group) (all []alert.Subject) {
	for i := range groups {
		all = append(all, groups[i].Subject)
	}
	return all
}

// alertsOf returns the alerts of subjects that decisions about them need, and reads those that are not known. The lock is held.
func (s *Service) alertsOf(ctx context.Context, subjects []alert.Subject, now time.Time) (map[alert.Subject][]alert.Alert, error) {
	if unknown := s.board.unknown(subjects); len(unknown) > 0 {
		alerts, err := s.parts.Store.OfSubjects(ctx, unknown, s.cfg.AlertsSince(now))
		if err != nil {
			return nil, err
		}
		s.learn(alerts)
		s.board.know(unknown)
	}
	of := make(map[alert.Subject][]alert.Alert, len(subjects))
	for _, subject := range subjects {
		if alerts := s.board.of(subject); len(alerts) > 0 {
			of[subject] = alerts
		}
	}
	return of, nil
}
