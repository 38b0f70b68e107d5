package eventgen

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
)

// shares sums up satisfied ratings by service and by day before the end.
type shares map[string]map[int][2]float64

func (s shares) add(service string, age int, satisfied bool) {
	if s[service] == nil {
		s[service] = map[int][2]float64{}
	}
	v := s[service][age]
	v[1]++
	if satisfied {
		v[0]++
	}
	s[service][age] = v
}

// between is the share of the days from the first to the last, counted back from the end.
func (s shares) between(service string, first, last int) float64 {
	var satisfied, all float64
	for age := last; age < first; age++ {
		satisfied += s[service][age][0]
		all += s[service][age][1]
	}
	return satisfied / all
}

func TestTheDemosStoryShowsInTheNumbers(t *testing.T) {
	ec := event.DefaultConfig()
	end := time.Date(2026, 3, 29, 10, 0, 0, 0, time.UTC)
	cfg := DemoHistory(1, end, ec)
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	admitter, err := admit.NewAdmitter(ec, admit.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	s, n := shares{}, 0
	for it := range New(cfg).Until(end) {
		n++
		if it.At.Before(cfg.Start) {
			t.Fatalf("sent at %s", it.At)
		}
		var ev event.Event
		if rej := admitter.Admit(&admit.Record{Timestamp: event.RecordTime(it.At.UnixMilli()), Value: it.JSON}, &ev); (rej == nil) != (it.Kind != Bad) {
			t.Fatalf("%v: %.300s", rej, it.JSON)
		}
		if e := it.Event; (it.Kind == Fresh || it.Kind == Late) && e.Scored() && !e.Staff {
			s.add(e.Service, int(end.Sub(time.UnixMilli(e.OccurredAt))/day), e.Rating >= 400)
		}
	}
	if n < 8_400 || n > 9_600 {
		t.Errorf("%d records", n)
	}
	worse, dipped, steady := ec.Services[0], ec.Services[1], ec.Services[2]
	measured, at := DemoMeasure(end, ec)
	if measured != dipped || !at.Equal(end.Add(-10*day)) {
		t.Errorf("a measure for %s at %s", measured, at)
	}
	for name, v := range map[string]struct{ got, least, most float64 }{
		"the first service before":     {s.between(worse, 28, 5), 0.92, 0.98},
		"the first service at the end": {s.between(worse, 2, 0), 0.70, 0.90},
		"the second service before":    {s.between(dipped, 28, 17), 0.92, 0.98},
		"the second service dipped":    {s.between(dipped, 16, 10), 0.76, 0.89},
		"the second service recovered": {s.between(dipped, 7, 0), 0.93, 0.99},
		"the third service":            {s.between(steady, 28, 0), 0.95, 0.985},
	} {
		if v.got < v.least || v.got > v.most {
			t.Errorf("%s: %.3f satisfied, want %v to %v", name, v.got, v.least, v.most)
		}
	}
}

// month is the demo's history in figures.
type month struct {
	ratings            map[string][]event.Event // by customer
	office, night      int                      // by hour, in the office's zone
	weekday, weekend   int
	firstHalf, lastAll map[string][2]float64 // satisfied and all by customer, long before and at the end
}

func monthOf(end time.Time, ec event.Config) month {
	m := month{ratings: map[string][]event.Event{}, firstHalf: map[string][2]float64{}, lastAll: map[string][2]float64{}}
	for it := range New(DemoHistory(1, end, ec)).Until(end) {
		if it.Kind != Fresh && it.Kind != Late || !it.Event.Scored() {
			continue
		}
		m.ratings[it.Event.CustomerID] = append(m.ratings[it.Event.CustomerID], it.Event)
		at := it.At.In(office)
		if h := at.Hour(); h >= 9 && h < 18 {
			m.office++
		} else if h < 6 {
			m.night++
		}
		if d := at.Weekday(); d == time.Saturday || d == time.Sunday {
			m.weekend++
		} else {
			m.weekday++
		}
		into := m.lastAll
		if it.At.Before(end.Add(-demoTurn)) {
			into = m.firstHalf
		} else if it.At.Before(end.Add(-demoTurn + 3*day)) {
			continue
		}
		v := into[it.Event.CustomerID]
		if v[1]++; it.Event.Rating >= 400 {
			v[0]++
		}
		into[it.Event.CustomerID] = v
	}
	return m
}

func TestTheDemoIsABelievableMonthOfAFirm(t *testing.T) {
	end := time.Date(2026, 3, 29, 10, 0, 0, 0, time.UTC)
	m := monthOf(end, event.DefaultConfig())
	var counts []int
	for _, all := range m.ratings {
		counts = append(counts, len(all))
	}
	slices.Sort(counts)
	if n := len(counts); n < 290 || n > demoCustomers {
		t.Errorf("%d customers", n)
	}
	if most, middle, few := counts[len(counts)-1], counts[len(counts)/2], counts[len(counts)/20]; most > 260 || most < 100 || middle < 8 || middle > 30 || few > 8 {
		t.Errorf("ratings of the largest customer %d, of the middle one %d, of a small one %d", most, middle, few)
	}
	if perHour, perNight := float64(m.office)/9, float64(m.night)/6; perHour < 8*perNight {
		t.Errorf("%.0f ratings in an office hour, %.0f in one of the night", perHour, perNight)
	}
	if perDay, atWeekends := float64(m.weekday)/5, float64(m.weekend)/2; atWeekends > perDay/2 || atWeekends < perDay/6 {
		t.Errorf("%.0f ratings on a working day, %.0f on one of the weekend", perDay, atWeekends)
	}
	share := func(of map[string][2]float64, kind int) float64 {
		var satisfied, all float64
		for i := kind; i < demoCustomers; i += 50 {
			v := of[fmt.Sprintf("c-%06d", i+1)]
			satisfied, all = satisfied+v[0], all+v[1]
		}
		return satisfied / all
	}
	if unhappy, turned, back := share(m.lastAll, 17), share(m.lastAll, 29), share(m.lastAll, 41); unhappy > 0.6 || turned > 0.55 || back < 0.8 {
		t.Errorf("at the end: unhappy customers %.2f, those who turned away %.2f, those who came back %.2f", unhappy, turned, back)
	}
	if turned, back := share(m.firstHalf, 29), share(m.firstHalf, 41); turned < 0.85 || back > 0.7 {
		t.Errorf("before: those who turned away %.2f, those who came back %.2f", turned, back)
	}
}

func TestTheDemoEndsWithAnIncidentThatNeedsSomebodyAtOnce(t *testing.T) {
	ec := event.DefaultConfig()
	end := time.Date(2026, 3, 29, 10, 0, 0, 0, time.UTC)
	admitter, err := admit.NewAdmitter(ec, admit.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	segments := map[string]string{}
	for id, all := range monthOf(end, ec).ratings {
		segments[id] = all[0].Segment
	}
	items := DemoIncident(1, end, ec)
	for _, it := range items {
		var ev event.Event
		if rej := admitter.Admit(&admit.Record{Timestamp: event.RecordTime(it.At.UnixMilli()), Value: it.JSON}, &ev); rej != nil || ev.Rating > 200 || ev.Comment == "" || ev.Segment != "enterprise" || segments[ev.CustomerID] != "enterprise" {
			t.Errorf("%v: %s", rej, it.JSON)
		}
		if it.At.Before(end.Add(-time.Hour)) || !it.At.Before(end) {
			t.Errorf("at %s", it.At)
		}
	}
	if len(items) != 3 {
		t.Errorf("%d ratings", len(items))
	}
}

func TestTheDemoGoesOnLive(t *testing.T) {
	ec := event.DefaultConfig()
	end := time.Date(2026, 3, 29, 10, 0, 0, 0, time.UTC)
	live := DemoLive(1, end, 1, ec)
	if err := live.Validate(); err != nil {
		t.Fatal(err)
	}
	history := map[string]bool{}
	for it := range New(DemoHistory(1, end, ec)).Until(end) {
		history[it.Event.RatingID] = true
	}
	n, s := 0, shares{}
	for it := range New(live).Until(end.Add(7 * day)) {
		n++
		if history[it.Event.RatingID] || it.At.Before(end) {
			t.Fatalf("%s at %s is of the history", it.Event.RatingID, it.At)
		}
		s.add(it.Event.Service, 0, it.Event.Rating >= 400)
	}
	if worse := s.between(ec.Services[0], 1, 0); n < 2050 || n > 2450 || worse > 0.86 { // a quarter of the history
		t.Errorf("%d records in a week, the first service at %.3f", n, worse)
	}
}
