package alerting

import (
	"context"
	"maps"
	"time"

	"satisflow/pipeline/alert"
	"satisflow/sinks/alertmanager"
)

// livesFor is after how many missed pushes Alertmanager takes an alert for ended.
const livesFor = 5

// pushing sends the alerts of the board to Alertmanager: what has changed at once, everything every so often, until the
// context ends.
func (s *Service) pushing(ctx context.Context) {
	p := pusher{cfg: &s.cfg, sent: map[string]*sent{}}
	wait := s.waiter("cannot push alerts to Alertmanager")
	again := time.NewTimer(s.cfg.Resend)
	defer again.Stop()
	for all := true; ; {
		begin := s.parts.Now()
		err := s.pushOnce(ctx, &p, all)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !alertmanager.IsPermanent(err):
			all = true
			if wait.wait(ctx, err) != nil {
				return
			}
			continue
		case err != nil:
			s.parts.Log.Error().Err(err).Msg("Alertmanager does not take an alert")
		case all:
			wait.done()
			s.metrics.pushed.Set(float64(begin.UnixMilli()) / 1000)
			s.board.forget(begin)
		}
		if all {
			again.Reset(s.cfg.Resend)
		}
		select {
		case <-ctx.Done():
			return
		case <-again.C:
			all = true
		case <-s.push:
			all = false
		}
	}
}

// pushOnce sends all alerts of the board, or those alone that have changed since they were sent.
func (s *Service) pushOnce(ctx context.Context, p *pusher, all bool) error {
	now := s.parts.Now()
	alerts := s.board.all()
	notices := p.notices(alerts, all, now)
	var err error
	if len(notices) > 0 {
		err = s.parts.Pusher.Push(ctx, notices)
	}
	if err == nil || alertmanager.IsPermanent(err) {
		p.done(alerts)
	}
	return err
}

// pusher remembers what Alertmanager knows each alert by.
type pusher struct {
	cfg  *Config
	sent map[string]*sent // by id
}

// sent is how an alert was sent.
type sent struct {
	version uint64
	labels  map[string]string
	former  []former
}

// former are labels that the alert had before its level changed.
type former struct {
	labels map[string]string
	ended  time.Time
}

// notices are the alerts in the form that is sent.
func (p *pusher) notices(alerts []alert.Alert, all bool, now time.Time) (out []alertmanager.Alert) {
	for i := range alerts {
		a := &alerts[i]
		if !p.cfg.notified(a) {
			continue
		}
		known := p.sent[a.ID]
		if known == nil {
			known = &sent{labels: labels(a)}
			p.sent[a.ID] = known
		}
		if !all && known.version == a.Version {
			continue
		}
		known.relabel(labels(a)["level"], now)
		out = append(out, p.cfg.notice(a, known.labels, now.Add(livesFor*p.cfg.Resend)))
		for _, f := range known.former {
			if now.Sub(f.ended) < toldFor {
				out = append(out, alertmanager.Alert{Labels: f.labels, Annotations: p.cfg.annotations(a), EndsAt: f.ended})
			}
		}
	}
	return out
}

// relabel ends the alert under the labels of another level.
func (s *sent) relabel(level string, now time.Time) {
	if s.labels["level"] == level {
		return
	}
	s.former = append(s.former, former{s.labels, now})
	s.labels = maps.Clone(s.labels)
	s.labels["level"] = level
	kept := s.former[:0]
	for _, f := range s.former {
		if f.labels["level"] != level { // it is that again
			kept = append(kept, f)
		}
	}
	s.former = kept
}

// done notes that Alertmanager has the alerts, and forgets what is no longer on the board.
func (p *pusher) done(alerts []alert.Alert) {
	on := map[string]bool{}
	for i := range alerts {
		on[alerts[i].ID] = true
		if known := p.sent[alerts[i].ID]; known != nil {
			known.version = alerts[i].Version
		}
	}
	maps.DeleteFunc(p.sent, func(id string, _ *sent) bool { return !on[id] })
}
