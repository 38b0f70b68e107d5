package alert

import "time"

// tally is what the ratings of a customer add up to in the window that ends at a time, and in the one before.
type tally struct {
	now, before shareOf
	sum         int64   // of the window, hundredths; exact in any order
	last        *Rating // of the window, nil without any
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

// tally adds up what counts. A rating that is dated ahead of the time counts already; admission keeps that to minutes.
func (r *Rules) tally(ratings []Rating, at time.Time) tally {
	var t tally
	start := at.Add(-r.config.Window)
	before := start.Add(-r.config.Window)
	for i := range ratings {
		x := &ratings[i]
		switch {
		case !x.scored() || !x.OccurredAt.After(before):
		case !x.OccurredAt.After(start):
			t.before.add(x.Rating >= r.satisfied)
		default:
			t.now.add(x.Rating >= r.satisfied)
			t.sum += int64(x.Rating)
			if later(x, t.last) {
				t.last = x
			}
		}
	}
	return t
}
