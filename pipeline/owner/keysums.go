package owner

import (
	"satisflow/pipeline/event"
	"satisflow/pipeline/window"
)

// keySums are the sums of one pane by key, without pointers and with as many quality metrics as the definition has. A key
// that was named once stays, with zeros.
type keySums struct {
	metrics int
	slots   []uint32 // place + 1, by key; 0 is free; a power of two
	keys    []window.KeyID
	counts  []uint32 // for each key: ratings, unscored, satisfied, highly, dissatisfied, five stars, one of each metric
	totals  []int64  // for each key: sum, sum of squares, one of each metric
}

const (
	plainCounts = 10
	plainTotals = 2
)

// place returns where the sums of the key are, adding the key with zeros when it is new.
func (s *keySums) place(k window.KeyID) int {
	if 4*(len(s.keys)+1) > 3*len(s.slots) {
		s.rehash(max(16, 2*len(s.slots)))
	}
	i := s.slot(k)
	if s.slots[i] == 0 {
		s.keys = append(s.keys, k)
		s.counts = appendZeros(s.counts, plainCounts+s.metrics)
		s.totals = appendZeros(s.totals, plainTotals+s.metrics)
		s.slots[i] = uint32(len(s.keys))
	}
	return int(s.slots[i] - 1)
}

// slot returns the slot of the key, or the free one where it belongs.
func (s *keySums) slot(k window.KeyID) uint32 {
	mask := uint32(len(s.slots) - 1)
	i := uint32(k) * 2654435769 >> 7 & mask
	for s.slots[i] != 0 && s.keys[s.slots[i]-1] != k {
		i = (i + 1) & mask
	}
	return i
}

func (s *keySums) rehash(size int) {
	s.slots = make([]uint32, size)
	for i, k := range s.keys {
		s.slots[s.slot(k)] = uint32(i + 1)
	}
}

func appendZeros[V any](s []V, n int) []V {
	var zero V
	for range n {
		s = append(s, zero)
	}
	return s
}

// count adds one feedback to the sums at the place, or takes it away when by is -1. The facts of a pane are all in
// memory while it is, so that what is taken away is exactly what was added.
func (s *keySums) count(place int, b *window.Bands, rating int32, q *event.Quality, by int32) {
	n := s.counts[place*(plainCounts+s.metrics):][:plainCounts+s.metrics]
	w := s.totals[place*(plainTotals+s.metrics):][:plainTotals+s.metrics]
	one := uint32(by)
	for i := range s.metrics {
		if v := q[i]; v != event.MissingQuality {
			n[plainCounts+i] += one
			w[plainTotals+i] += int64(by) * v
		}
	}
	if rating == 0 {
		n[1] += one
		return
	}
	r := int64(rating)
	n[0] += one
	w[0] += int64(by) * r
	w[1] += int64(by) * r * r
	n[4+window.Star(rating)] += one
	if rating >= b.Satisfied {
		n[2] += one
	}
	if rating >= b.Highly {
		n[3] += one
	}
	if rating <= b.Dissatisfied {
		n[4] += one
	}
}

// at returns the sums at the place.
func (s *keySums) at(place int) (out window.Sums) {
	n := s.counts[place*(plainCounts+s.metrics):]
	w := s.totals[place*(plainTotals+s.metrics):]
	out = window.Sums{Ratings: int64(n[0]), Unscored: int64(n[1]), Satisfied: int64(n[2]), Highly: int64(n[3]), Dissatisfied: int64(n[4]),
		Sum: w[0], SumSquares: w[1]}
	for i := range out.Stars {
		out.Stars[i] = int64(n[5+i])
	}
	for i := range s.metrics {
		out.Quality[i] = window.QualitySum{Sum: w[plainTotals+i], N: int64(n[plainCounts+i])}
	}
	return out
}

// bytes is the memory that the sums take.
func (s *keySums) bytes() int {
	return 4*(cap(s.slots)+cap(s.keys)+cap(s.counts)) + 8*cap(s.totals)
}
