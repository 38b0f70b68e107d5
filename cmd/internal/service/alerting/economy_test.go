package alerting

import (
	"fmt"
	"math/rand"
	"testing"
	"time"

	"satisflow/pipeline/alert"
)

// What is decided by sums, by new low ratings and by what is remembered of alerts is what looking at everything decides:
// customers rate, correct, repeat and are erased, records are stored late, answers of ClickHouse are lost, the lease lapses,
// people resolve and reopen; and whenever it is quiet, a look at all ratings and all alerts of each customer changes nothing.
func TestTheWatcherDecidesWhatALookAtEverythingDecides(t *testing.T) {
	done := map[string]int{}
	for seed := range int64(8) {
		in(t, func(t *testing.T, w *world) { watchAgainstNaive(t, w, rand.New(rand.NewSource(seed)), done) })
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	for _, what := range []string{"low_rating opened", "low_mean opened", "falling opened", "low_rating recovered", "low_mean recovered", "low_rating updated", "low_rating resolve"} {
		if done[what] == 0 {
			t.Errorf("%s never happened: %v", what, done)
		}
	}
}

func watchAgainstNaive(t *testing.T, w *world, random *rand.Rand, done map[string]int) {
	s := w.service(t)
	const customers = 6
	moods := [][]int32{{500, 450, 400, 500, 500, 350}, {100, 300, 340, 500, 200}, {340, 350, 360, 399, 500, 0}}
	some := func() string { return fmt.Sprint("c-", random.Intn(customers)) }
	given := 0
	put := func(customer, id string, score int32, counts bool, occurred time.Time) {
		w.rate(customer, id, score)
		w.set(func(w *world) {
			f := &w.facts[len(w.facts)-1]
			f.Counts = counts
			if f.version == 1 {
				f.OccurredAt = occurred
			}
			f.ArrivedAt = time.Now().Add(time.Duration(random.Intn(600)-300) * time.Second) // by the broker's clock
		})
	}
	history := func(ago time.Duration, mood []int32) {
		for range random.Intn(150) {
			c := some()
			put(c, fmt.Sprint(c, "-h", given), mood[random.Intn(len(mood))], true, time.Now().Add(-ago-time.Duration(random.Intn(100))*time.Hour))
			given++
		}
	}
	history(40*24*time.Hour, moods[0])
	history(2*24*time.Hour, moods[random.Intn(3)])
	stop := run(t, s)
	defer func() { stop() }()
	for range 14 {
		mood := moods[random.Intn(len(moods))]
		switch random.Intn(8) {
		case 0:
			w.set(func(w *world) { w.stuck = len(w.facts) })
		case 1:
			w.set(func(w *world) { w.putLies = true })
		case 2:
			w.set(func(w *world) { w.down = true })
		case 3: // the lease lapses, and is got again
			stop()
			stop = run(t, s)
		case 4:
			actOnSome(t, w, s, random)
		}
		for range random.Intn(30) {
			c := some()
			id := fmt.Sprint(c, "-", random.Intn(120))
			put(c, id, mood[random.Intn(len(mood))], random.Intn(10) > 0, time.Now().Add(-time.Duration(random.Intn(60))*time.Second))
			time.Sleep(time.Duration(random.Intn(500)) * time.Millisecond)
		}
		time.Sleep(time.Duration(random.Intn(20)) * time.Second)
		w.set(func(w *world) { w.putLies, w.down, w.stuck = false, false, 0 })
		time.Sleep(3 * time.Minute) // longer than what is put off
		naive(t, w, s)
		time.Sleep(time.Duration(random.Intn(300)) * time.Minute)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, record := range w.record {
		for _, e := range record {
			done[string(w.alerts[id].Rule)+" "+string(e.Action)]++
		}
	}
}

// actOnSome has a person do something about an alert, if that is possible.
func actOnSome(t *testing.T, w *world, s *Service, random *rand.Rand) {
	all := w.all(t)
	if len(all) == 0 {
		return
	}
	a := all[random.Intn(len(all))]
	do := alert.Request{Action: []alert.Action{alert.Resolve, alert.Resolve, alert.Reopen, alert.Comment}[random.Intn(4)], By: "li.na", Comment: fmt.Sprint("called ", random.Int())}
	_, _, _ = s.Act(t.Context(), a.ID, 0, do) // what is not possible is refused
}

// naive demands that a look at all ratings and all alerts of each customer changes nothing.
func naive(t *testing.T, w *world, s *Service) {
	t.Helper()
	now := time.Now()
	w.mu.Lock()
	ratings := w.last(s.everybody(w), now.Add(-100*24*time.Hour), now.Add(time.Hour), func(string) bool { return true })
	seen := alert.Seen{Epoch: w.epoch, Next: []int64{w.durable()}}
	of := map[string][]alert.Alert{}
	for _, a := range w.alerts {
		of[a.Subject.Value] = append(of[a.Subject.Value], a)
	}
	w.mu.Unlock()
	for c, all := range ratings {
		for _, change := range s.rules.Customer(all, of[c], seen, now) {
			t.Errorf("a look at everything of %s changes: %s of %s, from %+v to %+v", c, change.Entry.Action, change.Alert.Rule, of[c], change.Alert)
		}
	}
}

func (s *Service) everybody(w *world) (all []string) {
	of := map[string]bool{}
	for _, f := range w.facts {
		if !of[f.CustomerID] {
			of[f.CustomerID] = true
			all = append(all, f.CustomerID)
		}
	}
	return all
}
