package stats

import "testing"

func TestTheTailOfEqualChancesIsLinear(t *testing.T) {
	for k := int64(0); k <= 10; k++ { // Beta(1, 1): each of 0…10 is as likely
		near(t, "the tail", BetaBinomialTail(k, 10, 1, 1), float64(11-k)/11, 1e-12)
	}
	if got := BetaBinomialTail(11, 10, 1, 1); got != 0 {
		t.Errorf("more than all: %v", got)
	}
}

func TestASureShareGivesTheBinomialTail(t *testing.T) {
	const size = 1e9 // Beta(0.05·size, 0.95·size) is all but the point 0.05
	near(t, "3 or more of 10 at 5 %", BetaBinomialTail(3, 10, 0.05*size, 0.95*size), 0.0115035562, 1e-6)
	near(t, "1 or more of 10 at 5 %", BetaBinomialTail(1, 10, 0.05*size, 0.95*size), 0.4012630608, 1e-6)
}
