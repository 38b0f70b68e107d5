package alerting

import (
	"context"
	"time"

	"satisflow/pipeline/alert"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// groupDimensions are those whose values are watched for falls.
var groupDimensions = []string{window.Service, window.Segment}

// lookAtGroups evaluates services and segments when a further window is complete, and at the first look.
func (s *Service) lookAtGroups(ctx context.Context, e *clickhouse.Epoch, w *watcher) error {
	end, complete, err := s.parts.Facts.LatestComplete(ctx, e, s.cfg.GroupWindow)
	if err != nil || !complete || end.Equal(w.end) {
		return err
	}
	for _, dimension := range groupDimensions {
		if err := s.evaluateGroups(ctx, e, dimension, end); err != nil {
			return err
		}
	}
	w.end = end
	return nil
}

func (s *Service) evaluateGroups(ctx context.Context, e *clickhouse.Epoch, dimension string, end time.Time) error {
	groups, err := s.parts.Facts.Groups(ctx, e, dimension, s.cfg.GroupWindow, end)
	if err != nil {
		return err
	}
	if err := s.writing.take(ctx); err != nil {
		return err
	}
	defer s.writing.give()
	now := s.parts.Now()
	of, err := s.alertsOf(ctx, subjectsOf(groups), now)
	if err != nil {
		return err
	}
	var changes []alert.Change
	for _, g := range groups {
		fresh := alert.Group{Subject: g.Subject, End: g.End, Window: g.Window}
		if s.mayFall(&g) {
			if fresh, err = s.parts.Facts.FreshGroup(ctx, e, g.Subject, g.End, g.Window, s.cfg.FreshAge); err != nil {
				return err
			}
		}
		changes = append(changes, s.rules.Group(g, fresh, of[g.Subject], now)...)
	}
	return s.put(ctx, changes)
}

func subjectsOf(groups []alert.Group) (all []alert.Subject) {
	for i := range groups {
		all = append(all, groups[i].Subject)
	}
	return all
}

// mayFall says whether it is worth looking at the group's facts: a drop that is too small for the rules is none of any
// facts.
func (s *Service) mayFall(g *alert.Group) bool {
	if g.Ratings < s.cfg.GroupRatings || g.BeforeRatings < s.cfg.GroupRatings {
		return false
	}
	return float64(g.Satisfied)/float64(g.Ratings) < float64(g.BeforeSatisfied)/float64(g.BeforeRatings)
}

// alertsOf reads the alerts of subjects that decisions about them need. The lock is held.
func (s *Service) alertsOf(ctx context.Context, subjects []alert.Subject, now time.Time) (map[alert.Subject][]alert.Alert, error) {
	alerts, err := s.parts.Store.OfSubjects(ctx, subjects, s.cfg.AlertsSince(now))
	if err != nil {
		return nil, err
	}
	s.learn(alerts)
	of := map[alert.Subject][]alert.Alert{}
	for i := range alerts {
		of[alerts[i].Subject] = append(of[alerts[i].Subject], alerts[i])
	}
	return of, nil
}
