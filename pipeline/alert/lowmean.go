package alert

// lowMean judges the mean of the window.
func (r *Rules) lowMean(t *tally) finding {
	f := finding{threshold: points(r.threshold), ratings: t.now.ratings}
	if f.ratings == 0 {
		return f
	}
	f.value = float64(t.sum) / float64(100*f.ratings)
	f.points = f.threshold - f.value
	f.holds = f.ratings >= r.config.MinRatings && t.sum < int64(r.threshold)*f.ratings
	f.of(r, t.last)
	return f
}
