package stats

import "math/big"

// Part is one group of a whole, such as a service, in two periods.
type Part struct{ Before, After Count }

// MixRate says how much of a change of a share is a change of the mix of its groups, and how much of the shares within them.
type MixRate struct {
	Mix, Rate []float64 // of each part, as a difference of the overall share
	Total     float64   // the overall share after less the one before; all of Mix and Rate add up to it exactly
}

// Decompose splits the change of the overall share into mix and rate effects of its parts; false when a period has no
// ratings. The rate effect of a part is its change of share times its mean weight; the mix effect its change of
// weight times its mean share less the mean overall share, so that a part that grows moves the whole only as far as
// it differs from the whole. A part without ratings in one period keeps its share of the other. It is computed in
// rational numbers: rounding happens once, at the end.
//
// Source: E. M. Kitagawa, Components of a difference between two rates, JASA 50 (1955), 1168–1194.
func Decompose(parts []Part) (MixRate, bool) {
	var before, after Count
	for _, p := range parts {
		before.K, before.N = before.K+p.Before.K, before.N+p.Before.N
		after.K, after.N = after.K+p.After.K, after.N+p.After.N
	}
	if before.N == 0 || after.N == 0 {
		return MixRate{}, false
	}
	half := big.NewRat(1, 2)
	meanAll := product(sum(ratio(before.K, before.N), ratio(after.K, after.N)), half)
	m := MixRate{Total: float(difference(ratio(after.K, after.N), ratio(before.K, before.N)))}
	for _, p := range parts {
		w0, w1 := ratio(p.Before.N, before.N), ratio(p.After.N, after.N)
		s0, s1 := p.shares(meanAll)
		m.Rate = append(m.Rate, float(product(difference(s1, s0), product(sum(w0, w1), half))))
		own := difference(product(sum(s0, s1), half), meanAll)
		m.Mix = append(m.Mix, float(product(difference(w1, w0), own)))
	}
	return m, true
}

// shares are those of either period; one without ratings takes the other's, or the whole's.
func (p Part) shares(whole *big.Rat) (before, after *big.Rat) {
	switch {
	case p.Before.N == 0 && p.After.N == 0:
		return whole, whole
	case p.Before.N == 0:
		s := ratio(p.After.K, p.After.N)
		return s, s
	case p.After.N == 0:
		s := ratio(p.Before.K, p.Before.N)
		return s, s
	}
	return ratio(p.Before.K, p.Before.N), ratio(p.After.K, p.After.N)
}

func ratio(a, b int64) *big.Rat         { return big.NewRat(a, b) }
func sum(a, b *big.Rat) *big.Rat        { return new(big.Rat).Add(a, b) }
func difference(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }
func product(a, b *big.Rat) *big.Rat    { return new(big.Rat).Mul(a, b) }
func float(r *big.Rat) float64          { f, _ := r.Float64(); return f }
