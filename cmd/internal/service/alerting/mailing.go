package alerting

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"satisflow/pipeline/alert"
	"satisflow/sinks/mail"
)

// mailAgain is the longest wait between two attempts to send what waits, and between two looks for it.
const mailAgain = 5 * time.Minute

// mailing sends each falling service's and segment's owners one mail, until the context ends.
func (s *Service) mailing(ctx context.Context) {
	wait := s.waiter("cannot mail the owners of services and segments")
	wait.most = mailAgain
	for {
		if err := s.mails.round(ctx); err != nil {
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

// mailQueue sends mails. Who has them is stored with their alerts; what is not stored yet it remembers.
type mailQueue struct {
	service *Service
	results map[string]*mailResult // by id of the alert
}

// mailResult is what became of a mail, and is not stored yet.
type mailResult struct {
	at              time.Time
	mailed, refused []string // recipients as alert.Recipient gives them
}

// waitingMail is an alert and the owners who are still to be told.
type waitingMail struct {
	alert alert.Alert
	to    []string
}

// round sends what waits. One that fails does not keep the others from being sent; the error is all failures.
func (q *mailQueue) round(ctx context.Context) error {
	waiting := q.waiting()
	left := len(waiting)
	q.service.metrics.mails.Set(float64(left))
	var errs []error
	for i := range waiting {
		err := q.deliver(ctx, &waiting[i])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		left--
		q.service.metrics.mails.Set(float64(left))
	}
	return errors.Join(errs...)
}

// waiting are the alerts of which an owner is still to be told, or what became of the mail is still to be stored.
func (q *mailQueue) waiting() (all []waitingMail) {
	active := map[string]bool{}
	for _, a := range q.service.board.falling() {
		active[a.ID] = true
		to := slices.DeleteFunc(slices.Clone(q.service.owners[a.Subject]), func(address string) bool { return q.dealtWith(&a, address) })
		if len(to) > 0 || q.results[a.ID] != nil {
			all = append(all, waitingMail{a, to})
		}
	}
	for id := range q.results {
		if !active[id] {
			delete(q.results, id)
		}
	}
	return all
}

// dealtWith says whether the owner has the mail or was refused for good.
func (q *mailQueue) dealtWith(a *alert.Alert, address string) bool {
	r := alert.Recipient(address)
	known := q.results[a.ID]
	return slices.Contains(a.MailedTo, r) || slices.Contains(a.RefusedTo, r) ||
		known != nil && (slices.Contains(known.mailed, r) || slices.Contains(known.refused, r))
}

// deliver sends the mail to those who are still to be told, and has stored what became of it.
func (q *mailQueue) deliver(ctx context.Context, w *waitingMail) error {
	var err error
	if len(w.to) > 0 {
		err = q.send(ctx, w)
	}
	result := q.results[w.alert.ID]
	if result == nil {
		return err
	}
	if stored := q.service.mailed(ctx, w.alert.ID, result); stored != nil {
		return errors.Join(err, stored)
	}
	delete(q.results, w.alert.ID)
	return err
}

// send sends the mail, and notes what became of it for each recipient. The error is of those that are to be tried again.
func (q *mailQueue) send(ctx context.Context, w *waitingMail) error {
	s := q.service
	m, err := s.cfg.mailOf(&w.alert, w.to, float64(s.parts.Satisfied)/100, s.parts.Target)
	if err != nil {
		return err
	}
	if err := s.held(); err != nil {
		return err
	}
	err = s.parts.Mailer.Send(ctx, m)
	var refusals *mail.RefusedError
	var refused, again []string
	switch {
	case errors.As(err, &refusals):
		for _, r := range refusals.Refused {
			if r.Permanent {
				refused = append(refused, r.Address)
			} else {
				again = append(again, r.Address)
			}
		}
	case mail.IsPermanent(err):
		refused = w.to
	case err != nil:
		return err
	}
	q.note(w, refused, again)
	if len(refused) > 0 {
		s.parts.Log.Error().Str("alert", w.alert.ID).Err(err).Msg("an owner's mail was refused for good: correct alerts.owners, or the mail server")
		s.metrics.refused.Add(float64(len(refused)))
	}
	if len(again) > 0 {
		return err
	}
	return nil
}

// note notes who has the mail, which is whoever was neither refused nor is to be tried again.
func (q *mailQueue) note(w *waitingMail, refused, again []string) {
	r := q.results[w.alert.ID]
	if r == nil {
		r = &mailResult{}
	}
	for _, address := range w.to {
		switch {
		case slices.Contains(refused, address):
			r.refused = append(r.refused, alert.Recipient(address))
		case !slices.Contains(again, address):
			r.mailed = append(r.mailed, alert.Recipient(address))
		}
	}
	if len(r.mailed)+len(r.refused) > 0 {
		r.at = q.service.parts.Now()
		q.results[w.alert.ID] = r
	}
}

// mailed stores who was told, and who was refused.
func (s *Service) mailed(ctx context.Context, id string, r *mailResult) error {
	return s.locked(ctx, func() error {
		a, _, found, err := s.parts.Store.Get(ctx, id)
		switch {
		case err != nil:
			return err
		case !found:
			return fmt.Errorf("alert %s is gone", id)
		case contains(a.MailedTo, r.mailed) && contains(a.RefusedTo, r.refused): // it was stored, and the answer lost
			s.learn([]alert.Alert{a})
			return nil
		}
		action := alert.Mailed
		if len(r.mailed) == 0 {
			action = alert.MailRefused
		}
		c, err := s.rules.Act(a, alert.Request{Action: action, By: alert.System, MailedTo: r.mailed, RefusedTo: r.refused}, r.at)
		if err != nil {
			return err
		}
		return s.put(ctx, []alert.Change{c})
	})
}

func contains(all, some []string) bool {
	return !slices.ContainsFunc(some, func(x string) bool { return !slices.Contains(all, x) })
}
