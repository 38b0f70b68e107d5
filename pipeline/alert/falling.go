package alert

import "satisflow/pipeline/stats"

// falling judges the share of satisfied ratings of the window against that of the window before.
func (r *Rules) falling(t *tally) finding {
	f := fall(t.now, t.before, r.config.FallRatings, r.config.FallDrop)
	f.of(r, t.last)
	return f
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
