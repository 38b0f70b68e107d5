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

// later says whether the customer gave a after b, nil being before all.
func later(a, b *Rating) bool {
	return b == nil || cmp.Or(a.OccurredAt.Compare(b.OccurredAt), cmp.Compare(a.RatingID, b.RatingID)) > 0
}
