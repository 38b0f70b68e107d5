package window

import "satisflow/pipeline/event"

// Sums is what a pane or a window holds for one value of a dimension: integers only, so that no order of adding
// changes a figure.
type Sums struct {
	Ratings      int64    // scored feedback
	Unscored     int64    // feedback without a score; responses are Ratings + Unscored
	Satisfied    int64    // ratings in the satisfied band, the highly satisfied included
	Highly       int64    // ratings in the highly satisfied band
	Dissatisfied int64    // ratings in the dissatisfied band
	Sum          int64    // of ratings, hundredths
	SumSquares   int64    // of ratings, hundredths squared
	Stars        [5]int64 // ratings of 1 … 5 stars, round half up
	Quality      [event.MaxQuality]QualitySum
}

// QualitySum is the sum, in the metric's units, and the count of one quality metric.
type QualitySum struct{ Sum, N int64 }

// Responses is the feedback count (响应数量), scored or not.
func (s *Sums) Responses() int64 { return s.Ratings + s.Unscored }

// IsZero says whether nothing is counted.
func (s *Sums) IsZero() bool { return *s == Sums{} }

// Add adds o.
func (s *Sums) Add(o *Sums) { s.scaled(o, 1) }

// Sub takes o away.
func (s *Sums) Sub(o *Sums) { s.scaled(o, -1) }

func (s *Sums) scaled(o *Sums, by int64) {
	s.Ratings += by * o.Ratings
	s.Unscored += by * o.Unscored
	s.Satisfied += by * o.Satisfied
	s.Highly += by * o.Highly
	s.Dissatisfied += by * o.Dissatisfied
	s.Sum += by * o.Sum
	s.SumSquares += by * o.SumSquares
	for i := range s.Stars {
		s.Stars[i] += by * o.Stars[i]
	}
	for i := range s.Quality {
		s.Quality[i].Sum += by * o.Quality[i].Sum
		s.Quality[i].N += by * o.Quality[i].N
	}
}

// Count moves the sums by one feedback: by is 1 to add it, -1 to take it away. A rating of 0 is feedback without a score.
func (s *Sums) Count(b *Bands, rating int32, q *event.Quality, by int64) {
	for i, v := range q {
		if v != event.MissingQuality {
			s.Quality[i].Sum += by * v
			s.Quality[i].N += by
		}
	}
	if rating == 0 {
		s.Unscored += by
		return
	}
	r := int64(rating)
	s.Ratings += by
	s.Sum += by * r
	s.SumSquares += by * r * r
	s.Stars[Star(rating)-1] += by
	if rating >= b.Satisfied {
		s.Satisfied += by
	}
	if rating >= b.Highly {
		s.Highly += by
	}
	if rating <= b.Dissatisfied {
		s.Dissatisfied += by
	}
}

// Star returns the star, 1 … 5, of a rating in hundredths: round half up.
func Star(rating int32) int { return int(rating+50) / 100 }
