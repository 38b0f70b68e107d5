package stats

import (
	"encoding/csv"
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// columns reads a data set that comes with R; the first column is the outcome.
func columns(t *testing.T, name string) (outcome []float64, drivers [][]float64) {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	drivers = make([][]float64, len(rows[0])-1)
	for _, row := range rows[1:] {
		for i, text := range row {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				outcome = append(outcome, v)
			} else {
				drivers[i-1] = append(drivers[i-1], v)
			}
		}
	}
	return outcome, drivers
}

func TestTheRelativeWeightsArePublishedOnes(t *testing.T) { // oracle 9
	y, x := columns(t, "mtcars.csv")
	d, err := RelativeWeights(x, y)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.2284797, 0.2221469, 0.2321744, 0.0963886} {
		near(t, "a weight", d.Share[i], want, 5e-8)
	}
	near(t, "R²", d.R2, 0.7791896, 5e-8)
	if d.Sign[0] != -1 || d.Sign[3] != 1 {
		t.Errorf("more cylinders go with fewer miles, more gears with more: %v", d.Sign)
	}
}

func TestTheSharesOfRSquaredArePublishedOnes(t *testing.T) { // oracle 10
	y, x := columns(t, "swiss.csv")
	d, err := LMG(x, y)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.057091, 0.171173, 0.260135, 0.105570, 0.112766} {
		near(t, "a share", d.Share[i], want, 6e-7)
	}
	near(t, "R²", d.R2, 0.706735, 5e-7)
	near(t, "the sum of the shares", total(d.Share), d.R2, 1e-12)
}

func TestADriverThatIsNoiseGetsNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(18, 19))
	x, y := make([][]float64, 3), []float64(nil)
	for range 5000 {
		a, b, noise := r.NormFloat64(), r.NormFloat64(), r.NormFloat64()
		x[0], x[1], x[2] = append(x[0], a), append(x[1], 0.5*a+b), append(x[2], noise)
		y = append(y, 2*a+b+r.NormFloat64())
	}
	for name, f := range map[string]func([][]float64, []float64) (Drivers, error){"relative weights": RelativeWeights, "LMG": LMG} {
		d, err := f(x, y)
		if err != nil {
			t.Fatal(err)
		}
		if d.Share[2] > 0.002 || d.Share[0] < 0.3 || d.Share[1] < 0.15 {
			t.Errorf("%s: %v", name, d.Share)
		}
	}
}

func TestDriversThatCanNotBeToldApartAreNamed(t *testing.T) {
	one, y := []float64{1, 2, 3, 4, 5, 7}, []float64{2, 1, 4, 3, 6, 5}
	constant := []float64{1, 1, 1, 1, 1, 1}
	double := []float64{2, 4, 6, 8, 10, 14}
	for name, f := range map[string]func([][]float64, []float64) (Drivers, error){"relative weights": RelativeWeights, "LMG": LMG} {
		for _, x := range [][][]float64{{one, constant}, {one, double}} {
			if d, err := f(x, y); !errors.Is(err, ErrSingular) {
				t.Errorf("%s of %v: %+v, %v", name, x, d, err)
			}
		}
		for _, bad := range []func() (Drivers, error){
			func() (Drivers, error) { return f(nil, y) },
			func() (Drivers, error) { return f([][]float64{one}, constant) },
			func() (Drivers, error) { return f([][]float64{one[:4]}, y) },
			func() (Drivers, error) { return f([][]float64{one, y}, y[:3]) },
		} {
			if d, err := bad(); err == nil || errors.Is(err, ErrSingular) {
				t.Errorf("%s: %+v, %v", name, d, err)
			}
		}
	}
	if _, err := LMG(make([][]float64, MostDrivers+1), y); err == nil {
		t.Error("more drivers than can be averaged over all orders")
	}
}
