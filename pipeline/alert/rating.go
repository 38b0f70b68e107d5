package alert

import (
	"cmp"
	"time"
)

// scored says whether the rating is part of a mean or share.
func (x *Rating) scored() bool { return x.Counts && x.Rating > 0 }

// fresh says whether the rating may open an alert: it arrived lately, and was not old when it arrived.
func (r *Rules) fresh(x *Rating, now time.Time) bool {
	return x.scored() && x.ArrivedAt.Sub(x.OccurredAt) < r.config.FreshAge && now.Sub(x.ArrivedAt) < r.config.FreshFor
}

func (r *Rules) low(x *Rating) bool { return x.scored() && x.Rating < r.threshold }

// byArrival orders ratings as they came. Of those that came at once the order is always the same.
func byArrival(a, b Rating) int {
	return cmp.Or(a.ArrivedAt.Compare(b.ArrivedAt), cmp.Compare(a.RatingID, b.RatingID))
}

// later says whether the customer gave a after b.
func later(a, b *Rating) bool {
	return cmp.Or(a.OccurredAt.Compare(b.OccurredAt), cmp.Compare(a.RatingID, b.RatingID)) > 0
}

// last returns the rating that the customer gave last, nil of none.
func last(ratings []Rating) *Rating {
	var found *Rating
	for i := range ratings {
		if found == nil || later(&ratings[i], found) {
			found = &ratings[i]
		}
	}
	return found
}

// given returns those of the ratings that count and were given after the time.
func given(ratings []Rating, after time.Time) []Rating {
	var some []Rating
	for _, x := range ratings {
		if x.scored() && x.OccurredAt.After(after) {
			some = append(some, x)
		}
	}
	return some
}
