package eventgen

import (
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
	if n < 38_000 || n > 42_000 {
		t.Errorf("%d records", n)
	}
	worse, dipped, steady := ec.Services[0], ec.Services[1], ec.Services[2]
	measured, at := DemoMeasure(end, ec)
	if measured != dipped || !at.Equal(end.Add(-10*day)) {
		t.Errorf("a measure for %s at %s", measured, at)
	}
	for name, v := range map[string]struct{ got, least, most float64 }{
		"the first service before":     {s.between(worse, 28, 5), 0.955, 0.98},
		"the first service at the end": {s.between(worse, 2, 0), 0.78, 0.90},
		"the second service before":    {s.between(dipped, 28, 17), 0.95, 0.98},
		"the second service dipped":    {s.between(dipped, 16, 10), 0.82, 0.88},
		"the second service recovered": {s.between(dipped, 7, 0), 0.96, 0.99},
		"the third service":            {s.between(steady, 28, 0), 0.95, 0.97},
	} {
		if v.got < v.least || v.got > v.most {
			t.Errorf("%s: %.3f satisfied, want %v to %v", name, v.got, v.least, v.most)
		}
	}
}

func TestTheDemoGoesOnLive(t *testing.T) {
	ec := event.DefaultConfig()
	end := time.Date(2026, 3, 29, 10, 0, 0, 0, time.UTC)
	live := DemoLive(1, end, 2, ec)
	if err := live.Validate(); err != nil {
		t.Fatal(err)
	}
	history := map[string]bool{}
	for it := range New(DemoHistory(1, end, ec)).Until(end) {
		history[it.Event.RatingID] = true
	}
	n, s := 0, shares{}
	for it := range New(live).Until(end.Add(time.Hour)) {
		n++
		if history[it.Event.RatingID] || it.At.Before(end) {
			t.Fatalf("%s at %s is of the history", it.Event.RatingID, it.At)
		}
		s.add(it.Event.Service, 0, it.Event.Rating >= 400)
	}
	if worse := s.between(ec.Services[0], 1, 0); n < 6800 || n > 7600 || worse > 0.84 {
		t.Errorf("%d records in an hour, the first service at %.3f", n, worse)
	}
}
