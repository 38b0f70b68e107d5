package falsepages

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"satisflow/dashboards/rules"
)

// Times of a run, in panes.
const (
	warmUp   = 28 * stepsPerDay       // until the longest window is full
	counted  = 28 * stepsPerDay       // in which false alerts are counted
	dropAt   = warmUp + stepsPerDay/2 // noon
	horizon  = 7 * stepsPerDay        // in which a drop is to be found
	never    = -1                     // it was not
	good     = 0.04                   // bad share before a drop: the target is met
	restless = 0.5                    // spread of the days that differ: most between half and double
)

// Rates are the ratings a day of the cells.
func rates() []float64 { return []float64{50, 200, 1000, 5000} }

// cell is one kind of course that is run many times.
type cell struct {
	Name    string  `json:"name"`
	Traffic Traffic `json:"traffic"`
}

// calm are the cells in which nothing is wrong.
func calm() (all []cell) {
	for _, truth := range []cell{
		{"97 %", Traffic{Bad: 0.03}},
		{"96 %", Traffic{Bad: good}},
		{"96 %, days differ", Traffic{Bad: good, Spread: restless}},
		{"95 %", Traffic{Bad: 0.05}},
	} {
		for _, rate := range rates() {
			truth.Traffic.PerDay = rate
			all = append(all, truth)
		}
	}
	return all
}

// drops are the cells in which satisfaction falls.
func drops() (all []cell) {
	for _, bad := range []float64{0.10, 0.20, 0.30, 0.50} {
		for _, rate := range rates() {
			name := fmt.Sprintf("%.0f %%", 100*(1-bad))
			all = append(all, cell{name, Traffic{PerDay: rate, Bad: good, DropTo: bad, DropAt: dropAt}})
		}
	}
	return all
}

// measures of one run: the generated rules first, then the textbook's.
const (
	ourPages = iota
	ourTickets
	textbookPages
	textbookTickets
	measures
)

// study runs the cells by the rules of a configuration.
type study struct {
	ours, textbook []watch
	out            []bool
}

func newStudy(cfg rules.Config) (*study, error) {
	ours, err := generated(cfg)
	if err != nil {
		return nil, err
	}
	return &study{ours, textbook(cfg.Target.Budget()), make([]bool, warmUp+counted)}, nil
}

// source is the random source of a run; cells share it, so that they differ by their traffic alone.
func source(run int) *rand.Rand { return rand.New(rand.NewPCG(20, uint64(run))) }

// falseAlerts returns how often each measure began in each run, of runs without a cause.
func (s *study) falseAlerts(c cell, runs int) (all [measures][]int) {
	course := newCounts(warmUp + counted)
	for run := range runs {
		c.Traffic.draw(course, source(run))
		for i, m := range s.measures() {
			all[i] = append(all[i], onsets(m.watches, m.severity, course, warmUp, s.out))
		}
	}
	return all
}

// delays returns in how many panes each measure found the drop in each run; tickets count pages too.
func (s *study) delays(c cell, runs int) (all [measures][]int) {
	course := newCounts(dropAt + horizon)
	for run := range runs {
		c.Traffic.draw(course, source(run))
		for i, m := range s.measures() {
			delay := never
			if t := onset(m.watches, m.severity, course, dropAt, s.out[:course.panes()]); t >= 0 {
				delay = t - dropAt + 1 // evaluated at the end of the pane
			}
			if page := i - 1; m.severity == rules.Ticket {
				delay = sooner(delay, all[page][run])
			}
			all[i] = append(all[i], delay)
		}
	}
	return all
}

func sooner(a, b int) int {
	if a == never || b != never && b < a {
		return b
	}
	return a
}

type measure struct {
	watches  []watch
	severity rules.Severity
}

func (s *study) measures() [measures]measure {
	return [measures]measure{
		ourPages: {s.ours, rules.Page}, ourTickets: {s.ours, rules.Ticket},
		textbookPages: {s.textbook, rules.Page}, textbookTickets: {s.textbook, rules.Ticket},
	}
}

// fingerprint is what of a configuration the study depends on.
func fingerprint(cfg rules.Config) string {
	b, err := json.Marshal(struct {
		Target  rules.Target
		Burns   []rules.Burn
		Silence rules.Silence
	}{cfg.Target, cfg.Burns, cfg.Silence})
	if err != nil {
		panic(err) // plain data: cannot fail
	}
	return string(b)
}
