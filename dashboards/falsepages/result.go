package falsepages

import "satisflow/dashboards/rules"

// Result is what a study found. It keeps the first runs of each cell, so that it can be checked quickly.
type Result struct {
	Runs  int        `json:"runs"` // of each cell
	Rules string     `json:"rules"`
	Calm  []CalmCell `json:"calm"`
	Drops []DropCell `json:"drops"`
}

// CalmCell is how often alerts began in 28 days in which nothing was wrong. The arrays are in the order of the measures.
type CalmCell struct {
	Cell  cell               `json:"cell"`
	Rate  [measures]Estimate `json:"rate"`
	First [measures][]int    `json:"first"`
}

// DropCell is how soon a drop was found.
type DropCell struct {
	Cell  cell            `json:"cell"`
	Delay [measures]Delay `json:"delay"`
	First [measures][]int `json:"first"` // panes
}

// first is how many runs of each cell are kept.
const first = 5

// Run runs every cell the given number of times. The same numbers always give the same result.
func Run(cfg rules.Config, runs int) (Result, error) {
	s, err := newStudy(cfg)
	if err != nil {
		return Result{}, err
	}
	r := Result{Runs: runs, Rules: fingerprint(cfg)}
	for _, c := range calm() {
		result := CalmCell{Cell: c}
		for i, all := range s.falseAlerts(c, runs) {
			result.Rate[i], result.First[i] = mean(all), all[:min(first, runs)]
		}
		r.Calm = append(r.Calm, result)
	}
	for _, c := range drops() {
		result := DropCell{Cell: c}
		for i, all := range s.delays(c, runs) {
			result.Delay[i], result.First[i] = delay(all), all[:min(first, runs)]
		}
		r.Drops = append(r.Drops, result)
	}
	return r, nil
}
