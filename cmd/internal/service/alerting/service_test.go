package alerting

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"satisflow/pipeline/alert"
)

// in runs a test with a clock of its own.
func in(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newWorld()) })
}

// one demands that there is one alert in the state, and returns it.
func (w *world) one(t *testing.T, state alert.State) alert.Alert {
	t.Helper()
	all := w.all(t)
	if len(all) != 1 || all[0].State != state {
		t.Fatalf("want one alert that is %s, got %+v", state, all)
	}
	return all[0]
}

func TestALowRatingRaisesOneAlertWithinALook(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		s := w.service(t)
		stop := run(t, s)
		defer stop()
		time.Sleep(time.Second)
		w.rate("c-1", "r-1", 200)
		time.Sleep(3 * time.Second)
		a := w.one(t, alert.Open)
		if !w.manager(time.Now())[a.ID+" major data_analysis"] {
			t.Errorf("Alertmanager has %v", w.manager(time.Now()))
		}
		asked := w.questions()
		time.Sleep(50 * time.Second)
		if n := w.questions(); n != asked {
			t.Errorf("asked for ratings %d times more, though nothing came", n-asked)
		}
		time.Sleep(20 * time.Minute)
		w.one(t, alert.Open)
		if !w.manager(time.Now())[a.ID+" major data_analysis"] {
			t.Error("the alert has not been kept alive")
		}
		if got := testutil.ToFloat64(s.metrics.open.WithLabelValues("low_rating", "major")); got != 1 {
			t.Errorf("%v open", got)
		}
		if got := testutil.ToFloat64(s.metrics.opened.WithLabelValues("low_rating")); got != 1 {
			t.Errorf("%v opened", got)
		}
	})
}

func TestACorrectionWithdrawsAndIsToldThroughALongWeekend(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		s := w.service(t)
		stop := run(t, s)
		defer stop()
		w.rate("c-1", "r-1", 200)
		time.Sleep(3 * time.Second)
		w.one(t, alert.Open)
		w.rate("c-1", "r-1", 500)
		time.Sleep(3 * time.Second)
		a := w.one(t, alert.Resolved)
		if a.Resolution != alert.Withdrawn || len(w.manager(time.Now())) > 0 {
			t.Errorf("%+v, Alertmanager has %v", a, w.manager(time.Now()))
		}
		told := func() int { w.mu.Lock(); defer w.mu.Unlock(); return len(w.pushed) }
		before := told()
		time.Sleep(10 * time.Minute)
		if n := told() - before; n < 9 {
			t.Errorf("told %d times within 10 minutes", n)
		}
		time.Sleep(10 * time.Minute)
		before = told()
		time.Sleep(time.Hour)
		if n := told() - before; n < 5 || n > 15 {
			t.Errorf("told %d times within an hour, want it more rarely", n)
		}
		time.Sleep(toldFor)
		before = told()
		time.Sleep(time.Hour)
		if n := told() - before; n > 0 || s.board.size() > 1 {
			t.Errorf("told %d times, long after its end, %d on the board", n, s.board.size())
		}
		if got := testutil.ToFloat64(s.metrics.recovered.WithLabelValues("low_rating")); got != 1 {
			t.Errorf("%v recovered", got)
		}
	})
}

func TestAnOutageOfClickHouseLosesAndEndsNothing(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		stop := run(t, w.service(t))
		defer stop()
		w.rate("c-1", "r-1", 200)
		time.Sleep(3 * time.Second)
		a := w.one(t, alert.Open)
		w.set(func(w *world) { w.down = true })
		time.Sleep(20 * time.Minute)
		w.rate("c-2", "r-2", 100) // durable in Kafka at least; its processor waits too
		time.Sleep(20 * time.Minute)
		if !w.manager(time.Now())[a.ID+" major data_analysis"] {
			t.Error("the outage ended an alert that goes on")
		}
		w.set(func(w *world) { w.down = false })
		time.Sleep(40 * time.Second)
		if all := w.all(t); len(all) != 2 || all[1].Subject.Value != "c-2" {
			t.Errorf("after the outage: %+v", all)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		for id, record := range w.record {
			if len(record) != 1 {
				t.Errorf("%s: %+v", id, record)
			}
		}
	})
}

