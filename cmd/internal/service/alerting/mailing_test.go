package alerting

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"satisflow/pipeline/alert"
	"satisflow/sinks/mail"
)

var errRefused = errors.Join(mail.ErrPermanent, errors.New("554 no"))

func TestOwnersAreMailedOnceHoweverTheMailServerBehaves(t *testing.T) {
	temporary := &mail.RefusedError{Refused: []mail.Refusal{{Address: "b@example.com", Reason: "greylisted"}}}
	unknown := &mail.RefusedError{Refused: []mail.Refusal{{Address: "b@example.com", Permanent: true, Reason: "no such user"}}}
	for name, c := range map[string]struct {
		answers  []error // the last one stays
		attempts int     // within two hours
		last     []string
		mailed   bool
		refused  float64
	}{
		"it works":                     {[]error{nil}, 1, []string{"a@example.com", "b@example.com"}, true, 0},
		"it was down":                  {[]error{errDown, errDown, errDown, nil}, 4, []string{"a@example.com", "b@example.com"}, true, 0},
		"one is to be tried again":     {[]error{temporary, nil}, 2, []string{"b@example.com"}, true, 0},
		"one does not exist":           {[]error{unknown}, 1, []string{"a@example.com", "b@example.com"}, true, 1},
		"it does not take such a mail": {[]error{errRefused}, 1, []string{"a@example.com", "b@example.com"}, false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				var attempts []mail.Message
				w.mailing = func(m mail.Message) error {
					attempts = append(attempts, m)
					return c.answers[min(len(attempts), len(c.answers))-1]
				}
				s := w.service(t)
				stop := run(t, s)
				w.fall("data_analysis", time.Now())
				time.Sleep(2 * time.Hour)
				stop()
				if len(attempts) != c.attempts {
					t.Fatalf("%d attempts, want %d", len(attempts), c.attempts)
				}
				last := attempts[len(attempts)-1]
				a := w.one(t, alert.Open)
				if !slices.Equal(last.To, c.last) || last.ID != "alert-"+a.ID || a.MailedAt.IsZero() == c.mailed {
					t.Errorf("last to %v as %s, mailed at %s", last.To, last.ID, a.MailedAt)
				}
				if got := testutil.ToFloat64(s.metrics.refused); got != c.refused || testutil.ToFloat64(s.metrics.mails) != 0 {
					t.Errorf("%v refused, %v pending", got, testutil.ToFloat64(s.metrics.mails))
				}
			})
		})
	}
}

func TestAMailThatWasSentIsNotSentAgainWhileThatCannotBeStored(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.mailing = func(mail.Message) error { w.down = true; return nil } // the lock is held
		s := w.service(t)
		stop := run(t, s)
		defer stop()
		w.fall("data_analysis", time.Now())
		time.Sleep(30 * time.Minute)
		if len(w.letters()) != 1 || testutil.ToFloat64(s.metrics.mails) != 1 {
			t.Errorf("%d mails, %v pending", len(w.letters()), testutil.ToFloat64(s.metrics.mails))
		}
		w.set(func(w *world) { w.down = false })
		time.Sleep(10 * time.Minute)
		if a := w.one(t, alert.Open); a.MailedAt.IsZero() || len(w.letters()) != 1 || testutil.ToFloat64(s.metrics.mails) != 0 {
			t.Errorf("%d mails, mailed at %s", len(w.letters()), a.MailedAt)
		}
	})
}

func TestWhatHasRecoveredOrHasNoOwnerIsNotMailed(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.mailing = func(mail.Message) error { return errDown }
		s := w.service(t)
		stop := run(t, s)
		defer stop()
		w.fall("data_analysis", time.Now())
		time.Sleep(time.Minute)
		if testutil.ToFloat64(s.metrics.mails) != 1 {
			t.Error("nothing is pending")
		}
		w.set(func(w *world) {
			w.end = w.end.Add(6 * time.Hour)
			w.groups[0].End, w.groups[0].Satisfied = w.end, 950
		})
		time.Sleep(10 * time.Minute)
		w.one(t, alert.Resolved)
		w.set(func(w *world) { w.mailing = nil })
		w.fall("document_review", w.end.Add(6*time.Hour))
		time.Sleep(time.Hour)
		if len(w.all(t)) != 2 || len(w.letters()) != 0 || testutil.ToFloat64(s.metrics.mails) != 0 {
			t.Errorf("%d alerts, %d mails", len(w.all(t)), len(w.letters()))
		}
	})
}
