package alert

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"
	"time"
)

// noon is when most tests begin.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const hour = time.Hour

// desk is where the alerts of one customer lie. What is decided is put there, and deciding again must change nothing.
type desk struct {
	*testing.T
	rules   *Rules
	now     time.Time
	ratings []Rating
	alerts  []Alert
	record  []Entry
	offset  int64 // of the next record
}

func newDesk(t *testing.T, change func(c *Config)) *desk {
	t.Helper()
	c := DefaultConfig()
	if change != nil {
		change(&c)
	}
	r, err := NewRules(c, 350, 400)
	if err != nil {
		t.Fatal(err)
	}
	return &desk{T: t, rules: r, now: noon}
}

// rate adds a rating that the customer gave so long ago, and that arrived a second later.
func (d *desk) rate(id string, hundredths int32, ago time.Duration) *Rating {
	at := d.now.Add(-ago)
	d.ratings = append(d.ratings, Rating{RatingID: id, CustomerID: "c-1", OccurredAt: at, ArrivedAt: at.Add(time.Second), Service: "legal_consulting",
		Segment: "vip", Rating: hundredths, Counts: true, Offset: d.next()})
	return &d.ratings[len(d.ratings)-1]
}

// history adds as many ratings, a minute apart, the last so long ago; they are no longer fresh.
func (d *desk) history(name string, n int, hundredths int32, ago time.Duration) {
	for i := range n {
		d.rate(fmt.Sprint(name, i), hundredths, ago+time.Duration(n-1-i)*time.Minute)
	}
}

// correct changes a rating, as a record that arrives now.
func (d *desk) correct(id string, change func(x *Rating)) {
	x := d.rating(id)
	change(x)
	x.ArrivedAt, x.Offset = d.now, d.next()
}

func (d *desk) next() int64 { d.offset++; return d.offset }

func (d *desk) rating(id string) *Rating {
	d.Helper()
	at := slices.IndexFunc(d.ratings, func(x Rating) bool { return x.RatingID == id })
	if at < 0 {
		d.Fatalf("there is no rating %s", id)
	}
	return &d.ratings[at]
}

func (d *desk) pass(t time.Duration) { d.now = d.now.Add(t) }

// decide evaluates and returns what was done, such as "low_rating opened".
func (d *desk) decide() []string {
	d.Helper()
	changes := d.rules.Customer(d.ratings, d.alerts, Seen{}, d.now)
	done := d.put(changes)
	if again := d.rules.Customer(shuffled(d.ratings), shuffled(d.alerts), Seen{}, d.now); len(again) > 0 {
		d.Fatalf("deciding again changes: %+v", again)
	}
	return done
}

func (d *desk) put(changes []Change) (done []string) {
	d.Helper()
	for _, c := range changes {
		at := slices.IndexFunc(d.alerts, func(a Alert) bool { return a.ID == c.Alert.ID })
		if at < 0 {
			at, d.alerts = len(d.alerts), append(d.alerts, Alert{})
		}
		if want := d.alerts[at].Version + 1; c.Alert.Version != want || c.Entry.Version != want {
			d.Fatalf("alert %s: version %d, entry %d: want %d", c.Alert.ID, c.Alert.Version, c.Entry.Version, want)
		}
		d.alerts[at] = c.Alert
		d.record = append(d.record, c.Entry)
		done = append(done, string(c.Alert.Rule)+" "+string(c.Entry.Action))
	}
	return done
}

// decides evaluates and demands what is done.
func (d *desk) decides(want ...string) {
	d.Helper()
	if got := d.decide(); !slices.Equal(got, want) {
		d.Errorf("done: %q, want %q", got, want)
	}
}

// one returns the only alert of the rule.
func (d *desk) one(rule Rule) *Alert {
	d.Helper()
	var found []*Alert
	for i := range d.alerts {
		if d.alerts[i].Rule == rule {
			found = append(found, &d.alerts[i])
		}
	}
	if len(found) != 1 {
		d.Fatalf("%d alerts of %s: want 1", len(found), rule)
	}
	return found[0]
}

// act has li.na do something with the alert.
func (d *desk) act(a *Alert, action Action) {
	d.Helper()
	c, err := d.rules.Act(*a, Request{Action: action, By: "li.na", Comment: "called", Assignee: "wang.wei", Seen: new(Seen).with(d.ratings)}, d.now)
	if err != nil {
		d.Fatal(err)
	}
	d.put([]Change{c})
}

func shuffled[T any](all []T) []T {
	all = slices.Clone(all)
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
