package alerting

import (
	"context"
	"errors"
	"fmt"
	"time"

	"satisflow/pipeline/alert"
	"satisflow/sinks/mail"
)

// mailAgain is the longest wait between two attempts to send what waits, and between two looks for it.
const mailAgain = 5 * time.Minute

// mailing sends each falling service's and segment's owners one mail, until the context ends.
func (s *Service) mailing(ctx context.Context) {
	p := postman{service: s, rest: map[string][]string{}, sent: map[string]time.Time{}, refused: map[string]bool{}}
	wait := s.waiter("cannot mail the owners of services and segments")
	wait.most = mailAgain
	for {
		if err := p.round(ctx); err != nil {
			if wait.wait(ctx, err) != nil {
				return
			}
			continue
		}
		wait.done()
		timer := time.NewTimer(mailAgain)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-s.mail:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// postman remembers what became of the mails about alerts, by their ids.
type postman struct {
	service *Service
	rest    map[string][]string  // those who are to be tried again, where others have it
	sent    map[string]time.Time // sent, which may not be stored yet
	refused map[string]bool      // for good
}

// round sends what waits. One that fails does not keep the others from being sent; the error is all failures.
func (p *postman) round(ctx context.Context) error {
	waiting := p.waiting()
	left := len(waiting)
	p.service.metrics.mails.Set(float64(left))
	var errs []error
	for i := range waiting {
		err := p.deliver(ctx, &waiting[i])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		left--
		p.service.metrics.mails.Set(float64(left))
	}
	return errors.Join(errs...)
}

// waiting are the alerts whose owners are still to be told.
func (p *postman) waiting() (all []alert.Alert) {
	for _, a := range p.service.board.atWork() {
		if a.Rule == alert.GroupFalling && a.MailedAt.IsZero() && !p.refused[a.ID] && len(p.service.owners[a.Subject]) > 0 {
			all = append(all, a)
		}
	}
	return all
}

// deliver sends the mail, unless it was, and has that stored.
func (p *postman) deliver(ctx context.Context, a *alert.Alert) error {
	if _, sent := p.sent[a.ID]; !sent {
		if err := p.send(ctx, a); err != nil {
			return err
		}
		if p.refused[a.ID] {
			return nil
		}
		p.sent[a.ID] = p.service.parts.Now()
	}
	if err := p.service.mailed(ctx, a.ID, p.sent[a.ID]); err != nil {
		return err
	}
	delete(p.sent, a.ID)
	delete(p.rest, a.ID)
	return nil
}

// send sends the mail to those who do not have it. What is refused for good is logged and given up.
func (p *postman) send(ctx context.Context, a *alert.Alert) error {
	s := p.service
	to := s.owners[a.Subject]
	if rest := p.rest[a.ID]; rest != nil {
		to = rest
	}
	m, err := s.cfg.mailOf(a, to, float64(s.parts.Satisfied)/100, s.parts.Target)
	if err != nil {
		return err
	}
	err = s.parts.Mailer.Send(ctx, m)
	var refusals *mail.RefusedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refusals) && len(refusals.Retry()) > 0:
		p.rest[a.ID] = refusals.Retry()
		return err
	case !mail.IsPermanent(err):
		return err
	}
	s.parts.Log.Error().Str("alert", a.ID).Err(err).Msg("an owner's mail was refused for good: correct alerts.owners, or the mail server")
	s.metrics.refused.Inc()
	nobody := refusals == nil || len(refusals.Refused) == len(s.owners[a.Subject])
	p.refused[a.ID] = nobody
	return nil
}

// mailed stores that the owner was told.
func (s *Service) mailed(ctx context.Context, id string, at time.Time) error {
	if err := s.writing.take(ctx); err != nil {
		return err
	}
	defer s.writing.give()
	a, _, found, err := s.parts.Store.Get(ctx, id)
	switch {
	case err != nil:
		return err
	case !found:
		return fmt.Errorf("alert %s is gone", id)
	case !a.MailedAt.IsZero():
		s.learn([]alert.Alert{a})
		return nil
	}
	c, err := s.rules.Act(a, alert.Request{Action: alert.Mailed, By: alert.System}, at)
	if err != nil {
		return err
	}
	return s.put(ctx, []alert.Change{c})
}
