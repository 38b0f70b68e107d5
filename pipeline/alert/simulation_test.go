package alert

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// sim is a customer who rates, corrects and is erased, a processor that stores it later, people who work on the alerts, and
// evaluators that come late, come twice and forget to store. The broker's clock and the evaluator's differ. It holds what is
// decided against its own, naive notion of what is right.
type sim struct {
	*rapid.T
	rules   *Rules
	now     time.Time
	skew    time.Duration     // of the broker's clock
	log     []Rating          // arrived, and not stored yet
	next    int64             // offset of the next record
	stored  int64             // offset of the next record to store
	looked  Seen              // what the last evaluation saw
	ratings map[string]Rating // that are stored
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
				"store": s.storeSome, "store more": s.storeSome, "set the clock": s.setClock,
				"": func(*rapid.T) { s.onePerRule() },
			})
			s.decide(t)
		}
	})
	var want []string
	for _, rule := range []Rule{LowRating, LowMean, Falling} {
		for _, action := range []Action{Opened, Updated, Recovered, Resolve, Reopen} {
			s := string(rule) + " " + string(action)
			want = append(want, s)
		}
		if rule == LowMean { // of the others it is too rare to be demanded
			want = append(want, string(rule)+" opened by what arrived before a resolution that had not seen it")
		}
	}
	for _, what := range want {
		if reached[what] == 0 && !t.Failed() {
			t.Errorf("%s never happened, so nothing is shown about it: %v", what, reached)
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
		s.arrives(s.given(s.id(t), days*24*time.Hour, rapid.SampledFrom(mood).Draw(t, "score")))
	}
	s.store(len(s.log))
}

func (s *sim) rate(t *rapid.T) {
	old := rapid.SampledFrom([]time.Duration{0, 0, 0, time.Hour, 24*time.Hour - time.Second, 24 * time.Hour, 50 * time.Hour}).Draw(t, "old")
	s.tick()
	x := s.given(s.id(t), old, s.score(t))
	x.Segment = rapid.SampledFrom([]string{"vip", "basic"}).Draw(t, "segment")
	x.Counts = rapid.IntRange(0, 9).Draw(t, "counts") > 0
	s.arrives(x)
}

// arrives appends the record to the log; half of the time the processor is no further behind.
func (s *sim) arrives(x Rating) {
	x.ArrivedAt, x.Offset = s.now.Add(s.skew), s.next
	s.next++
	s.log = append(s.log, x)
	if s.next%2 == 0 {
		s.store(len(s.log))
	}
}

// store stores so many of the records that wait, the first ones first.
func (s *sim) store(n int) {
	for _, x := range s.log[:n] {
		s.ratings[x.RatingID] = x
		s.stored = x.Offset + 1
	}
	s.log = s.log[n:]
}

func (s *sim) storeSome(t *rapid.T) { s.store(rapid.IntRange(0, len(s.log)).Draw(t, "stored")) }

func (s *sim) setClock(t *rapid.T) {
	s.skew = rapid.SampledFrom([]time.Duration{-5 * time.Minute, 0, 5 * time.Minute}).Draw(t, "skew")
}

// id is now and then one that was there before.
func (s *sim) id(t *rapid.T) string {
	return fmt.Sprintf("r-%03d", rapid.IntRange(0, 999).Draw(t, "id"))
}

func (s *sim) score(t *rapid.T) int32 { return rapid.SampledFrom(s.mood).Draw(t, "score") }

// given is a rating that was given so long ago, or an update of the one of the id.
func (s *sim) given(id string, old time.Duration, score int32) Rating {
	x, any := s.ratings[id]
	for _, y := range s.log {
		if y.RatingID == id {
			x, any = y, true
		}
	}
	if !any {
		x = Rating{RatingID: id, CustomerID: "c-1", OccurredAt: s.now.Add(-old), Counts: true}
	}
	x.Rating = score
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
	slices.SortFunc(all, byArrival)
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
		x.Rating = s.score(t)
		s.arrives(x)
	}
}

func (s *sim) erase(t *rapid.T) {
	if x, any := s.some(t); any {
		x.Rating, x.Counts = 0, false
		s.arrives(x)
	}
}

func (s *sim) deliverAgain(t *rapid.T) {
	if x, any := s.some(t); any {
		s.arrives(x)
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
	do := Request{Action: rapid.SampledFrom(AllActions()).Draw(t, "action"), By: "li.na", Comment: "called", Seen: s.looked}
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
	s.looked = Seen{Epoch: 1, Next: []int64{s.stored}}
	return s.rules.Customer(ratings, alerts, s.looked, s.now)
}

func (s *sim) latest(a *Alert) bool {
	for _, b := range s.alerts {
		if b.Rule == a.Rule && b.Began().After(a.Began()) {
			return false
		}
	}
	return true
}

func (s *sim) decide(*rapid.T) {
	s.put(s.evaluate())
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
		if a := s.alerts[c.Alert.ID]; c.Alert.Rule == LowRating && a.ID == "" && s.freshLow(c.Alert.RatingIDs[0]) {
			s.Fatalf("an alert is not there that was decided before: %+v", c.Alert)
		}
	}
}

func (s *sim) put(changes []Change) {
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
