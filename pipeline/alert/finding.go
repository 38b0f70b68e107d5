package alert

import (
	"math"
	"slices"
	"time"
)

// finding is what a rule says about a subject at a time.
type finding struct {
	holds     bool
	value     float64
	threshold float64
	ratings   int64
	before    float64
	beforeN   int64
	points    float64 // of the scale by which the value is too low
	ratingIDs []string
	first     *Rating // that opens the alert, where it is known; for the labels
	service   string
	segment   string
	ratedAt   time.Time
	weight    float64
}

// of takes the rating that the customer gave last, and how much the customer counts.
func (f *finding) of(r *Rules, rating *Rating) {
	if rating == nil {
		return
	}
	f.service, f.segment, f.ratedAt = rating.Service, rating.Segment, rating.OccurredAt.UTC()
	f.weight = r.Weight(rating.CustomerID, rating.Segment)
}

// severity is how much the finding matters. What only rounding keeps from a threshold reaches it.
func (r *Rules) severity(f *finding) Severity {
	const exact = 1e9
	points := math.Round(f.points*f.weight*exact) / exact
	switch {
	case points >= r.config.Critical:
		return Critical
	case points >= r.config.Major:
		return Major
	}
	return Minor
}

// put writes the figures of the finding to the alert.
func (f *finding) put(a *Alert) {
	a.Value, a.Threshold, a.Ratings, a.Before, a.BeforeN = f.value, f.threshold, f.ratings, f.before, f.beforeN
	a.Service, a.Segment, a.RatedAt, a.Weight = f.service, f.segment, f.ratedAt, f.weight
	if f.ratingIDs != nil {
		a.RatingIDs = slices.Clone(f.ratingIDs)
	}
}

// points are hundredths of a point as points.
func points(hundredths int32) float64 { return float64(hundredths) / 100 }
