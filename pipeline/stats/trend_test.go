package stats

import (
	"math/rand/v2"
	"testing"
)

// nile is R's data set Nile: annual flow at Aswan, 1871–1970.
var nile = []float64{
	1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799, 958, 1140,
	1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020, 1050, 969,
	831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040, 759,
	781, 865, 845, 944, 984, 897, 822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890,
	744, 749, 838, 1050, 918, 986, 797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740,
}

func index(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(i)
	}
	return x
}

func TestTheTrendOfTheNileIsThePublishedOne(t *testing.T) { // oracle 14
	got, ok := MannKendall(nile)
	if !ok || got.S != -1387 {
		t.Fatalf("got %+v, %v", got, ok)
	}
	near(t, "the variance", got.Variance, 112728.333, 5e-4)
	near(t, "z", got.Z, -4.128067, 5e-7)
	slope, ok := TheilSen(index(len(nile)), nile)
	if !ok {
		t.Fatal("no slope")
	}
	near(t, "the slope", slope.PerUnit, -2.6, 1e-12)
	if slope.High >= 0 {
		t.Errorf("the interval %v holds 0", slope.Interval)
	}
}

func TestTheilSenGivesThePublishedSlope(t *testing.T) { // oracle 13
	y := []float64{21, 4, 9, 12, 35, 18, 10, 22, 24, 1, 6, 8, 13, 16, 19}
	x := []float64{67, 28, 30, 28, 52, 40, 25, 37, 44, 10, 14, 20, 28, 40, 51}
	got, ok := TheilSen(x, y)
	if !ok {
		t.Fatal("no slope")
	}
	near(t, "the slope", got.PerUnit, 0.5, 1e-12)
	near(t, "the lower bound", got.Low, 0.3243243, 5e-8)
	near(t, "the upper bound", got.High, 0.75, 1e-12)
}

func TestThereIsNoTrendInNothing(t *testing.T) {
	for _, values := range [][]float64{nil, {1, 2}, {3, 3, 3, 3}} {
		if got, ok := MannKendall(values); ok {
			t.Errorf("%v: %+v", values, got)
		}
	}
	if got, ok := TheilSen([]float64{1, 1}, []float64{2, 3}); ok {
		t.Errorf("one x: %+v", got)
	}
}

func TestNoiseHasATrendInOneOfTwenty(t *testing.T) {
	const rounds = 2000
	r := rand.New(rand.NewPCG(3, 4))
	found := 0
	for range rounds {
		values := make([]float64, 24)
		for i := range values {
			values[i] = r.NormFloat64()
		}
		if trend, ok := MannKendall(values); ok && trend.P < 0.05 {
			found++
		}
	}
	if share := float64(found) / rounds; share < 0.03 || share > 0.065 {
		t.Errorf("a trend is found in %v of noise", share)
	}
}
