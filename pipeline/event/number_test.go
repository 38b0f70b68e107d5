package event

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// bigger than a float can say, smaller than a test can wait for
func numbers() *rapid.Generator[string] {
	return rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?`)
}

func TestNumbersAreReadExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, decimals := numbers().Draw(t, "text"), rapid.IntRange(0, 6).Draw(t, "decimals")
		want, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("%s is no number", text)
		}
		want.Mul(want, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil)))
		v := parseScaled([]byte(text), decimals)
		magnitude := new(big.Rat).Abs(want)
		if v.over {
			if magnitude.Cmp(big.NewRat(maxScaled, 1)) <= 0 {
				t.Fatalf("%s is not beyond the limit", text)
			}
			return
		}
		whole := new(big.Int).Quo(want.Num(), want.Denom())
		rest := new(big.Rat).Sub(want, new(big.Rat).SetInt(whole))
		half := rest.Abs(rest).Cmp(big.NewRat(1, 2)) >= 0
		if !whole.IsInt64() || whole.Int64() != v.n || (rest.Sign() == 0) != v.exact || half != v.half {
			t.Fatalf("%s at %d decimals: %+v, want %s", text, decimals, v, want.FloatString(8))
		}
	})
}

func TestNumbersAreRoundedHalfAwayFromZeroWithinTheirRange(t *testing.T) {
	for text, want := range map[string]int64{
		"0.25": 3, "0.24999": 2, "-0.25": -3, "-0.2499": -2, "4.0": 40, "-2": -20, "0.05e1": 5, "-0.04": 0, "3.95": 40, "400e-2": 40,
	} {
		if n, ok := parseScaled([]byte(text), 1).roundedIn(-20, 40); !ok || n != want {
			t.Errorf("%s: %d, %v, want %d", text, n, ok, want)
		}
	}
	for _, text := range []string{"4.0000001", "4.1", "-2.0000001", "-3", "1e18", "1e99999", "-1e400"} {
		if n, ok := parseScaled([]byte(text), 1).roundedIn(-20, 40); ok {
			t.Errorf("%s became %d", text, n)
		}
	}
	if _, ok := parseScaled([]byte("-0.1"), 0).roundedIn(0, 40); ok {
		t.Error("-0.1 is not below 0")
	}
}

func TestNumbersAreWrittenInAsFewDigitsAsSayThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, decimals := rapid.Int64Range(-maxScaled, maxScaled).Draw(t, "n"), rapid.IntRange(0, 6).Draw(t, "decimals")
		text := appendScaled(nil, n, decimals)
		if v := parseScaled(text, decimals); v.n != n || !v.exact {
			t.Fatalf("%d at %d decimals was written as %s", n, decimals, text)
		}
	})
	for want, n := range map[string]int64{"0": 0, "4.5": 450, "4": 400, "3.01": 301, "-0.05": -5} {
		if got := string(appendScaled(nil, n, 2)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
