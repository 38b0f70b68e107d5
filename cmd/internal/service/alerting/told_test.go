package alerting

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"satisflow/pipeline/alert"
	"satisflow/sinks/alertmanager"
	"satisflow/sinks/clickhouse"
	"satisflow/sinks/mail"
)

var errLapsed = errors.New("the lease was not renewed in time")

// A holder loses its lease amid its work; a successor resolves the alert. The first one is not told that it lost it, as a
// process is that was suspended: it must find out before it pushes, mails or stores.
func TestWhoLostTheLeaseDecidesPushesAndMailsNoMore(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		mailDown := true
		w.mailing = func(mail.Message) error {
			if mailDown {
				return errDown
			}
			return nil
		}
		var lapsed atomic.Bool
		first := w.service(t)
		first.parts.Held = func() error {
			if lapsed.Load() {
				return errLapsed
			}
			return nil
		}
		first.parts.Pusher = lapsing{w, t, &lapsed}
		stop := run(t, first)
		defer stop()
		w.rate("c-1", "r-1", 100)
		w.fall("data_analysis", time.Now())
		time.Sleep(90 * time.Second)
		if n := len(w.manager(time.Now())); n != 2 {
			t.Fatalf("%d fire before", n)
		}
		lapsed.Store(true)
		second := w.service(t)
		defer run(t, second)()
		time.Sleep(10 * time.Second)
		for _, a := range w.all(t) {
			if a.Rule == alert.LowRating {
				if _, _, err := second.Act(t.Context(), a.ID, 0, alert.Request{Action: alert.Resolve, By: "li.na", Comment: "done"}); err != nil {
					t.Fatal(err)
				}
				if _, _, err := first.Act(t.Context(), a.ID, 0, alert.Request{Action: alert.Verify, By: "li.na"}); !errors.Is(err, ErrNotReady) {
					t.Errorf("the first takes actions: %v", err)
				}
			}
		}
		w.set(func(*world) { mailDown = false })
		for range 120 {
			w.rate("c-2", fmt.Sprint("r-", time.Now().UnixNano()), 100) // world panics if both store it
			time.Sleep(time.Minute)
			for key := range w.manager(time.Now()) {
				if key == w.all(t)[0].ID+" critical data_analysis" {
					t.Fatal("the first one fires what the second resolved")
				}
			}
		}
		if n := len(w.letters()); n != 1 {
			t.Errorf("%d mails, want the second's", n)
		}
	})
}

// lapsing is the way to Alertmanager of a process that may lose its lease.
type lapsing struct {
	*world
	t      *testing.T
	lapsed *atomic.Bool
}

func (l lapsing) Push(ctx context.Context, alerts []alertmanager.Alert) error {
	if l.lapsed.Load() {
		l.t.Error("pushes without the lease")
	}
	return l.world.Push(ctx, alerts)
}

// The lease lapses while ClickHouse is away, and the same process gets it again.
func TestAServiceThatLostItsLeaseBeginsWithWhatIsStored(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		s := w.service(t)
		stop := run(t, s)
		w.rate("c-1", "r-1", 200)
		time.Sleep(3 * time.Second)
		a := w.one(t, alert.Open)
		stop()
		if _, _, err := s.Act(t.Context(), a.ID, 0, alert.Request{Action: alert.Acknowledge, By: "li.na"}); !errors.Is(err, ErrNotReady) {
			t.Errorf("without its lease: %v", err)
		}
		time.Sleep(50 * time.Minute)
		if !w.manager(time.Now())[a.ID+" major data_analysis"] {
			t.Error("the outage ended an alert that goes on")
		}
		w.set(func(w *world) { // what a successor did
			b := w.alerts[a.ID]
			b.Version, b.State, b.ResolvedAt, b.ResolvedBy = 2, alert.Resolved, time.Now(), "li.na"
			w.alerts[a.ID] = b
		})
		time.Sleep(toldFor + time.Hour)
		defer run(t, s)()
		time.Sleep(3 * time.Second)
		if len(w.manager(time.Now())) != 0 {
			t.Error("it fires what was resolved meanwhile")
		}
	})
}