func TestAnOutageOfAlertmanagerStopsNothingElse(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.pushDown = true
		s := w.service(t)
		stop := run(t, s)
		defer stop()
		w.rate("c-1", "r-1", 200)
		w.fall("data_analysis", time.Now())
		time.Sleep(3 * time.Minute)
		if len(w.all(t)) != 2 || len(w.letters()) != 1 {
			t.Errorf("%d alerts, %d mails", len(w.all(t)), len(w.letters()))
		}
		if last := testutil.ToFloat64(s.metrics.pushed); last > float64(time.Now().Add(-2*time.Minute).Unix()) {
			t.Errorf("a push succeeded at %v, though all failed", last)
		}
		w.rate("c-1", "r-1", 500)
		time.Sleep(30 * time.Minute) // resolved for longer than is told
		w.set(func(w *world) { w.pushDown = false })
		time.Sleep(31 * time.Second)
		w.mu.Lock()
		if len(w.pushed) != 1 || len(w.pushed[0]) != 2 {
			t.Errorf("pushed %+v", w.pushed)
		}
		w.mu.Unlock()
		if n := len(w.manager(time.Now())); n != 1 || testutil.ToFloat64(s.metrics.pushed) == 0 {
			t.Errorf("%d fire", n)
		}
	})
}

func TestARestartRaisesNothingAnewAndTellsWhatIsOpen(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		stop := run(t, w.service(t))
		w.rate("c-1", "r-1", 200)
		w.fall("data_analysis", time.Now())
		time.Sleep(3 * time.Second)
		stop()
		w.set(func(w *world) { w.pushed = nil })
		stop = run(t, w.service(t))
		defer stop()
		time.Sleep(10 * time.Second)
		if len(w.all(t)) != 2 || len(w.letters()) != 1 || len(w.manager(time.Now())) != 2 {
			t.Errorf("%d alerts, %d mails, %v", len(w.all(t)), len(w.letters()), w.manager(time.Now()))
		}
	})
}

func TestAChangeThatWasStoredThoughTheAnswerWasLostIsLearned(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		stop := run(t, w.service(t))
		defer stop()
		w.set(func(w *world) { w.putLies = true })
		w.rate("c-1", "r-1", 200)
		time.Sleep(3 * time.Second)
		w.set(func(w *world) { w.putLies = false })
		time.Sleep(3 * time.Second)
		a := w.one(t, alert.Open)
		if a.Version != 1 || !w.manager(time.Now())[a.ID+" major data_analysis"] {
			t.Errorf("%+v, %v", a, w.manager(time.Now()))
		}
		w.set(func(w *world) { w.putLies = true })
		w.rate("c-1", "r-1", 500)
		time.Sleep(3 * time.Second)
		w.set(func(w *world) { w.putLies = false })
		time.Sleep(5 * time.Second)
		w.one(t, alert.Resolved)
		if len(w.manager(time.Now())) > 0 {
			t.Error("Alertmanager was not told of the end")
		}
	})
}

func TestARisingSeverityEndsTheAlertUnderItsFormerLabels(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		stop := run(t, w.service(t))
		defer stop()
		w.rate("c-1", "r-1", 300)
		time.Sleep(3 * time.Second)
		a := w.one(t, alert.Open)
		w.rate("c-1", "r-2", 100)
		w.set(func(w *world) { w.facts[1].Service = "legal_consulting" })
		time.Sleep(3 * time.Second)
		if got := w.manager(time.Now()); len(got) != 1 || !got[a.ID+" major data_analysis"] {
			t.Errorf("Alertmanager has %v", got)
		}
		if w.one(t, alert.Open).Service != "legal_consulting" {
			t.Error("the alert does not tell of the last rating's service")
		}
	})
}

func TestAnEpochIsWaitedForAndItsSwitchFollowed(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.epoch = 0
		stop := run(t, w.service(t))
		defer stop()
		w.rate("c-1", "r-1", 200)
		time.Sleep(10 * time.Minute)
		if len(w.all(t)) > 0 {
			t.Fatal("an alert of no epoch")
		}
		w.set(func(w *world) { w.epoch = 1 })
		time.Sleep(3 * time.Second)
		w.one(t, alert.Open)
		asked := w.questions()
		w.set(func(w *world) { w.epoch = 2 })
		time.Sleep(3 * time.Second)
		w.one(t, alert.Open)
		if w.questions() == asked {
			t.Error("nobody looked at the new epoch")
		}
	})
}

