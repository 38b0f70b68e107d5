package alerting

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"satisflow/pipeline/alert"
	"satisflow/sinks/clickhouse"
)

const (
	// lookBack is how far beyond FreshFor the first look reaches: clocks differ.
	lookBack = 5 * time.Minute
	// stepRows bounds the records of one step of a look, by partition: a start or an outage leaves many.
	stepRows = 50_000
	// customersAtOnce bounds the customers of one evaluation, in which the lock is held.
	customersAtOnce = 200
	// mostSums bounds the customers whose sums are remembered.
	mostSums = 50_000
	// ahead is how far beyond the clock a rating may have been given.
	ahead = time.Hour
	// recheckAll is the time between two looks at all active alerts, whatever was stored meanwhile.
	recheckAll = 10 * time.Minute
	// paidOff is how long a customer is not looked at again for each rating that a look takes, so that one who gave a
	// million does not cost more than others.
	paidOff = time.Millisecond
	// restOf is the same for each rating that an alert of low ratings names.
	restOf = 500 * time.Millisecond
)

// watcher is what a look has to remember of those before. It is guarded by the lock of the Service.
type watcher struct {
	epoch    clickhouse.Epoch
	begun    bool
	position alert.Seen                 // what of the log has been taken up
	low      map[string]map[string]bool // ratings, by customer, that may open an alert of low ratings, join one, or withdraw it
	urgent   map[string]bool            // customers of low whose alert may change in more than its figures
	standing map[string]bool            // customers whose mean or share must be looked at
	sums     map[string]alert.Sums      // of customers whose mean and share are far from being too low
	rest     map[string]time.Time       // until when a customer's mean and share are not looked at again
	lowRest  map[string]time.Time       // the same for its low ratings
	checked  time.Time                  // when alerts that may end by themselves were held against the facts
	all      time.Time                  // when all were
	end      time.Time                  // of the closed windows that groups were evaluated for
}

func newWatcher(e clickhouse.Epoch) *watcher {
	return &watcher{epoch: e, low: map[string]map[string]bool{}, urgent: map[string]bool{}, standing: map[string]bool{},
		sums: map[string]alert.Sums{}, rest: map[string]time.Time{}, lowRest: map[string]time.Time{}}
}