func TestACorrectionOfAContentCustomerWithdrawsAtOnce(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		for i := range 60 {
			w.rate("c-1", fmt.Sprint("r-", i), 500)
		}
		s := w.service(t)
		defer run(t, s)()
		time.Sleep(3 * time.Second)
		w.rate("c-1", "low", 300)
		time.Sleep(3 * time.Second)
		w.one(t, alert.Open)
		read := func() int { w.mu.Lock(); defer w.mu.Unlock(); return w.read }
		before := read()
		w.rate("c-1", "low", 500)
		time.Sleep(3 * time.Second)
		if a := w.one(t, alert.Resolved); a.Resolution != alert.Withdrawn {
			t.Errorf("%+v", a)
		}
		if n := read() - before; n > 2 {
			t.Errorf("%d ratings were read for one", n)
		}
	})
}

func TestMoreLowRatingsMayWaitAndALowerOneDoesNot(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		for i := range 2000 {
			w.rate("c-1", fmt.Sprint("good-", i), 500)
		}
		s := w.service(t)
		defer run(t, s)()
		time.Sleep(3 * time.Second)
		for i := range 60 {
			w.rate("c-1", fmt.Sprint("r-", i), 300)
		}
		time.Sleep(2500 * time.Millisecond)
		w.rate("c-1", "as low", 300)
		time.Sleep(2 * time.Second)
		for _, a := range w.all(t) {
			if a.Rule == alert.LowRating && a.Ratings != 60 {
				t.Errorf("%d ratings, though one more can wait", a.Ratings)
			}
		}
		w.rate("c-1", "lower", 100)
		time.Sleep(2 * time.Second)
		for _, a := range w.all(t) {
			if a.Rule == alert.LowRating && (a.Severity != alert.Major || a.Ratings != 62) {
				t.Errorf("%s of %d ratings, after a lower one", a.Severity, a.Ratings)
			}
		}
	})
}

func TestLabelsAreThoseOfTheFirstRatingBeforeAndAfterARestart(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		stop := run(t, w.service(t))
		w.rate("c-1", "r-1", 300)
		time.Sleep(5 * time.Second)
		w.rate("c-1", "r-2", 100)
		w.set(func(w *world) { w.facts[1].Service = "document_review" })
		time.Sleep(5 * time.Second)
		before := fmt.Sprint(w.manager(time.Now()))
		stop()
		defer run(t, w.service(t))()
		time.Sleep(5 * time.Second)
		if after := fmt.Sprint(w.manager(time.Now())); after != before || len(w.manager(time.Now())) != 1 {
			t.Errorf("%s before the restart, %s after it", before, after)
		}
	})
}

// A process ends between the escalation and the push of it: the next one ends the alert under its former level.
func TestARestartEndsTheFormerLevel(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		stop := run(t, w.service(t))
		w.rate("c-1", "r-1", 300)
		time.Sleep(5 * time.Second)
		w.set(func(w *world) { w.pushDown = true })
		w.rate("c-1", "r-2", 100)
		time.Sleep(5 * time.Second)
		stop()
		w.set(func(w *world) { w.pushDown = false })
		defer run(t, w.service(t))()
		time.Sleep(5 * time.Second)
		id := w.one(t, alert.Open).ID
		if got := w.manager(time.Now()); len(got) != 1 || !got[id+" major data_analysis"] && !got[id+" critical data_analysis"] {
			t.Errorf("Alertmanager has %v", got)
		}
	})
}

