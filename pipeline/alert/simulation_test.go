package alert

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// sim is a customer who rates, corrects and is erased, people who work on the alerts, and evaluators that come late, come
// twice and forget to store. It holds what is decided against its own, naive notion of what is right.
type sim struct {
	*rapid.T
	rules   *Rules
	now     time.Time
	ratings map[string]Rating
	alerts  map[string]Alert
	decided time.Time // when last stored
	shuffle *rand.Rand
	mood    []int32        // what the customer gives
	reached map[string]int // what was done, by rule and action
}

const (
	rounds    = 6 // of 30 steps, on the same customer
	simWindow = 48 * time.Hour
	mostLate  = 50 * time.Minute
)

func newSim(t *rapid.T) *sim {
	c := DefaultConfig()
	c.Window, c.FreshAge, c.FallRatings, c.Weights = simWindow, 24*time.Hour, 3, []string{"segment:vip=2"}
	return &sim{T: t, rules: must(NewRules(c, 350, 400)), now: noon, ratings: map[string]Rating{}, alerts: map[string]Alert{}, decided: noon,
		shuffle: rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))}
}

func TestAlertsStayRightThroughAnyHistory(t *testing.T) {
	reached := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		s := newSim(t)
		s.reached = reached
		for _, s.mood = range rapid.SliceOfN(rapid.SampledFrom(moods), rounds, rounds).Draw(t, "moods") {
			s.earlier(t)
			t.Repeat(map[string]func(*rapid.T){
				"rate": s.rate, "rate more": s.rate, "rate again": s.rate, "rate once more": s.rate, "correct": s.correct, "erase": s.erase, "deliver again": s.deliverAgain,
				"act": s.act, "act more": s.act, "pass": s.pass, "decide": s.decide, "decide twice": s.decideTwice, "decide and crash": s.decideAndCrash,
				"": func(*rapid.T) { s.onePerRule() },
			})
			s.decide(t)
		}
	})
	for _, rule := range []Rule{LowRating, LowMean, Falling} {
		for _, action := range []Action{Opened, Updated, Recovered, Resolve, Reopen} {
			if what := string(rule) + " " + string(action); reached[what] == 0 && !t.Failed() {
				t.Errorf("%s never happened, so nothing is shown about it: %v", what, reached)
			}
		}
	}
}

var moods = [][]int32{
	{400, 450, 500, 500, 500, 0},           // content
	{100, 200, 300, 340, 399, 500},         // not
	{340, 349, 350, 350, 360, 399, 400, 0}, // hardly
}

// earlier has the customer give some ratings, all at once, that are no longer fresh.
func (s *sim) earlier(t *rapid.T) {
	mood := rapid.SampledFrom([][]int32{moods[0], moods[0], moods[0], moods[1], moods[2]}).Draw(t, "mood before")
	days := rapid.SampledFrom([]time.Duration{1, 3, 3}).Draw(t, "days")
	for range rapid.SampledFrom([]int{0, 8, 16}).Draw(t, "earlier") {
		s.tick()
		s.given(s.id(t), days*24*time.Hour, rapid.SampledFrom(mood).Draw(t, "score"))
	}
}

func (s *sim) rate(t *rapid.T) {
	old := rapid.SampledFrom([]time.Duration{0, 0, 0, time.Hour, 24*time.Hour - time.Second, 24 * time.Hour, 50 * time.Hour}).Draw(t, "old")
	s.tick()
	x := s.given(s.id(t), old, s.score(t))
	x.Segment = rapid.SampledFrom([]string{"vip", "basic"}).Draw(t, "segment")
	x.Counts = rapid.IntRange(0, 9).Draw(t, "counts") > 0
	s.ratings[x.RatingID] = x
}

// id is now and then one that was there before.
func (s *sim) id(t *rapid.T) string {
	return fmt.Sprintf("r-%03d", rapid.IntRange(0, 999).Draw(t, "id"))
}

func (s *sim) score(t *rapid.T) int32 { return rapid.SampledFrom(s.mood).Draw(t, "score") }

// given has a rating arrive that was given so long ago, or an update of the one of the id.
func (s *sim) given(id string, old time.Duration, score int32) Rating {
	x, any := s.ratings[id]
	if !any {
		x = Rating{RatingID: id, CustomerID: "c-1", OccurredAt: s.now.Add(-old), Counts: true}
	}
	x.ArrivedAt, x.Rating = s.now, score
	s.ratings[id] = x
	return x
}

// some returns one of the ratings that arrived last, false without any.
func (s *sim) some(t *rapid.T) (Rating, bool) {
	const newest = 6
	all := s.arrivals()
	if len(all) == 0 {
		return Rating{}, false
	}
	s.tick()
	return rapid.SampledFrom(all[max(0, len(all)-newest):]).Draw(t, "rating"), true
}

// arrivals returns the ratings in the order of their arrival.
func (s *sim) arrivals() []Rating {
	var all []Rating
	for _, x := range s.ratings {
		all = append(all, x)
	}
	slices.SortFunc(all, func(a, b Rating) int { return a.ArrivedAt.Compare(b.ArrivedAt) })
	return all
}

