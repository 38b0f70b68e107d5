package alert

import (
	"testing"
	"time"
)

// BenchmarkCustomer decides about a customer who rates daily and has an alert at work.
func BenchmarkCustomer(b *testing.B) {
	rules := must(NewRules(DefaultConfig(), 350, 400))
	var ratings []Rating
	for i := range 60 {
		at := noon.Add(-time.Duration(i) * 24 * hour)
		ratings = append(ratings, Rating{RatingID: ID(LowRating, legal, at.String()), CustomerID: "c-1", OccurredAt: at, ArrivedAt: at, Rating: int32(340 + i), Counts: true})
	}
	var alerts []Alert
	for _, c := range rules.Customer(ratings, nil, Seen{}, noon) {
		alerts = append(alerts, c.Alert)
	}
	b.ReportAllocs()
	for b.Loop() {
		rules.Customer(ratings, alerts, Seen{}, noon)
	}
}

// BenchmarkFlood decides for the first time about a customer who gave thousands of low ratings within the hour.
func BenchmarkFlood(b *testing.B) {
	rules := must(NewRules(DefaultConfig(), 350, 400))
	var ratings []Rating
	for i := range 5000 {
		at := noon.Add(-time.Duration(i) * 500 * time.Millisecond)
		ratings = append(ratings, Rating{RatingID: ID(LowRating, legal, at.String()), CustomerID: "c-1", OccurredAt: at, ArrivedAt: at, Rating: 200, Counts: true})
	}
	b.ReportAllocs()
	for b.Loop() {
		rules.Customer(ratings, nil, Seen{}, noon)
	}
}