func TestWhoHasTheMailIsKnownAfterARestart(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		to, ids := map[string]int{}, map[string]bool{}
		refusal := mail.Refusal{Address: "b@example.com", Reason: "mailbox full"}
		w.mailing = func(m mail.Message) error {
			ids[m.ID] = true
			for _, address := range m.To {
				to[address]++
			}
			if slices.Contains(m.To, "b@example.com") {
				return &mail.RefusedError{Refused: []mail.Refusal{refusal}}
			}
			return nil
		}
		w.fall("data_analysis", time.Now())
		for range 4 {
			stop := run(t, w.service(t))
			time.Sleep(time.Hour)
			stop()
		}
		a := w.one(t, alert.Open)
		if to["a@example.com"] != 1 || to["b@example.com"] < 8 || len(ids) != 1 || a.MailedAt.IsZero() || len(a.MailedTo) != 1 || len(a.RefusedTo) != 0 {
			t.Errorf("%v as %v: %+v", to, ids, a)
		}
		refusal.Permanent = true
		s := w.service(t)
		stop := run(t, s)
		time.Sleep(time.Hour)
		stop()
		if got := testutil.ToFloat64(s.metrics.refused); got != 1 || len(w.one(t, alert.Open).RefusedTo) != 1 || testutil.ToFloat64(s.metrics.mails) != 0 {
			t.Errorf("%v refused, %+v", got, w.one(t, alert.Open))
		}
		before := to["b@example.com"]
		defer run(t, w.service(t, func(c *Config) {
			c.Owners = []string{"service:data_analysis=a@example.com", "b@example.com", "c@example.com"}
		}))()
		time.Sleep(time.Hour)
		if to["b@example.com"] != before || to["c@example.com"] != 1 || to["a@example.com"] != 1 {
			t.Errorf("after an address was added: %v", to)
		}
	})
}

func TestRefusalsOfSingleRecipientsAreCountedAndAllRefusedIsNotMailed(t *testing.T) {
	grey := mail.Refusal{Address: "a@example.com", Reason: "greylisted"}
	gone := func(address string) mail.Refusal {
		return mail.Refusal{Address: address, Permanent: true, Reason: "no such user"}
	}
	first := &mail.RefusedError{Refused: []mail.Refusal{grey, gone("b@example.com")}}
	for name, c := range map[string]struct {
		second  error
		mailed  bool
		refused float64
	}{
		"then taken": {nil, true, 1},
		"then gone":  {&mail.RefusedError{Refused: []mail.Refusal{gone("a@example.com")}}, false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				n := 0
				w.mailing = func(m mail.Message) error {
					if n++; n == 1 {
						return first
					}
					if !slices.Equal(m.To, []string{"a@example.com"}) {
						t.Errorf("the second attempt is to %v", m.To)
					}
					return c.second
				}
				s := w.service(t)
				stop := run(t, s)
				w.fall("data_analysis", time.Now())
				time.Sleep(2 * time.Hour)
				stop()
				a := w.one(t, alert.Open)
				if got := testutil.ToFloat64(s.metrics.refused); n != 2 || got != c.refused || a.MailedAt.IsZero() == c.mailed || testutil.ToFloat64(s.metrics.mails) != 0 {
					t.Errorf("%d attempts, %v refused, mailed at %s", n, got, a.MailedAt)
				}
			})
		})
	}
}

// refusing is an Alertmanager that takes one alert for wrong, whatever it is sent.
type refusing struct{ *world }

func (r refusing) Push(ctx context.Context, alerts []alertmanager.Alert) error {
	for _, a := range alerts {
		if !a.EndsAt.IsZero() && a.EndsAt.Before(a.StartsAt) {
			panic("ends before it starts")
		}
	}
	return errors.Join(alertmanager.ErrPermanent, r.world.Push(ctx, alerts))
}

func TestTheBoardForgetsWhoeverIsTold(t *testing.T) {
	for name, pusher := range map[string]func(*world) Pusher{
		"nobody":                 func(*world) Pusher { return nil },
		"one that takes nothing": func(w *world) Pusher { return refusing{w} },
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				s := w.service(t)
				s.parts.Pusher, s.Reader.parts.Pusher = pusher(w), pusher(w)
				defer run(t, s)()
				for i := range 50 {
					c := fmt.Sprint("c", i)
					w.rate(c, c, 100)
					time.Sleep(4 * time.Second)
					w.rate(c, c, 500)
				}
				time.Sleep(toldFor + 2*recheckAll)
				if n := len(s.board.told(true)); n != 0 || s.board.size() > 50 {
					t.Errorf("%d are told, %d on the board", n, s.board.size())
				}
			})
		})
	}
}

