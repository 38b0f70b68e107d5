package alert

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// world is one customer as one evaluator sees it.
type world struct {
	rules  *Rules
	alerts map[string]Alert
}

// arrival is a rating and the minute in which it arrives; in each minute at most one does.
type arrival struct {
	minute int
	Rating
}

func newWorld() *world {
	c := DefaultConfig()
	c.Window, c.FreshAge, c.FallRatings = simWindow, 24*time.Hour, 3
	return &world{must(NewRules(c, 350, 400)), map[string]Alert{}}
}

// at decides at the minute, with the ratings that have arrived, and stores the result unless the evaluator crashes.
func (w *world) at(minute int, all []arrival, crash bool) {
	var ratings []Rating
	for _, a := range all {
		if a.minute <= minute {
			ratings = append(ratings, a.Rating)
		}
	}
	changes := w.rules.Customer(shuffled(ratings), slices.Collect(maps.Values(w.alerts)), Seen{}, minuteOf(minute))
	for _, c := range changes {
		if !crash {
			w.alerts[c.Alert.ID] = c.Alert
		}
	}
}

func minuteOf(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

// ids returns the identities of all alerts of the rule, or of those at work.
func (w *world) ids(rule Rule, atWork bool) map[string]bool {
	found := map[string]bool{}
	for id, a := range w.alerts {
		if a.Rule == rule && (!atWork || a.State.AtWork()) {
			found[id] = true
		}
	}
	return found
}

// resolve has a person resolve the alert of low ratings.
func (w *world) resolve(minute int) {
	for id, a := range w.alerts {
		if a.Rule == LowRating && a.State.AtWork() {
			w.alerts[id] = must(w.rules.Act(a, Request{Action: Resolve, By: "li.na", Comment: "called", Seen: Seen{Next: []int64{int64(minute) + 1}}}, minuteOf(minute))).Alert
		}
	}
}

// drawArrivals has ratings arrive, those of the days before first.
func drawArrivals(t *rapid.T) []arrival {
	var all []arrival
	minute := 0
	add := func(age time.Duration, mood []int32) {
		minute++
		at := minuteOf(minute)
		all = append(all, arrival{minute, Rating{RatingID: fmt.Sprintf("r-%03d", rapid.IntRange(0, 9).Draw(t, "id")*100+len(all)), CustomerID: "c-1",
			OccurredAt: at.Add(-age), ArrivedAt: at, Offset: int64(minute), Rating: rapid.SampledFrom(mood).Draw(t, "score"), Counts: true}})
	}
	for range rapid.IntRange(0, 10).Draw(t, "before") {
		add(time.Duration(rapid.IntRange(47*60, 50*60).Draw(t, "age"))*time.Minute, moods[0])
	}
	for range rapid.IntRange(1, 20).Draw(t, "ratings") {
		minute += rapid.SampledFrom([]int{0, 1, 5, 20, 45, 200}).Draw(t, "pause")
		add(rapid.SampledFrom([]time.Duration{0, 0, 0, 23 * time.Hour, 25 * time.Hour, 47*time.Hour + 30*time.Minute}).Draw(t, "age"), rapid.SampledFrom(moods).Draw(t, "mood"))
	}
	return all
}

// expiries returns the minutes in which a rating leaves a window.
func expiries(all []arrival) []int {
	var minutes []int
	for _, a := range all {
		given := int(a.OccurredAt.Sub(noon) / time.Minute)
		minutes = append(minutes, given+int(simWindow/time.Minute), given+2*int(simWindow/time.Minute))
	}
	return minutes
}

// race has a prompt evaluator, which misses no moment in which anything changes, and a late one on the same ratings.
type race struct {
	*rapid.T
	all    []arrival
	prompt *world
	late   *world
	worked map[Rule]map[string]bool // ratings at whose arrival the prompt one had an alert at work
}

// TestHoweverRatingsAreBatchedTheSameAlertsComeOut holds an evaluator that comes late, crashes and comes again against one
// that misses no moment. The alerts of low ratings are the same ones. Those that stand are too, but one that had recovered
// before the late evaluator came was never opened by it; and where a rating left the window within the hour, another may
// have been taken for the one with which the rule began to hold.
func TestHoweverRatingsAreBatchedTheSameAlertsComeOut(t *testing.T) {
	opened := map[Rule]int{}
	rapid.Check(t, func(t *rapid.T) {
		r := &race{t, drawArrivals(t), newWorld(), newWorld(), map[Rule]map[string]bool{LowMean: {}, Falling: {}}}
		for minute, until := 0, r.all[len(r.all)-1].minute; minute < until; {
			next := min(until, minute+rapid.IntRange(1, int(mostLate/time.Minute)).Draw(t, "late"))
			r.promptly(minute, next)
			if crash := minute + rapid.IntRange(1, 50).Draw(t, "crash"); crash < next {
				r.late.at(crash, r.all, true)
			}
			before := maps.Clone(r.late.alerts)
			r.late.at(next, r.all, false)
			r.compare(before, next)
			if rapid.IntRange(0, 3).Draw(t, "resolve") == 0 {
				r.prompt.resolve(next)
				r.late.resolve(next)
			}
			minute = next
		}
		for _, a := range r.late.alerts {
			opened[a.Rule]++
		}
	})
	for _, rule := range []Rule{LowRating, LowMean, Falling} {
		if opened[rule] == 0 && !t.Failed() {
			t.Errorf("%s never opened, so nothing is shown about it", rule)
		}
	}
}

// promptly has the prompt evaluator decide whenever anything changes.
func (r *race) promptly(after, until int) {
	stops := append(expiries(r.all), until)
	ids := map[int]string{}
	for _, a := range r.all {
		stops, ids[a.minute] = append(stops, a.minute), a.RatingID
	}
	slices.Sort(stops)
	for _, minute := range slices.Compact(stops) {
		if minute <= after || minute > until {
			continue
		}
		r.prompt.at(minute, r.all, false)
		for rule, worked := range r.worked {
			worked[ids[minute]] = len(r.prompt.ids(rule, true)) > 0
		}
	}
}

func (r *race) compare(before map[string]Alert, minute int) {
	if a, b := r.prompt.ids(LowRating, false), r.late.ids(LowRating, false); !maps.Equal(a, b) {
		r.Fatalf("alerts of low ratings: %v, late %v", a, b)
	}
	for id := range r.prompt.ids(LowRating, false) {
		if a, b := r.prompt.alerts[id].RatingIDs, r.late.alerts[id].RatingIDs; !slices.Equal(a, b) {
			r.Fatalf("alert %s names %v, late %v", id, a, b)
		}
	}
	expired := slices.ContainsFunc(expiries(r.all), func(m int) bool { return m <= minute && m >= minute-60 })
	for _, rule := range []Rule{LowMean, Falling} {
		for id := range r.late.ids(rule, false) {
			opener := r.late.alerts[id].RatingIDs[0]
			if before[id].ID == "" && (!expired && r.prompt.alerts[id].ID == "" || !r.worked[rule][opener]) {
				r.Fatalf("%s: the late evaluator opens an alert with %s that the prompt one did not: %+v", rule, opener, r.prompt.alerts)
			}
		}
		if len(r.prompt.ids(rule, true)) > len(r.late.ids(rule, true)) {
			r.Fatalf("%s: the late evaluator has no alert at work", rule)
		}
	}
}
