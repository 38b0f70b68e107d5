package stats

import (
	"errors"
	"fmt"
	"math"
	"math/bits"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// Drivers says how much of the variance of an outcome goes with each of several drivers: an association, not a cause.
type Drivers struct {
	Share []float64 // of each driver; they add up to R2
	Sign  []float64 // of each driver's own correlation with the outcome: 1 or −1
	R2    float64   // share of the variance that all drivers together account for
}

// ErrSingular says that the drivers can't be told apart: one is constant, or a combination of others.
var ErrSingular = errors.New("the drivers can't be told apart")

// MostDrivers bounds LMG, which fits every subset of the drivers.
const MostDrivers = 16

// RelativeWeights returns Johnson's relative weights of the drivers, columns of equal length, for the outcome; an
// ErrSingular when one is constant or a combination of the others.
//
// Source: J. W. Johnson, A heuristic method for estimating the relative weight of predictor variables in multiple
// regression, Multivariate Behavioral Research 35 (2000), 1–19: with R = VΛV′ and Λ* = VΛ^½V′, β = Λ*⁻¹r, ε = (Λ*)²β².
func RelativeWeights(drivers [][]float64, outcome []float64) (Drivers, error) {
	among, with, err := correlations(drivers, outcome)
	if err != nil {
		return Drivers{}, err
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(among, true) {
		return Drivers{}, ErrSingular
	}
	n := len(drivers)
	roots, inverse := mat.NewDiagDense(n, nil), mat.NewDiagDense(n, nil)
	for i, v := range eigen.Values(nil) {
		if v < singular {
			return Drivers{}, ErrSingular
		}
		roots.SetDiag(i, math.Sqrt(v))
		inverse.SetDiag(i, 1/math.Sqrt(v))
	}
	var vectors, lambda, back, beta mat.Dense
	eigen.VectorsTo(&vectors)
	lambda.Product(&vectors, roots, vectors.T())
	back.Product(&vectors, inverse, vectors.T())
	beta.Mul(&back, with)
	d := newDrivers(with)
	for i := range n {
		for j := range n {
			d.Share[i] += math.Pow(lambda.At(i, j)*beta.At(j, 0), 2)
		}
		d.R2 += d.Share[i]
	}
	return d, nil
}

// LMG returns the shares of the drivers averaged over all orders in which they could enter the regression (Shapley's
// value of R²); an error for more than MostDrivers, and ErrSingular as in RelativeWeights.
//
// Source: R. H. Lindeman, P. F. Merenda, R. Z. Gold, Introduction to Bivariate and Multivariate Analysis (1980);
// U. Grömping, Estimators of relative importance in linear regression, The American Statistician 61 (2007), 139–147.
func LMG(drivers [][]float64, outcome []float64) (Drivers, error) {
	n := len(drivers)
	if n > MostDrivers {
		return Drivers{}, fmt.Errorf("%d drivers: at most %d can be averaged over all orders", n, MostDrivers)
	}
	among, with, err := correlations(drivers, outcome)
	if err != nil {
		return Drivers{}, err
	}
	fits := make([]float64, 1<<n) // R² by set of drivers
	for set := 1; set < len(fits); set++ {
		if fits[set], err = fit(among, with, uint(set)); err != nil {
			return Drivers{}, err
		}
	}
	d := newDrivers(with)
	d.R2 = fits[len(fits)-1]
	for i := range n {
		for set := range fits {
			if set&(1<<i) == 0 {
				d.Share[i] += orders(bits.OnesCount(uint(set)), n) * (fits[set|1<<i] - fits[set])
			}
		}
	}
	return d, nil
}

// singular is the least eigenvalue, or pivot, of a correlation matrix that is believed.
const singular = 1e-10

func newDrivers(with *mat.VecDense) Drivers {
	d := Drivers{Share: make([]float64, with.Len()), Sign: make([]float64, with.Len())}
	for i := range d.Sign {
		d.Sign[i] = math.Copysign(1, with.AtVec(i))
	}
	return d
}

// orders is the share of the orders of n drivers in which one follows directly on a given set of size s: s!(n−1−s)!/n!.
func orders(s, n int) float64 {
	a, _ := math.Lgamma(float64(s + 1))
	b, _ := math.Lgamma(float64(n - s))
	c, _ := math.Lgamma(float64(n + 1))
	return math.Exp(a + b - c)
}

// fit returns R² of the outcome on the set of drivers.
func fit(among *mat.SymDense, with *mat.VecDense, set uint) (float64, error) {
	var in []int
	for rest := set; rest != 0; rest &= rest - 1 {
		in = append(in, bits.TrailingZeros(rest))
	}
	a, b := mat.NewSymDense(len(in), nil), mat.NewVecDense(len(in), nil)
	for i, x := range in {
		b.SetVec(i, with.AtVec(x))
		for j := range i + 1 {
			a.SetSym(i, j, among.At(x, in[j]))
		}
	}
	var cholesky mat.Cholesky
	if !cholesky.Factorize(a) || cholesky.Det() < singular {
		return 0, ErrSingular
	}
	var beta mat.VecDense
	if err := cholesky.SolveVecTo(&beta, b); err != nil {
		return 0, ErrSingular
	}
	return mat.Dot(&beta, b), nil
}

// correlations returns those among the drivers and of each with the outcome.
func correlations(drivers [][]float64, outcome []float64) (*mat.SymDense, *mat.VecDense, error) {
	n := len(drivers)
	if n == 0 || len(outcome) < n+2 {
		return nil, nil, fmt.Errorf("%d rows are too few for %d drivers", len(outcome), n)
	}
	if stat.Variance(outcome, nil) == 0 {
		return nil, nil, errors.New("the outcome is constant")
	}
	among, with := mat.NewSymDense(n, nil), mat.NewVecDense(n, nil)
	for i, x := range drivers {
		if len(x) != len(outcome) {
			return nil, nil, fmt.Errorf("driver %d has %d rows, the outcome %d", i, len(x), len(outcome))
		}
		if stat.Variance(x, nil) == 0 {
			return nil, nil, fmt.Errorf("driver %d is constant: %w", i, ErrSingular)
		}
		with.SetVec(i, stat.Correlation(x, outcome, nil))
		for j := range i + 1 {
			among.SetSym(i, j, stat.Correlation(x, drivers[j], nil))
		}
	}
	return among, with, nil
}