// A holder whose clock was ahead opened the alert; its successor resolves it before that time.
func TestAnAlertEndsNoSoonerThanItBegan(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		ahead := w.service(t)
		ahead.parts.Now = func() time.Time { return time.Now().Add(5 * time.Minute) }
		ahead.Reader.parts.Now = ahead.parts.Now
		stop := run(t, ahead)
		w.rate("c-1", "r-1", 100)
		time.Sleep(4 * time.Second)
		stop()
		s := w.service(t)
		s.parts.Pusher, s.Reader.parts.Pusher = refusing{w}, refusing{w}
		defer run(t, s)()
		w.rate("c-1", "r-1", 500)
		time.Sleep(6 * time.Minute)
		w.one(t, alert.Resolved)
		if len(w.manager(time.Now())) != 0 {
			t.Error("it does not end")
		}
	})
}

type slowGroups struct {
	*world
	calls atomic.Int32
}

func (g *slowGroups) FreshGroup(ctx context.Context, e *clickhouse.Epoch, of alert.Subject, end time.Time, length, fresh time.Duration) (alert.Group, error) {
	g.calls.Add(1)
	time.Sleep(300 * time.Millisecond)
	return g.world.FreshGroup(ctx, e, of, end, length, fresh)
}

func TestManySegmentsThatFellALittleCostNothingAndNobodyWaitsForThoseThatFell(t *testing.T) {
	for satisfied, want := range map[int64]int32{9499: 0, 8500: 1000} {
		in(t, func(t *testing.T, w *world) {
			s := w.service(t)
			groups := &slowGroups{world: w}
			s.parts.Facts = groups
			w.rate("c-1", "r-1", 100)
			defer run(t, s)()
			time.Sleep(5 * time.Second)
			id := w.all(t)[0].ID
			w.set(func(w *world) {
				w.end = time.Now()
				for i := range 1000 {
					g := alert.Group{Subject: alert.Subject{Dimension: "segment", Value: fmt.Sprint("s", i)}, End: w.end, Window: 7 * 24 * time.Hour,
						Satisfied: satisfied, Ratings: 10000, BeforeSatisfied: 9500, BeforeRatings: 10000}
					w.groups = append(w.groups, g)
					w.fresh[g.Subject] = g
				}
			})
			time.Sleep(70 * time.Second)
			begin := time.Now()
			if _, _, err := s.Act(t.Context(), id, 0, alert.Request{Action: alert.Acknowledge, By: "li.na"}); err != nil || time.Since(begin) > time.Second {
				t.Errorf("an acknowledgement waited %s: %v", time.Since(begin), err)
			}
			time.Sleep(6 * time.Minute)
			if n := groups.calls.Load(); n != want || len(w.all(t)) != 1+int(want) {
				t.Errorf("%d questions for fresh ratings, %d alerts; want %d", n, len(w.all(t)), want)
			}
		})
	}
}

