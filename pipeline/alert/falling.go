package alert

import (
	"time"

	"satisflow/pipeline/stats"
)

// falling judges the share of satisfied ratings of the window that ends at the time, against the window before.
func (r *Rules) falling(ratings []Rating, at time.Time) finding {
	start := at.Add(-r.config.Window)
	both := given(ratings, start.Add(-r.config.Window))
	var now, before shareOf
	for i := range both {
		if both[i].OccurredAt.After(start) {
			now.add(both[i].Rating >= r.satisfied)
		} else {
			before.add(both[i].Rating >= r.satisfied)
		}
	}
	f := fall(now, before, r.config.FallRatings, r.config.FallDrop)
	f.of(r, last(given(both, start)))
	return f
}

// shareOf is a share: so many satisfied of so many ratings.
type shareOf struct{ satisfied, ratings int64 }

func (s *shareOf) add(satisfied bool) {
	s.ratings++
	if satisfied {
		s.satisfied++
	}
}

func (s shareOf) value() float64 {
	if s.ratings == 0 {
		return 0
	}
	return float64(s.satisfied) / float64(s.ratings)
}

// fall judges a share against the one before. It has fallen when each is of as many ratings as are wanted, the drop is as
// large as is wanted, and the whole interval of 99 % of the difference lies below 0.
func fall(now, before shareOf, ratings int64, drop float64) finding {
	const exact = 1e-9 // what only rounding keeps from the drop reaches it
	f := finding{value: now.value(), threshold: before.value(), ratings: now.ratings, before: before.value(), beforeN: before.ratings}
	fell := f.before - f.value
	f.points = fell * scale
	f.holds = now.ratings >= ratings && before.ratings >= ratings && fell >= drop-exact &&
		stats.Newcombe(now.satisfied, now.ratings, before.satisfied, before.ratings, stats.Z99).High < 0
	return f
}

// scale is the length of the scale of ratings in points.
const scale = 4
