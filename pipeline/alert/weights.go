package alert

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	leastWeight = 0.1
	mostWeight  = 10
)

// weights are how much customers count, by customer and by segment.
type weights struct{ customers, segments map[string]float64 }

func parseWeights(texts []string) (weights, error) {
	w := weights{map[string]float64{}, map[string]float64{}}
	var errs []error
	for i, text := range texts {
		if problem := w.parse(text); problem != "" {
			errs = append(errs, fmt.Errorf("weights[%d]: %q: %s", i, text, problem))
		}
	}
	return w, errors.Join(errs...)
}

// parse reads one weight and returns what is wrong with it. A name may itself hold the signs that divide.
func (w weights) parse(text string) (problem string) {
	const want = "want segment:NAME=WEIGHT or customer:ID=WEIGHT, WEIGHT from 0.1 to 10"
	kind, rest, _ := strings.Cut(text, ":")
	at := strings.LastIndexByte(rest, '=')
	of := map[string]map[string]float64{"segment": w.segments, "customer": w.customers}[kind]
	if of == nil || at < 1 {
		return want
	}
	weight, err := strconv.ParseFloat(rest[at+1:], 64)
	if err != nil || !(weight >= leastWeight && weight <= mostWeight) {
		return want
	}
	if _, twice := of[rest[:at]]; twice {
		return "given before: want each " + kind + " once"
	}
	of[rest[:at]] = weight
	return ""
}

// Weight returns how much the customer counts: its own weight, else that of its segment, else 1.
func (r *Rules) Weight(customer, segment string) float64 {
	if w, own := r.weights.customers[customer]; own {
		return w
	}
	if w, known := r.weights.segments[segment]; known {
		return w
	}
	return 1
}