func TestACommentConflictsWithNothingAndARepetitionIsRecordedOnce(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		s := w.service(t)
		defer run(t, s)()
		w.rate("c-1", "r-1", 300)
		time.Sleep(3 * time.Second)
		id := w.one(t, alert.Open).ID
		act := func(version uint64, by string, action alert.Action, text string) error {
			do := alert.Request{Action: action, By: by, Comment: text}
			if action == alert.Assign {
				do.Comment, do.Assignee = "", text
			}
			a, record, err := s.Act(t.Context(), id, version, do)
			if err == nil && (uint64(len(record)) != a.Version || record[len(record)-1].Version != a.Version) {
				t.Errorf("%s: version %d with %d entries", action, a.Version, len(record))
			}
			return err
		}
		var conflict *VersionError
		for i, c := range []struct {
			version  uint64
			by       string
			action   alert.Action
			text     string
			conflict bool
			versions uint64 // of the alert, afterwards
		}{
			{1, "ann", alert.Comment, "first", false, 2},
			{1, "bob", alert.Comment, "second", false, 3},
			{1, "bob", alert.Comment, "second", false, 3}, // its answer was lost
			{1, "ann", alert.Assign, "bob", false, 4},
			{1, "bob", alert.Assign, "ann", true, 4},
			{1, "ann", alert.Assign, "bob", false, 4},
			{3, "bob", alert.Acknowledge, "", false, 5},
			{3, "bob", alert.Acknowledge, "", false, 5},
			{3, "ann", alert.Contact, "", true, 5},
			{1, "ann", alert.Comment, "third", false, 6},
			{9, "ann", alert.Comment, "of a version that is not there", true, 6},
			{0, "ann", alert.Comment, "third", false, 6},
			{5, "ann", alert.Contact, "", false, 7},
		} {
			err := act(c.version, c.by, c.action, c.text)
			if errors.As(err, &conflict) != c.conflict || err != nil && !c.conflict || w.one(t, w.all(t)[0].State).Version != c.versions {
				t.Fatalf("%d: %s by %s on version %d: %v, at version %d", i, c.action, c.by, c.version, err, w.all(t)[0].Version)
			}
		}
		w.rate("c-1", "r-2", 100) // a rating comes in between
		time.Sleep(3 * time.Second)
		if err := act(7, "ann", alert.Resolve, "called"); err != nil {
			t.Error(err)
		}
		time.Sleep(3 * time.Minute)
		if err := act(0, "ann", alert.Comment, "third"); err != nil || w.all(t)[0].Version != 10 {
			t.Errorf("the same words, much later: %v, at version %d", err, w.all(t)[0].Version)
		}
	})
}

// The insert of an action was carried out, and its answer lost; the same request comes again.
func TestAnActionWhoseAnswerWasLostIsAnsweredWhenItComesAgain(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		s := w.service(t)
		defer run(t, s)()
		w.rate("c-1", "r-1", 300)
		time.Sleep(3 * time.Second)
		id := w.one(t, alert.Open).ID
		do := alert.Request{Action: alert.Comment, By: "ann", Comment: "called"}
		w.set(func(w *world) { w.putLies = true })
		if _, _, err := s.Act(t.Context(), id, 1, do); err == nil {
			t.Error("the answer was not lost")
		}
		w.set(func(w *world) { w.putLies = false })
		a, record, err := s.Act(t.Context(), id, 1, do)
		if err != nil || a.Version != 2 || len(record) != 2 || record[1].Comment != "called" {
			t.Errorf("%+v, %+v, %v", a, record, err)
		}
	})
}

// What had not been looked at when a person resolved the alert, though it was stored or had arrived, opens another.
func TestWhatArrivedBeforeAResolutionAndWasStoredAfterItOpensAnother(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		s := w.service(t)
		defer run(t, s)()
		for i := range 4 {
			w.rate("c-1", fmt.Sprint("r-", i), 300)
		}
		time.Sleep(3 * time.Second)
		w.set(func(w *world) { w.stuck = len(w.facts) })
		w.rate("c-1", "late", 100)
		time.Sleep(time.Minute)
		for _, a := range w.all(t) {
			if _, _, err := s.Act(t.Context(), a.ID, 0, alert.Request{Action: alert.Resolve, By: "ann", Comment: "called"}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		w.set(func(w *world) { w.stuck = 0 })
		time.Sleep(3 * time.Second)
		opened := map[alert.Rule]int{}
		for _, a := range w.all(t) {
			if a.State == alert.Open && slices.Equal(a.RatingIDs, []string{"late"}) {
				opened[a.Rule]++
			}
		}
		if opened[alert.LowRating] != 1 || opened[alert.LowMean] != 1 {
			t.Errorf("opened by it: %v", opened)
		}
	})
}
