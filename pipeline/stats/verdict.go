package stats

import "math"

// Verdict is what the ratings seen so far say about a target for the share of satisfied ones.
type Verdict uint8

const (
	// NoData: nothing was rated.
	NoData Verdict = iota
	// Undetermined: too few ratings to tell on which side of the target the share lies.
	Undetermined
	// Below: the share is below the target; the upper bound is.
	Below
	// Met: the share is at least the target; the lower bound is.
	Met
)

// String returns the word that the API gives.
func (v Verdict) String() string {
	return [...]string{"no_data", "undetermined", "below", "met"}[v]
}

// Judgment is a Verdict and, while it is undetermined, what would decide it.
type Judgment struct {
	Verdict Verdict
	// AllSatisfied is how many more ratings would have the target met if all of them were satisfied; 0 unless undetermined.
	AllSatisfied int64
	// AtPresentShare is how many more ratings would decide either way if the share stayed as it is; 0 unless undetermined,
	// and where the share is so close to the target that no countable number would.
	AtPresentShare int64
}

// Judge returns the judgment on k satisfied of n ratings for a target share, 0 < target < 1, from one-sided Wilson bounds
// of 95 %.
//
// Source: the bound of Wilson (1927) lies beyond the target t when the score test refuses it, (p − t)²·n ≥ z²·t(1−t). Solved
// for n that gives the ratings at the present share; with m more satisfied ones, (k + m − t(n+m))² ≥ z²·t(1−t)(n+m), it
// is quadratic in m.
func Judge(k, n int64, target float64) Judgment {
	if v := verdict(k, n, target); v != Undetermined {
		return Judgment{Verdict: v}
	}
	return Judgment{Undetermined, allSatisfied(k, n, target), atPresentShare(k, n, target)}
}

func verdict(k, n int64, target float64) Verdict {
	bounds := Wilson(k, n, Z95OneSided)
	switch {
	case n <= 0:
		return NoData
	case bounds.High < target:
		return Below
	case bounds.Low >= target:
		return Met
	}
	return Undetermined
}

func allSatisfied(k, n int64, target float64) int64 {
	rest, c := 1-target, scoreVariance(target)
	d := float64(k) - target*float64(n)
	half := (2*d*rest - c) / (2 * rest * rest)
	root := -half + math.Sqrt(max(0, half*half-(d*d-c*float64(n))/(rest*rest)))
	m := max(1, int64(root)-1) // the bounds have the last word, whatever was rounded here
	for verdict(k+m, n+m, target) != Met {
		m++
	}
	return m
}

// mostRatings is beyond what anyone will count.
const mostRatings = 1e12

func atPresentShare(k, n int64, target float64) int64 {
	distance := float64(k)/float64(n) - target
	total := math.Ceil(scoreVariance(target) / (distance * distance))
	if !(total < mostRatings) {
		return 0
	}
	return max(1, int64(total)-n)
}

// scoreVariance is z² times the variance of one rating if the share is the target.
func scoreVariance(target float64) float64 {
	return Z95OneSided * Z95OneSided * target * (1 - target)
}