// watch looks for what has changed until the context ends.
func (s *Service) watch(ctx context.Context) {
	wait := s.waiter("cannot evaluate alerts")
	wait.least = s.cfg.Poll
	for {
		begin := s.parts.Now()
		err := s.look(ctx)
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

// look evaluates the customers of new ratings, and when it is time what is active and the groups.
func (s *Service) look(ctx context.Context) error {
	e, found, err := s.parts.Epoch(ctx)
	if err != nil {
		return err
	}
	if !found {
		return errNoEpoch
	}
	if w := s.watcher; w == nil || w.epoch.Number != e.Number {
		if err := s.locked(ctx, func() error { s.watcher = newWatcher(e); return nil }); err != nil {
			return err
		}
	}
	if err := s.lookForNew(ctx, s.watcher); err != nil {
		return err
	}
	return s.recheck(ctx, s.watcher)
}

// locked runs f while no other changes alerts.
func (s *Service) locked(ctx context.Context, f func() error) error {
	if err := s.writing.take(ctx); err != nil {
		return err
	}
	defer s.writing.give()
	return f()
}

// lookForNew takes up what the log has brought since the last look, step by step, and evaluates its customers.
func (s *Service) lookForNew(ctx context.Context, w *watcher) error {
	durable, err := s.parts.Facts.Durable(ctx, &w.epoch)
	if err != nil {
		return err
	}
	for {
		look, more, err := s.step(ctx, w, durable)
		if err != nil {
			return err
		}
		stored, err := s.parts.Facts.Stored(ctx, &w.epoch, look)
		if err != nil {
			return err
		}
		if err := s.locked(ctx, func() error {
			w.take(s, stored)
			w.position, w.begun = look.To, true
			return nil
		}); err != nil {
			return err
		}
		if err := s.evaluate(ctx, w); err != nil {
			return err // what is not evaluated yet stays to be
		}
		if !more {
			return nil
		}
	}
}

// step returns the next part of the log, and whether there is more. The first one begins where ratings may still be fresh.
func (s *Service) step(ctx context.Context, w *watcher, durable alert.Seen) (look clickhouse.Look, more bool, err error) {
	now := s.parts.Now()
	look = clickhouse.Look{From: w.position, To: durable, Arrived: now.Add(-s.cfg.FreshFor - lookBack), Rated: s.cfg.RatingsSince(now)}
	if !w.begun {
		if look.From, err = s.parts.Facts.ArrivedFrom(ctx, &w.epoch, durable, look.Arrived, look.Arrived.Add(-s.cfg.FreshAge)); err != nil {
			return look, false, err
		}
	}
	look.To.Next = slices.Clone(durable.Next)
	for p := range look.To.Next {
		from := int64(0)
		if p < len(look.From.Next) {
			from = look.From.Next[p]
		}
		if look.To.Next[p] = max(look.To.Next[p], from); look.To.Next[p] > from+stepRows {
			look.To.Next[p], more = from+stepRows, true
		}
	}
	return look, more, nil
}

// take notes what versions of ratings that were stored may change. The lock is held.
func (w *watcher) take(s *Service, stored []clickhouse.RatingVersion) {
	now := s.parts.Now()
	for i := range stored {
		x := &stored[i]
		active := s.board.atWork(customer(x.CustomerID))
		w.takeLow(s.rules, x, active, now)
		sums := w.sums[x.CustomerID]
		if sums != nil {
			s.rules.Stored(sums, &x.Rating)
		}
		if sums == nil || s.rules.MayHold(sums, now) || standingActive(active) {
			w.standing[x.CustomerID] = true
		}
	}
}

func (w *watcher) takeLow(rules *alert.Rules, x *clickhouse.RatingVersion, active []*alert.Alert, now time.Time) {
	opening := rules.Opening(&x.Rating, now)
	var lowest float64
	named := false
	for _, a := range active {
		if a.Rule == alert.LowRating {
			lowest = max(lowest, a.Value)
			named = named || slices.Contains(a.RatingIDs, x.RatingID)
		}
	}
	if !opening && !named {
		return
	}
	if w.low[x.CustomerID] == nil {
		w.low[x.CustomerID] = map[string]bool{}
	}
	w.low[x.CustomerID][x.RatingID] = true
	if named || float64(x.Rating.Rating)/100 < lowest {
		w.urgent[x.CustomerID] = true
	}
}

func customer(id string) alert.Subject { return alert.Subject{Dimension: alert.Customer, Value: id} }

// evaluate decides about all customers of whom something may change.
func (s *Service) evaluate(ctx context.Context, w *watcher) error {
	now := s.parts.Now()
	var low, standing []string
	if err := s.locked(ctx, func() error {
		for c := range w.low {
			if w.urgent[c] || !w.lowRest[c].After(now) {
				low = append(low, c)
			}
		}
		for c := range w.standing {
			if !w.rest[c].After(now) {
				standing = append(standing, c)
			}
		}
		return nil
	}); err != nil {
		return err
	}
	slices.Sort(low)
	slices.Sort(standing)
	for part := range slices.Chunk(low, customersAtOnce) {
		if err := s.locked(ctx, func() error { return s.evaluateLow(ctx, w, part) }); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(standing, customersAtOnce) {
		if err := s.evaluateStanding(ctx, w, part); err != nil {
			return err
		}
	}
	return nil
}

// evaluateLow decides about low ratings: those that were stored since, and those that alerts name. The lock is held.
func (s *Service) evaluateLow(ctx context.Context, w *watcher, customers []string) error {
	now := s.parts.Now()
	of, err := s.alertsOf(ctx, subjectsOf(customers), now)
	if err != nil {
		return err
	}
	ids := map[string]bool{}
	for _, c := range customers {
		maps.Copy(ids, w.low[c])
		for _, a := range of[customer(c)] {
			if a.Rule == alert.LowRating && (a.State.AtWork() || a.Full()) {
				for _, id := range a.RatingIDs {
					ids[id] = true
				}
			}
		}
	}
	ratings, err := s.parts.Facts.RatingsOf(ctx, &w.epoch, customers, slices.Sorted(maps.Keys(ids)), s.ratingsSince(of, now), now.Add(ahead))
	if err != nil {
		return err
	}
	changes, err := s.decide(ctx, w, customers, ratings, func(c string) []alert.Change {
		return s.rules.LowRatings(ratings[c], of[customer(c)], w.seen(), now)
	})
	if err != nil {
		return err
	}
	if err := s.put(ctx, changes); err != nil {
		return err
	}
	for _, c := range customers {
		delete(w.low, c)
		delete(w.urgent, c)
	}
	w.settled(changes, now, s.cfg.Recheck)
	return nil
}

// decide returns what changes for the customers. Where an alert opens, the ratings that open it must still be the customer's:
// those that became another's are taken away, and it is decided again.
func (s *Service) decide(ctx context.Context, w *watcher, customers []string, ratings map[string][]alert.Rating, rule func(customer string) []alert.Change) ([]alert.Change, error) {
	changes := map[string][]alert.Change{}
	var opening []alert.Rating
	for _, c := range customers {
		changes[c] = rule(c)
		for i := range changes[c] {
			opening = append(opening, named(ratings[c], &changes[c][i])...)
		}
	}
	if len(opening) > 0 {
		others, err := s.parts.Facts.OfOthers(ctx, &w.epoch, opening)
		if err != nil {
			return nil, err
		}
		for _, c := range customers {
			mine := slices.DeleteFunc(slices.Clone(ratings[c]), func(x alert.Rating) bool { return others[x.RatingID] })
			if len(mine) < len(ratings[c]) {
				ratings[c] = mine
				changes[c] = rule(c)
			}
		}
	}
	var all []alert.Change
	for _, c := range customers {
		all = append(all, changes[c]...)
	}
	return all, nil
}

// named returns those of the ratings that a change which opens an alert names.
func named(ratings []alert.Rating, c *alert.Change) (found []alert.Rating) {
	if c.Entry.Action != alert.Opened {
		return nil
	}
	for _, x := range ratings {
		if slices.Contains(c.Alert.RatingIDs, x.RatingID) {
			found = append(found, x)
		}
	}
	return found
}

// settled notes until when further low ratings only wait for their alerts, and has an alert that named as many ratings as it
// can, and ended, be looked at with all of its customer: others may be low that it answered for.
func (w *watcher) settled(changes []alert.Change, now time.Time, most time.Duration) {
	for i := range changes {
		a := &changes[i].Alert
		switch c := a.Subject.Value; {
		case a.Rule != alert.LowRating:
		case a.State.AtWork():
			w.lowRest[c] = now.Add(min(most, time.Duration(len(a.RatingIDs)-1)*restOf))
		default:
			delete(w.lowRest, c)
			if a.Full() {
				w.look(c)
			}
		}
	}
}

// look has all ratings of the customer be looked at.
func (w *watcher) look(customer string) {
	delete(w.sums, customer)
	delete(w.rest, customer)
	w.standing[customer] = true
}

// seen is what of the log has been taken up.
func (w *watcher) seen() alert.Seen { return w.position }

// evaluateStanding decides about means and shares: by sums where these rule out that either is too low and no alert is
// active, else by all ratings of the customer.
func (s *Service) evaluateStanding(ctx context.Context, w *watcher, customers []string) error {
	now := s.parts.Now()
	sums, err := s.parts.Facts.CustomerSums(ctx, &w.epoch, customers, s.rules, s.cfg.RatingsSince(now))
	if err != nil {
		return err
	}
	return s.locked(ctx, func() error {
		var whole []string
		for _, c := range customers {
			sum := sums[c]
			if sum == nil {
				sum = alert.Sums{}
			}
			w.remember(c, sum)
			if s.rules.MayHold(sum, now) || standingActive(s.board.atWork(customer(c))) {
				whole = append(whole, c)
			} else {
				delete(w.standing, c)
			}
		}
		return s.evaluateWhole(ctx, w, whole)
	})
}

// standingActive says whether an alert about a mean or share is active.
func standingActive(active []*alert.Alert) bool {
	return slices.ContainsFunc(active, func(a *alert.Alert) bool { return a.Rule != alert.LowRating })
}

// remember keeps the sums. Only who takes up what is stored reads them, so that nothing is missing from both.
func (w *watcher) remember(customer string, sums alert.Sums) {
	if len(w.sums) >= mostSums {
		for c := range w.sums {
			delete(w.sums, c)
			if len(w.sums) < mostSums/2 {
				break
			}
		}
	}
	w.sums[customer] = sums
}

// evaluateWhole decides about everything of customers, by all their ratings. The lock is held.
func (s *Service) evaluateWhole(ctx context.Context, w *watcher, customers []string) error {
	if len(customers) == 0 {
		return nil
	}
	now := s.parts.Now()
	of, err := s.alertsOf(ctx, subjectsOf(customers), now)
	if err != nil {
		return err
	}
	ratings, err := s.parts.Facts.Ratings(ctx, &w.epoch, customers, s.ratingsSince(of, now), now.Add(ahead))
	if err != nil {
		return err
	}
	changes, err := s.decide(ctx, w, customers, ratings, func(c string) []alert.Change {
		return s.rules.Customer(ratings[c], of[customer(c)], w.seen(), now)
	})
	if err != nil {
		return err
	}
	if err := s.put(ctx, changes); err != nil {
		return err
	}
	for _, c := range customers {
		delete(w.standing, c)
		delete(w.low, c)
		delete(w.urgent, c)
		w.rest[c] = now.Add(min(s.cfg.Recheck, time.Duration(len(ratings[c]))*paidOff))
	}
	w.settled(changes, now, s.cfg.Recheck)
	return nil
}

// settle evaluates what waits of a subject, so that a person who resolves its alert has dealt with it. The lock is held.
func (s *Service) settle(ctx context.Context, subject alert.Subject) error {
	w := s.watcher
	if w == nil || subject.Dimension != alert.Customer || w.low[subject.Value] == nil && !w.standing[subject.Value] {
		return nil
	}
	return s.evaluateWhole(ctx, w, []string{subject.Value})
}

// recheck evaluates, when it is time, the customers whose alerts may end as time passes, and at times all with an active one;
// and services and segments.
func (s *Service) recheck(ctx context.Context, w *watcher) error {
	now := s.parts.Now()
	if now.Sub(w.checked) < s.cfg.Recheck {
		return nil
	}
	rules, all := []alert.Rule{alert.LowMean, alert.Falling}, now.Sub(w.all) >= recheckAll
	if all {
		rules = append(rules, alert.LowRating)
		if err := s.compare(ctx); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(s.board.customers(rules...), customersAtOnce) {
		if err := s.locked(ctx, func() error { return s.evaluateWhole(ctx, w, part) }); err != nil {
			return err
		}
	}
	if err := s.lookAtGroups(ctx, w); err != nil {
		return err
	}
	if err := s.locked(ctx, func() error { w.sweep(now); s.board.expire(now); return nil }); err != nil {
		return err
	}
	w.checked = now
	if all {
		w.all = now
	}
	s.metrics.overdue.Set(float64(s.board.overdue(now)))
	s.show() // mails and pushes look again
	return nil
}

// compare reads the active alerts, and has what is active here and not there be read again.
func (s *Service) compare(ctx context.Context) error {
	return s.locked(ctx, func() error {
		s.board.doubtAll()
		atWork, err := s.parts.Store.AtWork(ctx)
		if err != nil {
			return err
		}
		s.learn(atWork)
		stored := map[string]bool{}
		for i := range atWork {
			stored[atWork[i].ID] = true
		}
		_, err = s.alertsOf(ctx, s.board.activeBeside(stored), s.parts.Now())
		return err
	})
}

// sweep drops what is over.
func (w *watcher) sweep(now time.Time) {
	over := func(_ string, until time.Time) bool { return !until.After(now) }
	maps.DeleteFunc(w.rest, over)
	maps.DeleteFunc(w.lowRest, over)
}

func subjectsOf(customers []string) []alert.Subject {
	all := make([]alert.Subject, len(customers))
	for i, c := range customers {
		all[i] = customer(c)
	}
	return all
}

// ratingsSince is from when ratings are read: those that an active alert names may be older than the windows.
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
