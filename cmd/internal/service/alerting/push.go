package alerting

import (
	"context"
	"maps"
	"time"

	"satisflow/pipeline/alert"
	"satisflow/sinks/alertmanager"
)

const (
	// livesFor is after how many missed pushes Alertmanager takes an alert for ended, and livesAtLeast how long it lives at
	// least: an outage of ClickHouse, in which nobody holds the lease, must not end what goes on.
	livesFor     = 5
	livesAtLeast = time.Hour
	// toldOften is how long an end is told with every push; then ever more rarely, but at least so often.
	toldOften, toldRarely = 15 * time.Minute, 10 * time.Minute
)

// lives is how long Alertmanager keeps an alert that is not pushed again.
func (c *Config) lives() time.Duration { return max(livesFor*c.Resend, livesAtLeast) }

// pushing sends the alerts of the board to Alertmanager: what has changed at once, everything every so often, until the
// context ends.
func (s *Service) pushing(ctx context.Context) {
	p := pusher{cfg: &s.cfg, ends: map[string]time.Time{}}
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
	alerts := s.board.told(all)
	notices := p.notices(alerts, now)
	if len(notices) == 0 {
		return nil
	}
	if err := s.held(); err != nil {
		return err
	}
	err := s.parts.Pusher.Push(ctx, notices)
	if err == nil || alertmanager.IsPermanent(err) {
		p.done(alerts, now)
	}
	return err
}

// pusher remembers when Alertmanager was last told of each end.
type pusher struct {
	cfg  *Config
	ends map[string]time.Time // by id
}

// notices are the alerts in the form that is sent, without the ends that were told lately.
func (p *pusher) notices(alerts []alert.Alert, now time.Time) (out []alertmanager.Alert) {
	for i := range alerts {
		a := &alerts[i]
		if !p.cfg.notified(a) || !a.State.AtWork() && now.Before(p.ends[a.ID].Add(pause(now.Sub(a.ResolvedAt)))) {
			continue
		}
		out = append(out, p.cfg.notice(a, labels(a), now.Add(p.cfg.lives())))
		out = append(out, p.cfg.formerNotices(a, now)...)
	}
	return out
}

// pause is how long the end of an alert, so long ago, is not told again.
func pause(since time.Duration) time.Duration {
	if since < toldOften {
		return 0
	}
	return min(since/livesFor, toldRarely)
}

// formerNotices end the alert under the labels of the levels that it had before its severity rose, for as long as
// Alertmanager may hold it under these.
func (c *Config) formerNotices(a *alert.Alert, now time.Time) (out []alertmanager.Alert) {
	if a.EscalatedAt.IsZero() || now.Sub(a.EscalatedAt) > c.lives()+toldOften {
		return nil
	}
	for _, level := range alert.AllSeverities() {
		if level < c.NotifyFrom || level >= a.Severity {
			continue
		}
		former := maps.Clone(labels(a))
		former["level"] = level.String()
		n := c.notice(a, former, a.EscalatedAt)
		n.EndsAt = later(a.EscalatedAt, n.StartsAt)
		out = append(out, n)
	}
	return out
}

// done notes that Alertmanager has been told, and forgets the ends that it is told of no more.
func (p *pusher) done(alerts []alert.Alert, now time.Time) {
	for i := range alerts {
		if a := &alerts[i]; a.State.AtWork() {
			delete(p.ends, a.ID)
		} else if p.cfg.notified(a) && !now.Before(p.ends[a.ID].Add(pause(now.Sub(a.ResolvedAt)))) {
			p.ends[a.ID] = now
		}
	}
	maps.DeleteFunc(p.ends, func(_ string, at time.Time) bool { return now.Sub(at) > 2*toldRarely+p.cfg.Resend })
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
