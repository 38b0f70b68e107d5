package stats

// CUSUM is a Bernoulli cumulative sum that watches for a rise of the share of bad ratings. The zero value starts at the
// floor; the weights belong to a good process with 5 % bad ratings and one with about 10 %.
//
// Source: M. R. Reynolds, Z. G. Stoumbos, A CUSUM chart for monitoring a proportion when inspecting continuously, Journal of
// Quality Technology 31 (1999), 87–108. With +13 for a bad rating, −1 for a good one, a floor of 0 and a signal at 80 it
// takes 4,694 ratings on average to a false signal at 5 % bad ones, 167 to find 10 %, 71 to find 15 %.
type CUSUM struct{ sum int }

// Weights and the signal of CUSUM.
const (
	cusumBad    = 13
	cusumGood   = -1
	cusumSignal = 80
)

// Add takes one rating, in order of time, and returns whether it signals; the sum starts again after a signal.
func (c *CUSUM) Add(bad bool) bool {
	if bad {
		c.sum += cusumBad
	} else {
		c.sum = max(0, c.sum+cusumGood)
	}
	if c.sum < cusumSignal {
		return false
	}
	c.sum = 0
	return true
}

// Sum is how far it has come, of 80.
func (c *CUSUM) Sum() int { return c.sum }
