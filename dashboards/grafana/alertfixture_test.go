package grafana

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"satisflow/pipeline/alert"
	store "satisflow/sinks/clickhouse"
)

// storeAlerts stores alerts of customers, services and segments, each after a version of it that no longer stands. All
// times are five minutes and more away from any that is looked at, however long a test takes.
func (k *known) storeAlerts(t *testing.T) {
	t.Helper()
	random, working := rand.New(rand.NewPCG(9, 9)), map[string]bool{}
	for i := range 90 {
		a := k.alert(random, i)
		if key := fmt.Sprint(a.Subject, a.Rule); a.State.AtWork() && working[key] {
			k.resolve(&a, random)
		} else if a.State.AtWork() {
			working[key] = true
		}
		k.alerts = append(k.alerts, a)
	}
	for version := uint64(1); version <= 2; version++ {
		var changes []alert.Change
		for _, a := range k.alerts {
			if a.Version = version; version == 1 {
				a.State, a.Severity, a.Value, a.ResolvedAt = alert.Open, 4-a.Severity, a.Value/2, time.Time{}
				a.OpenedAt = a.OpenedAt.Add(-time.Hour)
			}
			changes = append(changes, alert.Change{Alert: a, Entry: alert.Entry{Version: version, At: a.UpdatedAt, By: alert.System, Action: alert.Opened}})
		}
		if err := store.NewAlerts(k.conn).Put(t.Context(), changes); err != nil {
			t.Fatal(err)
		}
	}
}

// alert was opened in the last 56 days, or, one in five, in the last two.
func (k *known) alert(random *rand.Rand, i int) alert.Alert {
	ago := time.Duration(random.IntN(56*24*6)) * 10 * time.Minute
	if i%5 == 0 {
		ago = time.Duration(random.IntN(2*24*6)) * 10 * time.Minute
	}
	opened := k.now.Add(-ago - 5*time.Minute - time.Duration(i)*time.Second)
	a := alert.Alert{
		ID: fmt.Sprintf("a%02d", i), Rule: pick(random, alert.LowRating, alert.LowMean, alert.Falling), Severity: pick(random, alert.AllSeverities()...),
		State: pick(random, alert.AllStates()...), Weight: pick(random, 0.5, 1.0, 1.0, 2.0), Service: pick(random, k.services...), Assignee: pick(random, "", "li", "wang"),
		Subject:  alert.Subject{Dimension: alert.Customer, Value: pick(random, "c1", "c2", "c3", "c4", "c5", "it's <b>&/c6")},
		OpenedAt: opened, UpdatedAt: opened, RatedAt: opened,
	}
	if i%9 == 0 {
		a.Rule, a.Subject = alert.GroupFalling, pick(random, alert.Subject{Dimension: "service", Value: quoted}, alert.Subject{Dimension: "service", Value: "data_analysis"}, alert.Subject{Dimension: "segment", Value: "smb"}, alert.Subject{Dimension: "segment", Value: "data_analysis"})
		a.Service = ""
	}
	switch a.Rule {
	case alert.LowRating:
		a.Value, a.Threshold, a.Ratings = float64(100+random.IntN(240))/100, 3.5, 1+random.Int64N(3)
	case alert.LowMean:
		a.Value, a.Threshold, a.Ratings = 1+2*random.Float64(), 3.5, 3+random.Int64N(9)
	default:
		a.Ratings, a.BeforeN = 5+random.Int64N(20), 5+random.Int64N(20)
		a.Value, a.Before = float64(a.Ratings/3)/float64(a.Ratings), float64(a.BeforeN-1)/float64(a.BeforeN)
		a.Threshold = a.Before
	}
	hours := map[alert.Severity]time.Duration{alert.Critical: 4, alert.Major: 24, alert.Minor: 72}[a.Severity]
	a.ContactDue, a.ResolveDue = opened.Add(hours*time.Hour), opened.Add(4*hours*time.Hour)
	if a.State >= alert.Contacted && random.IntN(3) > 0 || a.State == alert.Contacted {
		a.ContactedAt = opened.Add(min(ago, time.Duration(random.IntN(12*24))*5*time.Minute))
	}
	if !a.State.AtWork() {
		k.resolve(&a, random)
	}
	return a
}

// resolve lets the alert end by now, after the customer was contacted.
func (k *known) resolve(a *alert.Alert, random *rand.Rand) {
	from := a.OpenedAt
	if !a.ContactedAt.IsZero() {
		from = a.ContactedAt
	}
	a.State = max(a.State, alert.Resolved)
	a.ResolvedAt = from.Add(min(k.now.Sub(from), time.Duration(random.IntN(10*24*6))*10*time.Minute))
	a.ResolvedBy, a.Resolution = pick(random, alert.System, "li"), "spoke of a private matter"
}
