package alert

import (
	"slices"
	"time"
)

// What is demanded of every change and every state of a simulation.

func (s *sim) versions(c Change) {
	if want := s.alerts[c.Alert.ID].Version + 1; c.Alert.Version != want || c.Entry.Version != want {
		s.Fatalf("version %d of the alert, %d of the entry: want %d", c.Alert.Version, c.Entry.Version, want)
	}
}

// bySystem holds a change against what the system may do.
func (s *sim) bySystem(c *Change) {
	was, is := s.alerts[c.Alert.ID], c.Alert
	if is.State.AtWork() != is.Holding {
		s.Fatalf("the system leaves an alert at work=%v with holding=%v: %+v", is.State.AtWork(), is.Holding, is)
	}
	switch {
	case !was.State.AtWork() || was.ID == "":
		s.opening(&was, &is)
	case !is.State.AtWork():
		if !was.Holding || is.ResolvedBy != System {
			s.Fatalf("the system resolves what people hold open: %+v", was)
		}
	default:
		if is.Severity < was.Severity || is.ContactDue.After(was.ContactDue) || is.ResolveDue.After(was.ResolveDue) || is.State != was.State {
			s.Fatalf("severity, due times or state go back: %+v from %+v", is, was)
		}
		for _, id := range is.RatingIDs {
			if !slices.Contains(was.RatingIDs, id) && !s.freshLow(id) {
				s.Fatalf("rating %s is added and is not fresh or not low", id)
			}
		}
	}
}

// opening holds an alert that begins, or begins again, against what may open it.
func (s *sim) opening(was, is *Alert) {
	if was.byPerson() && was.ID != "" {
		s.Fatalf("the system reopens what a person resolved: %+v", was)
	}
	opener := is.RatingIDs[0]
	if is.Rule != LowRating && s.unseen(is.Rule, opener) {
		s.reached[string(is.Rule)+" opened by what arrived before a resolution that had not seen it"]++
	}
	if !s.fresh(opener) || is.Rule == LowRating && slices.ContainsFunc(is.RatingIDs, func(id string) bool { return !s.freshLow(id) }) {
		s.Fatalf("%s is opened by ratings that are not fresh: %v", is.Rule, is.RatingIDs)
	}
	for _, b := range s.alerts {
		if b.Rule != is.Rule || !b.byPerson() {
			continue
		}
		if slices.ContainsFunc(b.RatingIDs, func(id string) bool { return slices.Contains(is.RatingIDs, id) }) {
			s.Fatalf("%v open again what a person resolved: %+v", is.RatingIDs, b)
		}
		x := s.ratings[opener]
		if is.Rule != LowRating && s.lastOver(&b) && b.Seen.Has(&x) {
			s.Fatalf("%s opens again what a person resolved after it had been looked at: %+v", opener, b)
		}
		if is.Rule != LowRating && s.lastOver(&b) && !s.freshLow(opener) {
			s.Fatalf("%s is not low and opens again what a person resolved: %+v", opener, b)
		}
	}
}

// unseen says whether the rating arrived before the last resolution of the rule, which had not seen it.
func (s *sim) unseen(rule Rule, id string) bool {
	x := s.ratings[id]
	for _, b := range s.alerts {
		if b.Rule == rule && !b.State.AtWork() && s.lastOver(&b) {
			return !x.ArrivedAt.After(b.ResolvedAt) && !b.Seen.Has(&x)
		}
	}
	return false
}

// lastOver says whether no alert of the rule was resolved later.
func (s *sim) lastOver(a *Alert) bool {
	for _, b := range s.alerts {
		if b.Rule == a.Rule && b.ResolvedAt.After(a.ResolvedAt) {
			return false
		}
	}
	return true
}

func (s *sim) fresh(id string) bool {
	x := s.ratings[id]
	return x.Counts && x.Rating > 0 && x.ArrivedAt.Sub(x.OccurredAt) < 24*time.Hour && s.now.Sub(x.ArrivedAt) < time.Hour
}

func (s *sim) freshLow(id string) bool { return s.fresh(id) && s.ratings[id].Rating < 350 }

func (s *sim) onePerRule() {
	working := map[Rule]string{}
	for id, a := range s.alerts {
		if !a.State.AtWork() {
			continue
		}
		if other := working[a.Rule]; other != "" {
			s.Fatalf("two alerts of %s are at work: %s and %s", a.Rule, id, other)
		}
		working[a.Rule] = id
	}
}

// nothingLost demands an alert for every low rating that is fresh: at work, or resolved by a person.
func (s *sim) nothingLost() {
	for id := range s.ratings {
		if !s.freshLow(id) {
			continue
		}
		found := false
		for _, a := range s.alerts {
			found = found || a.Rule == LowRating && slices.Contains(a.RatingIDs, id) && (a.State.AtWork() || a.byPerson())
		}
		if !found {
			s.Fatalf("no alert names the low rating %s: %+v", id, s.ratings[id])
		}
	}
}

// reasonsHold demands of the standing rules that what holds is at work and what does not is over, as far as people let it.
func (s *sim) reasonsHold() {
	for rule, holds := range map[Rule]bool{LowMean: s.meanIsLow(s.now), Falling: s.shareFell(s.now)} {
		var working, over *Alert
		for _, id := range sorted(s.alerts) {
			a := s.alerts[id]
			if a.Rule == rule && a.State.AtWork() {
				working = &a
			} else if a.Rule == rule && (over == nil || a.ResolvedAt.After(over.ResolvedAt)) {
				over = &a
			}
		}
		if working != nil && working.Holding != holds {
			s.Fatalf("%s: holding is %v, want %v: %+v", rule, working.Holding, holds, working)
		}
		newest := s.newest()
		due := holds && newest != nil && s.fresh(newest.RatingID) && (over == nil || !over.Seen.Has(newest) && !over.byPerson())
		if due && working == nil && s.heldAt(rule, newest.ArrivedAt) && !s.dealtWith(rule, newest.RatingID) {
			s.Fatalf("%s holds since the fresh rating %+v, and no alert is at work", rule, newest)
		}
	}
}

func (s *sim) dealtWith(rule Rule, id string) bool {
	for _, a := range s.alerts {
		if a.Rule == rule && a.byPerson() && slices.Contains(a.RatingIDs, id) {
			return true
		}
	}
	return false
}

func (s *sim) heldAt(rule Rule, at time.Time) bool {
	if rule == LowMean {
		return s.meanIsLow(at)
	}
	return s.shareFell(at)
}

// newest returns what arrived last of what has a score.
func (s *sim) newest() *Rating {
	for _, x := range slices.Backward(s.arrivals()) {
		if x.Counts && x.Rating > 0 {
			return &x
		}
	}
	return nil
}

func (s *sim) meanIsLow(at time.Time) bool {
	n, sum := 0, 0
	for _, x := range s.ratings {
		if x.Counts && x.Rating > 0 && at.Sub(x.OccurredAt) < simWindow {
			n, sum = n+1, sum+int(x.Rating)
		}
	}
	return n >= 3 && sum < 350*n
}

func (s *sim) shareFell(at time.Time) bool {
	var now, before shareOf
	for _, x := range s.ratings {
		switch age := at.Sub(x.OccurredAt); {
		case !x.Counts || x.Rating == 0:
		case age < simWindow:
			now.add(x.Rating >= 400)
		case age < 2*simWindow:
			before.add(x.Rating >= 400)
		}
	}
	return fall(now, before, 3, 0.2).holds
}
