package alert

import (
	"fmt"
	"testing"
	"time"
)

func atWorkOf(customer string, s Severity, state State, weight float64, opened time.Duration) Alert {
	at := noon.Add(opened)
	return Alert{ID: customer + fmt.Sprint(s, state), Rule: LowRating, Subject: Subject{Customer, customer}, Severity: s, State: state, Weight: weight,
		OpenedAt: at, ContactDue: at.Add(72 * hour), ResolveDue: at.Add(96 * hour)}
}

func TestCustomersAreRankedByWhatNeedsThemMost(t *testing.T) {
	now := noon
	alerts := []Alert{
		atWorkOf("c-minor", Minor, Acknowledged, 1, -hour),            // 1
		atWorkOf("c-seen", Major, Acknowledged, 1, -hour),             // 2
		atWorkOf("c-seen-before", Major, Acknowledged, 1, -2*hour),    // 2, older
		atWorkOf("c-unseen", Major, Open, 1, -hour),                   // 3
		atWorkOf("c-late", Major, Acknowledged, 1, -73*hour),          // 4
		atWorkOf("c-heavy", Minor, Acknowledged, 10, -hour),           // 10
		atWorkOf("c-two", Critical, Open, 1, -hour),                   // 6
		atWorkOf("c-two", Minor, Contacted, 1, -73*hour),              // and 1
		atWorkOf("c-done", Critical, Resolved, 10, -100*hour),         // nothing
		{Subject: legal, Severity: Critical, State: Open, Weight: 10}, // no customer
	}
	want := []string{"c-heavy 10", "c-two 7", "c-late 4", "c-unseen 3", "c-seen-before 2", "c-seen 2", "c-minor 1"}
	for range 20 {
		var got []string
		for _, a := range Rank(shuffled(alerts), now) {
			got = append(got, fmt.Sprint(a.Subject.Value, " ", a.Score))
		}
		equal(t, "ranked", fmt.Sprint(got), fmt.Sprint(want))
	}
}

func TestTheReasonsSayWhyACustomerNeedsAttention(t *testing.T) {
	two := Rank([]Alert{atWorkOf("c", Minor, Contacted, 1, -hour), atWorkOf("c", Critical, Open, 2, -97*hour)}, noon)[0]
	equal(t, "first", two.Reasons[0], Reason{AlertID: "ccritical open", Rule: LowRating, Severity: Critical, Score: 20, Unacknowledged: true, ContactOverdue: true, ResolveOverdue: true})
	equal(t, "second", two.Reasons[1], Reason{AlertID: "cminor contacted", Rule: LowRating, Severity: Minor, Score: 1})
	equal(t, "first alert", two.Alerts[0].ID, two.Reasons[0].AlertID)
	equal(t, "score", two.Score, 21)
}

func TestNobodyNeedsAttentionWithoutAlerts(t *testing.T) {
	equal(t, "customers", len(Rank(nil, noon)), 0)
}