func sorted[T any](of map[string]T) []string {
	var keys []string
	for k := range of {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (s *sim) correct(t *rapid.T) {
	if x, any := s.some(t); any {
		x.Rating, x.ArrivedAt = s.score(t), s.now
		s.ratings[x.RatingID] = x
	}
}

func (s *sim) erase(t *rapid.T) {
	if x, any := s.some(t); any {
		x.Rating, x.ArrivedAt, x.Counts = 0, s.now, false
		s.ratings[x.RatingID] = x
	}
}

func (s *sim) deliverAgain(t *rapid.T) {
	if x, any := s.some(t); any {
		x.ArrivedAt = s.now
		s.ratings[x.RatingID] = x
	}
}

// tick lets a moment pass, so that no two things happen at once.
func (s *sim) tick() { s.now = s.now.Add(time.Second) }

// pass lets time pass. Evaluations are late, but not by an hour; only when nothing can be missed are there none for long.
func (s *sim) pass(t *rapid.T) {
	s.late(t)
	if s.now.Sub(s.decided) < mostLate {
		return
	}
	s.decide(t)
	if rapid.Bool().Draw(t, "long") {
		s.now = s.now.Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "hours")) * time.Hour)
		s.decide(t)
	}
}

// late lets some of the time pass by which an evaluation may be late.
func (s *sim) late(t *rapid.T) {
	left := max(0, mostLate-s.now.Sub(s.decided)) / time.Minute
	s.now = s.now.Add(time.Duration(rapid.Int64Range(0, int64(left)+1).Draw(t, "minutes")) * time.Minute)
}

func (s *sim) act(t *rapid.T) {
	if len(s.alerts) == 0 {
		return
	}
	s.tick()
	a := s.alerts[rapid.SampledFrom(sorted(s.alerts)).Draw(t, "alert")]
	do := Request{Action: rapid.SampledFrom(AllActions()).Draw(t, "action"), By: "li.na", Comment: "called"}
	for _, b := range s.alerts {
		if b.Rule == a.Rule && b.ID != a.ID && b.State.AtWork() {
			do.Other = b.ID
		}
	}
	if c, err := s.rules.Act(a, do, s.now); err == nil {
		s.versions(c)
		s.alerts[c.Alert.ID] = c.Alert
		s.reached[string(c.Alert.Rule)+" "+string(c.Entry.Action)]++
	}
}

// evaluate decides by what the caller must give, in any order.
func (s *sim) evaluate() []Change {
	var ratings []Rating
	var alerts []Alert
	for _, id := range sorted(s.alerts) {
		if a := s.alerts[id]; a.State.AtWork() || !a.UpdatedAt.Before(s.rules.config.AlertsSince(s.now)) || s.latest(&a) {
			alerts = append(alerts, a)
		}
	}
	for _, id := range sorted(s.ratings) {
		named := slices.ContainsFunc(alerts, func(a Alert) bool { return a.State.AtWork() && slices.Contains(a.RatingIDs, id) })
		if named || s.ratings[id].OccurredAt.After(s.rules.config.RatingsSince(s.now)) {
			ratings = append(ratings, s.ratings[id])
		}
	}
	s.shuffle.Shuffle(len(ratings), func(i, j int) { ratings[i], ratings[j] = ratings[j], ratings[i] })
	s.shuffle.Shuffle(len(alerts), func(i, j int) { alerts[i], alerts[j] = alerts[j], alerts[i] })
	return s.rules.Customer(ratings, alerts, s.now)
}

func (s *sim) latest(a *Alert) bool {
	for _, b := range s.alerts {
		if b.Rule == a.Rule && b.OpenedAt.After(a.OpenedAt) {
			return false
		}
	}
	return true
}

func (s *sim) decide(*rapid.T) {
	s.store(s.evaluate())
	if again := s.evaluate(); len(again) > 0 {
		s.Fatalf("deciding again changes: %+v", again)
	}
	s.nothingLost()
	s.reasonsHold()
}

// decideTwice has two evaluators decide from the same state; the second one overwrites what the first one stored.
func (s *sim) decideTwice(t *rapid.T) {
	first, second := s.evaluate(), s.evaluate()
	if fmt.Sprint(first) != fmt.Sprint(second) {
		s.Fatalf("two evaluators decide differently:\n%+v\n%+v", first, second)
	}
	s.decide(t)
}

// decideAndCrash has an evaluator end before it stores what it decided, and another decide later. What the first would have
// opened is opened by the second under the same identity, if nothing has happened meanwhile.
func (s *sim) decideAndCrash(t *rapid.T) {
	lost := s.evaluate()
	s.late(t)
	s.decide(t)
	for _, c := range lost {
		if a := s.alerts[c.Alert.ID]; c.Alert.Rule == LowRating && a.ID == "" {
			s.Fatalf("an alert is not there that was decided before: %+v", c.Alert)
		}
	}
}

func (s *sim) store(changes []Change) {
	for _, c := range changes {
		s.versions(c)
		s.bySystem(&c)
		s.reached[string(c.Alert.Rule)+" "+string(c.Entry.Action)]++
		if c.Entry.Action == Opened && c.Alert.Version > 1 {
			s.reached[string(c.Alert.Rule)+" begun again"]++
		}
		s.alerts[c.Alert.ID] = c.Alert
	}
	s.decided = s.now
	s.onePerRule()
}

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
		if is.Rule != LowRating && !s.ratings[opener].ArrivedAt.After(b.ResolvedAt) {
			s.Fatalf("%s opens again what a person resolved after it had arrived: %+v", opener, b)
		}
		if is.Rule != LowRating && s.lastOver(&b) && !s.freshLow(opener) {
			s.Fatalf("%s is not low and opens again what a person resolved: %+v", opener, b)
		}
	}
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
		due := holds && newest != nil && s.fresh(newest.RatingID) && (over == nil || newest.ArrivedAt.After(over.ResolvedAt) && !over.byPerson())
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
