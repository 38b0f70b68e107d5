package alert

import "time"

// bucketsPerWindow divides a window into the buckets of Sums.
const bucketsPerWindow = 4

// Bucket are sums of the scored ratings of a customer that count and were given in a quarter of a window.
type Bucket struct {
	Satisfied, Others int64 // ratings
	Above, Below      int64 // by how much ratings lie above the threshold, and below it; hundredths
	rows              int64 // stored since
}

// Sums are what the ratings of a customer added up to when they were last read, by bucket, and how much was stored since. They
// never say that a rule holds, only that it cannot: what was stored since may be new, or replace anything.
type Sums map[int64]*Bucket

// BucketLength is the length of a bucket; the nth begins n lengths after 1970.
func (r *Rules) BucketLength() time.Duration { return r.config.Window / bucketsPerWindow }

// Bands returns the threshold and the least rating that is satisfied, in hundredths.
func (r *Rules) Bands() (threshold, satisfied int32) { return r.threshold, r.satisfied }

// Stored notes a version of a rating that was stored after the sums were read.
func (r *Rules) Stored(s Sums, x *Rating) {
	n := x.OccurredAt.UnixMilli() / r.BucketLength().Milliseconds()
	b := s[n]
	if b == nil {
		b = &Bucket{}
		s[n] = b
	}
	b.rows++
	if !x.scored() {
		return
	}
	b.Below += int64(max(0, r.threshold-x.Rating))
	if x.Rating < r.satisfied {
		b.Others++
	}
}

// MayHold says whether LowMean or Falling may hold at the time. It says no only when neither does, whatever has become of the
// versions that were stored since the sums were read.
func (r *Rules) MayHold(s Sums, at time.Time) bool {
	start := at.Add(-r.config.Window)
	now, before := r.bounds(s, start, time.Time{}), r.bounds(s, start.Add(-r.config.Window), start)
	return r.meanMayBeLow(&now) || r.shareMayHaveFallen(&now, &before)
}

// bounds enclose the sums of a window.
type bounds struct {
	above                            int64 // least sum of what lies above the threshold, less what lies below it
	leastSatisfied, mostSatisfied    int64
	leastOthers, mostOthers, ratings int64 // at most
}

// bounds of the ratings after a time, and until another unless that is zero. Of a bucket that lies across an end of the
// window, all or none may be in it.
func (r *Rules) bounds(s Sums, after, until time.Time) bounds {
	length := r.BucketLength().Milliseconds()
	from, to := after.UnixMilli(), until.UnixMilli()
	var all bounds
	for n, b := range s {
		begin, end := n*length, (n+1)*length
		if end <= from || !until.IsZero() && begin > to {
			continue
		}
		all.above -= b.Below
		all.mostOthers += b.Others
		all.mostSatisfied += b.Satisfied + b.rows
		all.ratings += b.Satisfied + b.Others + b.rows
		if begin > from && (until.IsZero() || end <= to) {
			all.above += max(0, b.Above-b.rows*int64(mostRating-r.threshold))
			all.leastSatisfied += max(0, b.Satisfied-b.rows)
			all.leastOthers += max(0, b.Others-2*b.rows) // those stored since are among them, and each may replace one
		}
	}
	return all
}

// mostRating is the best one, in hundredths.
const mostRating = 500

func (r *Rules) meanMayBeLow(now *bounds) bool {
	return now.ratings >= r.config.MinRatings && now.above < 0
}

func (r *Rules) shareMayHaveFallen(now, before *bounds) bool {
	if now.ratings < r.config.FallRatings || before.ratings < r.config.FallRatings {
		return false
	}
	const exact = 1e-9
	least := shareOf{now.leastSatisfied, now.leastSatisfied + now.mostOthers}
	most := shareOf{before.mostSatisfied, before.mostSatisfied + before.leastOthers}
	return most.value()-least.value() >= r.config.FallDrop-exact
}

// LowRatings returns what Customer does about LowRating alone. Of the ratings it needs those that were stored since it was
// last asked, and all that alerts at work name, or alerts that name as many as they can.
func (r *Rules) LowRatings(ratings []Rating, alerts []Alert, seen Seen, now time.Time) []Change {
	return r.customer(ratings, alerts, seen, now).lowRatings()
}

// Opening says whether the rating, in this version, may open an alert of LowRating or join one.
func (r *Rules) Opening(x *Rating, now time.Time) bool { return r.low(x) && r.fresh(x, exact(now)) }

// Full says whether the alert names as many ratings as it can, so that it answers for others too.
func (a *Alert) Full() bool { return a.Rule == LowRating && len(a.RatingIDs) >= mostRatings }

// MayOpen says whether Group would open an alert, if the fresh ratings have fallen as well.
func (r *Rules) MayOpen(g *Group, alerts []Alert, now time.Time) bool {
	f := r.group(g)
	return f.holds && len(atWork(alerts, GroupFalling)) == 0 && r.opens(g, over(alerts, GroupFalling), exact(now))
}
