package eventgen

import (
	"bytes"
	"maps"
	"math"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func testConfig() Config {
	cfg := DefaultConfig()
	cfg.Start = start
	cfg.Event.Attributes = []string{"region", "industry", "tier"}
	cfg.Event.Quality = []event.Metric{{Name: "temperature", Unit: "°C", Min: -20, Max: 40.5, Decimals: 1, Better: "lower"}}
	cfg.Duplicates, cfg.Corrections, cfg.Erasures, cfg.Late, cfg.Bad = 0.05, 0.04, 0.01, 0.1, 0.06
	return cfg
}

func take(g *Generator, n int) []Item {
	items := make([]Item, n)
	for i := range items {
		items[i] = g.Next()
	}
	return items
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	a, b := New(testConfig()), New(testConfig())
	other := testConfig()
	other.Seed++
	c, differ := New(other), 0
	for i := range 3000 {
		x, y, z := a.Next(), b.Next(), c.Next()
		if !bytes.Equal(x.JSON, y.JSON) || !bytes.Equal(x.Key, y.Key) || !x.At.Equal(y.At) || x.WantReason != y.WantReason {
			t.Fatalf("record %d differs:\n%s\n%s", i, x.JSON, y.JSON)
		}
		if !bytes.Equal(x.JSON, z.JSON) {
			differ++
		}
	}
	if differ < 2900 {
		t.Errorf("another seed gave %d other records of 3000", differ)
	}
}

func TestAdmissionDecidesAsTheGeneratorSays(t *testing.T) {
	cfg := testConfig()
	cfg.Bad, cfg.TooLarge = 0.3, true
	admitter, err := admit.NewAdmitter(cfg.Event, admit.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]int{}
	g := New(cfg)
	for i := range 12_000 {
		it := g.Next()
		var ev event.Event
		rej := admitter.Admit(&admit.Record{Timestamp: event.RecordTime(it.At.UnixMilli()), Key: it.Key, Value: it.JSON}, &ev)
		got := ""
		if rej != nil {
			got = rej.Reason
		}
		if got != it.WantReason || (it.Kind == Bad) != (got != "") {
			t.Fatalf("record %d, %s: got %q, want %q (%v)\n%.300s", i, it.Kind, got, it.WantReason, rej, it.JSON)
		}
		reasons[got]++
		if rej == nil && (ev.RatingID != it.Event.RatingID || ev.Rating != it.Event.Rating || ev.Comment != it.Event.Comment || ev.CustomerID != string(it.Key)) {
			t.Fatalf("record %d says %+v, not %+v", i, ev, it.Event)
		}
	}
	for _, k := range badKinds(cfg) {
		if reasons[k.reason] == 0 {
			t.Errorf("no record with the reason %s", k.reason)
		}
	}
	t.Logf("%v", reasons)
}

func TestTheSharesComeOut(t *testing.T) {
	cfg := testConfig()
	const n = 40_000
	kinds := map[Kind]float64{}
	items := take(New(cfg), n)
	for _, it := range items {
		kinds[it.Kind]++
	}
	for kind, want := range map[Kind]float64{Duplicate: cfg.Duplicates, Correction: cfg.Corrections, Erasure: cfg.Erasures, Late: cfg.Late, Bad: cfg.Bad} {
		if got := kinds[kind] / n; math.Abs(got-want) > 5*math.Sqrt(want*(1-want)/n) {
			t.Errorf("%s: a share of %v, want %v", kind, got, want)
		}
	}
	took := items[n-1].At.Sub(cfg.Start).Seconds()
	if rate := n / took; math.Abs(rate-cfg.Rate) > cfg.Rate*0.03 {
		t.Errorf("%v records a second, want %v", rate, cfg.Rate)
	}
}

func TestEachKindIsWhatItSays(t *testing.T) {
	cfg := testConfig()
	cfg.Bad = 0
	known := map[string][]Item{}
	counts := map[Kind]int{}
	for _, it := range take(New(cfg), 20_000) {
		e, earlier := it.Event, known[it.Event.RatingID]
		lag := it.At.UnixMilli() - e.OccurredAt
		counts[it.Kind]++
		right := false
		switch it.Kind {
		case Fresh:
			right = earlier == nil && lag >= 0 && lag <= 30_000
		case Late:
			right = earlier == nil && lag >= leastLate.Milliseconds() && lag <= cfg.Lateness.Milliseconds()
		case Duplicate:
			right = slices.ContainsFunc(earlier, func(o Item) bool { return bytes.Equal(o.JSON, it.JSON) })
		case Correction:
			right = earlier != nil && e.Revision > earlier[0].Event.Revision
		case Erasure:
			right = earlier != nil && e.Op == event.Erase
		}
		if first := append(earlier, it)[0].Event; e.OccurredAt != first.OccurredAt || e.CustomerID != first.CustomerID {
			right = false
		}
		if !right {
			t.Fatalf("%s: %s after %d earlier ones", it.Kind, it.JSON, len(earlier))
		}
		known[e.RatingID] = append(earlier, it)
	}
	if len(counts) != 5 {
		t.Errorf("kinds: %v", counts)
	}
}

func TestWhatIsGeneratedIsBelievable(t *testing.T) {
	cfg := testConfig()
	cfg.Bad, cfg.Duplicates, cfg.Corrections, cfg.Erasures = 0, 0, 0, 0
	const n = 30_000
	byCustomer, comments := map[string]int{}, map[string]int{}
	var slow, fast, chinese, commented, answered float64
	var poor, good int
	for _, it := range take(New(cfg), n) {
		e := it.Event
		byCustomer[e.CustomerID]++
		if ms := e.Quality[event.QualityResponseMS]; ms != event.MissingQuality && e.Scored() {
			if e.Rating < 400 {
				slow, poor = slow+float64(ms), poor+1
			} else {
				fast, good = fast+float64(ms), good+1
			}
		}
		if e.Comment != "" {
			commented++
			comments[e.Comment]++
			if len(e.Comment) > utf8.RuneCountInString(e.Comment) {
				chinese++
			}
		}
		if len(e.Answers) > 0 {
			answered++
		}
	}
	largest := slices.Max(slices.Collect(maps.Values(byCustomer)))
	for name, v := range map[string]struct{ got, least, most float64 }{
		"share of the largest customer":         {float64(largest) / n, 0.01, 0.15},
		"customers":                             {float64(len(byCustomer)), 500, 2000},
		"slowness of poor ratings":              {slow / float64(poor) / (fast / float64(good)), 1.3, 4},
		"share of comments":                     {commented / n, 0.1, 0.3},
		"share of comments in Chinese":          {chinese / commented, 0.4, 0.9},
		"different comments":                    {float64(len(comments)), 60, 1000},
		"share of answered surveys":             {answered / n, 0.04, 0.08},
		"share of the quality that is measured": {float64(poor+good) / n, 0.8, 0.9},
	} {
		if v.got < v.least || v.got > v.most {
			t.Errorf("%s: %v, want %v to %v", name, v.got, v.least, v.most)
		}
	}
}

func TestTheProfileHasNightsAndWeekends(t *testing.T) {
	cfg := testConfig()
	cfg.Profile, cfg.Rate = true, 0.02
	var noon, night, weekday, weekend, all float64
	for it := range New(cfg).Until(start.AddDate(0, 0, 28)) {
		at := it.At.In(office)
		all++
		switch {
		case at.Weekday() == time.Saturday || at.Weekday() == time.Sunday:
			weekend++
		default:
			weekday++
		}
		switch at.Hour() {
		case 10:
			noon++
		case 3:
			night++
		}
	}
	if noon < 10*night || weekday/5 < 2*weekend/2 {
		t.Errorf("%v at ten, %v at night; %v on working days, %v on weekends", noon, night, weekday, weekend)
	}
	if want := 0.02 * 28 * 86400; math.Abs(all-want) > want*0.02 {
		t.Errorf("%v records, want %v", all, want)
	}
}

func TestUntilGoesOnWhereItStopped(t *testing.T) {
	whole, parts := New(testConfig()), New(testConfig())
	for s := range 5 {
		for it := range parts.Until(start.Add(time.Duration(s+1) * time.Second)) {
			if want := whole.Next(); !bytes.Equal(it.JSON, want.JSON) {
				t.Fatalf("got %s, want %s", it.JSON, want.JSON)
			}
		}
	}
}

func TestAConfigThatCannotWorkIsRefused(t *testing.T) {
	if err := testConfig().Validate(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Config){
		"a negative share": func(c *Config) { c.Bad = -0.1 },
		"no number":        func(c *Config) { c.Late = math.NaN() },
		"too much":         func(c *Config) { c.Bad = 0.99 },
		"no rate":          func(c *Config) { c.Rate = 0 },
		"no customers":     func(c *Config) { c.Customers = 0 },
		"much too late":    func(c *Config) { c.Lateness = 60 * day },
		"no start":         func(c *Config) { c.Start = time.Time{} },
	} {
		cfg := testConfig()
		change(&cfg)
		if err := cfg.Validate(); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func BenchmarkNext(b *testing.B) {
	g := New(testConfig())
	b.ReportAllocs()
	for b.Loop() {
		g.Next()
	}
}
