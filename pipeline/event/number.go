package event

import "strconv"

// scaled is a JSON number times a power of ten, read from its digits so that nothing is rounded on the way.
type scaled struct {
	n     int64 // cut off toward zero
	neg   bool  // whether the number has a minus
	half  bool  // whether the part cut off is at least a half
	exact bool  // whether nothing was cut off
	over  bool  // whether it is beyond ±10^17; n means nothing then
}

const maxScaled = 100_000_000_000_000_000

// parseScaled reads the text, which must be a JSON number, times 10^decimals.
func parseScaled(text []byte, decimals int) scaled {
	if n, ok := parseShort(text, decimals); ok {
		return scaled{n: n, exact: true}
	}
	v := scaled{exact: true}
	if text[0] == '-' {
		v.neg, text = true, text[1:]
	}
	end, point := 0, -1
	for ; end < len(text) && text[end]|0x20 != 'e'; end++ {
		if text[end] == '.' {
			point = end
		}
	}
	whole := end // how many digits stand before the scaled number's point
	if point >= 0 {
		whole = point
	}
	whole += decimals + parseExponent(text[end:])
	k := 0
	for i := range end {
		if i == point {
			continue
		}
		v.digit(text[i]-'0', whole-k)
		k++
	}
	for ; k < whole && v.n != 0 && !v.over; k++ {
		v.digit(0, whole-k)
	}
	if v.neg {
		v.n = -v.n
	}
	return v
}

// parseShort reads what nearly all numbers are: few digits, no more decimals than are kept, no sign and no exponent.
func parseShort(text []byte, decimals int) (n int64, ok bool) {
	const most = 11
	if len(text) > most {
		return 0, false
	}
	for i, c := range text {
		switch {
		case digit(c):
			n = n*10 + int64(c-'0')
		case c == '.' && len(text)-1-i <= decimals:
			decimals -= len(text) - 1 - i
		default:
			return 0, false
		}
	}
	for range decimals {
		n *= 10
	}
	return n, true
}

// digit takes the next digit; before says how many digits from here on stand before the point.
func (v *scaled) digit(d byte, before int) {
	if before <= 0 {
		v.half = v.half || before == 0 && d >= 5
		v.exact = v.exact && d == 0
		return
	}
	if v.over {
		return
	}
	v.n = v.n*10 + int64(d)
	v.over = v.n > maxScaled
}

// parseExponent reads e and an integer, at most about a thousand million either way; empty text is 0.
func parseExponent(text []byte) int {
	const limit = 1 << 30
	if len(text) == 0 {
		return 0
	}
	e, neg := 0, false
	for _, c := range text[1:] {
		switch {
		case c == '-':
			neg = true
		case digit(c) && e < limit:
			e = e*10 + int(c-'0')
		}
	}
	if neg {
		return -e
	}
	return e
}

// exactIn returns the number if it is a whole one from least to greatest.
func (v scaled) exactIn(least, greatest int64) (int64, bool) {
	return v.n, v.exact && !v.over && v.n >= least && v.n <= greatest
}

// roundedIn returns the number rounded half away from zero, if before that it lies from least to greatest.
func (v scaled) roundedIn(least, greatest int64) (int64, bool) {
	if v.over || v.n < least || v.n > greatest || !v.exact && (!v.neg && v.n == greatest || v.neg && v.n == least) {
		return 0, false
	}
	switch {
	case !v.half:
		return v.n, true
	case v.neg:
		return v.n - 1, true
	}
	return v.n + 1, true
}

// appendScaled appends n / 10^decimals in as few digits as say it exactly.
func appendScaled(dst []byte, n int64, decimals int) []byte {
	if n < 0 {
		dst, n = append(dst, '-'), -n
	}
	for ; decimals > 0 && n%10 == 0; decimals-- {
		n /= 10
	}
	digits := strconv.AppendInt(nil, n, 10)
	for len(digits) <= decimals {
		digits = append([]byte{'0'}, digits...)
	}
	whole := len(digits) - decimals
	dst = append(dst, digits[:whole]...)
	if decimals > 0 {
		dst = append(append(dst, '.'), digits[whole:]...)
	}
	return dst
}