func TestWorkOnAnAlert(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		s := w.service(t)
		if _, _, err := s.Act(t.Context(), "x", 0, alert.Request{Action: alert.Acknowledge, By: "li.na"}); !errors.Is(err, ErrNotReady) {
			t.Errorf("before it is ready: %v", err)
		}
		stop := run(t, s)
		defer stop()
		w.rate("c-1", "r-1", 200)
		time.Sleep(3 * time.Second)
		id := w.one(t, alert.Open).ID
		act := func(version uint64, do alert.Request) error {
			do.By = "li.na"
			_, _, err := s.Act(t.Context(), id, version, do)
			return err
		}
		if err := act(1, alert.Request{Action: alert.Acknowledge}); err != nil {
			t.Fatal(err)
		}
		var version *VersionError
		if err := act(1, alert.Request{Action: alert.Contact}); !errors.As(err, &version) || version.Present != 2 {
			t.Errorf("an old version: %v", err)
		}
		var state *alert.StateError
		if err := act(0, alert.Request{Action: alert.Verify}); !errors.As(err, &state) {
			t.Errorf("verified at once: %v", err)
		}
		if err := act(2, alert.Request{Action: alert.Resolve, Comment: "called back"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(w.manager(time.Now())) > 0 {
			t.Error("Alertmanager was not told at once")
		}
		w.rate("c-1", "r-2", 100)
		time.Sleep(3 * time.Second)
		if err := act(0, alert.Request{Action: alert.Reopen}); !errors.As(err, &state) || state.Other == "" {
			t.Errorf("reopened beside another: %v", err)
		}
		if _, _, err := s.Act(t.Context(), "nothing", 0, alert.Request{Action: alert.Acknowledge, By: "li.na"}); !errors.Is(err, ErrUnknown) {
			t.Errorf("unknown: %v", err)
		}
		if _, _, err := s.Reader.Act(t.Context(), id, 0, alert.Request{Action: alert.Verify, By: "li.na"}); !errors.Is(err, ErrReadOnly) {
			t.Errorf("read-only: %v", err)
		}
	})
}

func TestWhoActsDoesNotWaitLongerThanItsContext(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		s := w.service(t)
		s.setRunning(t.Context())
		if err := s.writing.take(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := s.Act(ctx, "x", 0, alert.Request{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestARatingThatIsStoredLongAfterItArrivedIsNotMissed(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		stop := run(t, w.service(t))
		defer stop()
		time.Sleep(10 * time.Minute)
		w.set(func(w *world) { w.lag = 1 })
		w.rate("c-1", "r-1", 200)
		time.Sleep(50 * time.Minute) // a slow insert, a lagging replica, a processor that catches up
		if all := w.all(t); len(all) != 0 {
			t.Fatalf("%+v", all)
		}
		w.set(func(w *world) { w.lag = 0 })
		time.Sleep(3 * time.Second)
		w.one(t, alert.Open)
	})
}

func TestWhatOnlyTimeShowsIsLearnedThoughTheAnswerWasLost(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		stop := run(t, w.service(t))
		defer stop()
		w.rate("c-1", "r-1", 200)
		time.Sleep(30 * time.Hour) // too long ago for a look at what is new
		w.set(func(w *world) { w.putLies = true })
		w.rate("c-1", "r-1", 500)
		time.Sleep(62 * time.Second)
		w.set(func(w *world) { w.putLies = false })
		w.one(t, alert.Resolved)
		time.Sleep(time.Minute)
		if len(w.manager(time.Now())) > 0 {
			t.Error("Alertmanager was not told of the end")
		}
	})
}

func TestGroupsAreSummedUpOnceForAWindow(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		stop := run(t, w.service(t))
		defer stop()
		summed := func() int { w.mu.Lock(); defer w.mu.Unlock(); return w.summed }
		w.fall("document_review", time.Now())
		time.Sleep(time.Hour)
		if summed() != len(groupDimensions) {
			t.Errorf("%d times, want one for each dimension", summed())
		}
		w.set(func(w *world) { w.end = w.end.Add(6 * time.Hour) })
		time.Sleep(time.Hour)
		if summed() != 2*len(groupDimensions) {
			t.Errorf("%d times for two windows", summed())
		}
	})
}

func TestTheBoardKeepsTheLaterVersionAndNothingThatIsLongOver(t *testing.T) {
	b := newBoard()
	version := func(v uint64, state alert.State) []alert.Alert {
		return []alert.Alert{{ID: "a", Version: v, State: state, ResolvedAt: noon.Add(-toldFor - time.Hour)}}
	}
	for _, step := range []struct {
		v       uint64
		state   alert.State
		learned bool
	}{{2, alert.Open, true}, {2, alert.Open, false}, {1, alert.Open, false}, {3, alert.Acknowledged, true}, {2, alert.Open, false}, {4, alert.Resolved, true}} {
		if got := b.learn(version(step.v, step.state), noon); got != step.learned {
			t.Errorf("version %d: learned %v", step.v, got)
		}
	}
	if all := b.told(false); len(all) != 1 || all[0].Version != 4 {
		t.Errorf("%+v", all)
	}
	if b.expire(noon); b.size() != 0 || len(b.told(true)) != 0 || b.count()[countKey{}] != 0 {
		t.Errorf("%d are left", b.size())
	}
}
