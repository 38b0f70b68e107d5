package alerting

import (
	"context"
	"errors"
	"hash/maphash"
	"maps"
	"slices"
	"time"

	"satisflow/pipeline/alert"
	"satisflow/sinks/clickhouse"
)

const (
	// overlap is how much later than its own time a stored row may be seen.
	overlap = 2 * time.Minute
	// lookBack is how far beyond FreshFor the first look reaches: a rating is stored later than it arrived.
	lookBack = 5 * time.Minute
	// customersAtOnce bounds the customers of one evaluation, in which the lock is held.
	customersAtOnce = 200
	// ahead is how far beyond the clock a rating may have been given.
	ahead = time.Hour
)

// watcher is what a look has to remember of those before.
type watcher struct {
	epoch   uint32
	since   time.Time // by the server's clock; zero before the first look
	seen    map[uint64]time.Time
	seed    maphash.Seed
	checked time.Time // when all at work were held against the facts
	end     time.Time // of the closed windows that groups were evaluated for
}

func (w *watcher) restart(epoch uint32) {
	*w = watcher{epoch: epoch, seen: map[uint64]time.Time{}, seed: maphash.MakeSeed()}
}

// watch looks for what has changed until the context ends.
func (s *Service) watch(ctx context.Context) {
	var w watcher
	wait := s.waiter("cannot evaluate alerts")
	wait.least = s.cfg.Poll
	for {
		begin := s.parts.Now()
		err := s.look(ctx, &w)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errNoEpoch):
			err = sleep(ctx, s.cfg.Poll)
		case err != nil:
			err = wait.wait(ctx, err)
		default:
			wait.done()
			s.metrics.evaluation.Observe(s.parts.Now().Sub(begin).Seconds())
			s.metrics.evaluated.Set(float64(s.parts.Now().UnixMilli()) / 1000)
			err = sleep(ctx, s.cfg.Poll)
		}
		if err != nil {
			return
		}
	}
}

// errNoEpoch says that no processor has ever run.
var errNoEpoch = errors.New("there is no epoch yet")

// look evaluates the customers of new ratings, and when it is time what is at work and the groups.
func (s *Service) look(ctx context.Context, w *watcher) error {
	e, found, err := s.parts.Epoch(ctx)
	if err != nil {
		return err
	}
	if !found {
		return errNoEpoch
	}
	if w.seen == nil || w.epoch != e.Number {
		w.restart(e.Number)
	}
	if err := s.lookForNew(ctx, &e, w); err != nil {
		return err
	}
	now := s.parts.Now()
	if now.Sub(w.checked) < s.cfg.Recheck {
		return nil
	}
	if err := s.recheck(ctx, &e); err != nil {
		return err
	}
	if err := s.lookAtGroups(ctx, &e, w); err != nil {
		return err
	}
	w.checked = now
	s.show() // due times pass without a change
	return nil
}

// lookForNew evaluates the customers of ratings that were stored since the last look.
func (s *Service) lookForNew(ctx context.Context, e *clickhouse.Epoch, w *watcher) error {
	now := s.parts.Now()
	look := clickhouse.Look{Since: w.since, Arrived: now.Add(-s.cfg.FreshFor), Rated: now.Add(-s.cfg.FreshFor - s.cfg.FreshAge)}
	if w.since.IsZero() {
		return s.lookFirst(ctx, e, w, look)
	}
	inserted, server, err := s.parts.Facts.Inserted(ctx, e, look)
	if err != nil {
		return err
	}
	customers := map[string]bool{}
	for i := range inserted {
		if _, seen := w.seen[w.key(&inserted[i])]; !seen {
			customers[inserted[i].CustomerID] = true
		}
	}
	if err := s.evaluate(ctx, e, slices.Sorted(maps.Keys(customers))); err != nil {
		return err // all of them again at the next look: deciding twice changes nothing
	}
	w.since = server.Add(-overlap)
	for i := range inserted {
		w.seen[w.key(&inserted[i])] = inserted[i].InsertedAt
	}
	maps.DeleteFunc(w.seen, func(_ uint64, at time.Time) bool { return at.Before(w.since) })
	return nil
}

// lookFirst evaluates the customers of all fresh ratings. An hour of these may be millions: they are not remembered, and
// those of the overlap are evaluated once more.
func (s *Service) lookFirst(ctx context.Context, e *clickhouse.Epoch, w *watcher, look clickhouse.Look) error {
	look.Since = look.Arrived.Add(-lookBack)
	customers, server, err := s.parts.Facts.InsertedCustomers(ctx, e, look)
	if err != nil {
		return err
	}
	if err := s.evaluate(ctx, e, customers); err != nil {
		return err
	}
	w.since = server.Add(-overlap)
	return nil
}

// key is a rating and its version in few bytes.
func (w *watcher) key(f *clickhouse.InsertedFact) uint64 {
	return maphash.Comparable(w.seed, struct {
		id      string
		version uint64
	}{f.RatingID, f.Version})
}

// recheck evaluates all customers with alerts at work: their reasons may have gone, as time passes and ratings are
// corrected and erased. What the board believes to be at work and the store does not is among them.
func (s *Service) recheck(ctx context.Context, e *clickhouse.Epoch) error {
	atWork, err := s.parts.Store.AtWork(ctx)
	if err != nil {
		return err
	}
	s.learn(atWork)
	customers := map[string]bool{}
	for _, a := range append(atWork, s.board.atWork()...) {
		if a.Subject.Dimension == alert.Customer {
			customers[a.Subject.Value] = true
		}
	}
	return s.evaluate(ctx, e, slices.Sorted(maps.Keys(customers)))
}

// evaluate decides about customers, part by part.
func (s *Service) evaluate(ctx context.Context, e *clickhouse.Epoch, customers []string) error {
	for part := range slices.Chunk(customers, customersAtOnce) {
		if err := s.evaluatePart(ctx, e, part); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) evaluatePart(ctx context.Context, e *clickhouse.Epoch, customers []string) error {
	if err := s.writing.take(ctx); err != nil {
		return err
	}
	defer s.writing.give()
	now := s.parts.Now()
	subjects := make([]alert.Subject, len(customers))
	for i, c := range customers {
		subjects[i] = alert.Subject{Dimension: alert.Customer, Value: c}
	}
	of, err := s.alertsOf(ctx, subjects, now)
	if err != nil {
		return err
	}
	ratings, err := s.parts.Facts.Ratings(ctx, e, customers, s.ratingsSince(of, now), now.Add(ahead))
	if err != nil {
		return err
	}
	var changes []alert.Change
	for i, c := range customers {
		changes = append(changes, s.rules.Customer(ratings[c], of[subjects[i]], now)...)
	}
	return s.put(ctx, changes)
}

// ratingsSince is from when ratings are read: those that an alert at work names may be older than the windows.
func (s *Service) ratingsSince(of map[alert.Subject][]alert.Alert, now time.Time) time.Time {
	since := s.cfg.RatingsSince(now)
	for _, alerts := range of {
		for i := range alerts {
			a := &alerts[i]
			if first := a.OpenedAt.Add(-s.cfg.FreshAge - s.cfg.FreshFor); a.State.AtWork() && first.Before(since) {
				since = first
			}
		}
	}
	return since
}
