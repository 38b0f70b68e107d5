package alert

import "time"

// lowMean judges the mean of the window that ends at the time. Sums of hundredths are exact in any order. A rating that is
// dated ahead of the time counts already; admission keeps that to minutes.
func (r *Rules) lowMean(ratings []Rating, at time.Time) finding {
	window := given(ratings, at.Add(-r.config.Window))
	var sum int64
	for i := range window {
		sum += int64(window[i].Rating)
	}
	f := finding{threshold: points(r.threshold), ratings: int64(len(window))}
	if f.ratings == 0 {
		return f
	}
	f.value = float64(sum) / float64(100*f.ratings)
	f.points = f.threshold - f.value
	f.holds = f.ratings >= r.config.MinRatings && sum < int64(r.threshold)*f.ratings
	f.of(r, last(window))
	return f
}
