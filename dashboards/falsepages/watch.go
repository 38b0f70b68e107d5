package falsepages

import "satisflow/dashboards/rules"

// condition says whether an alert's expression holds at pane t.
type condition func(c counts, t int) bool

// watch is an alert: an expression that must hold for some panes, and that stays for some more.
type watch struct {
	name     string
	severity rules.Severity
	holds    condition
	wait     int // panes: for
	keep     int // panes: keep_firing_for
}

// firing sets out[t] for the panes from start on in which the alert fires, as Prometheus has it when it first evaluates
// at the end of pane start, and leaves the others: several alerts may share one out.
func (w watch) firing(c counts, start int, out []bool) {
	const never = -1
	since, last := never, never // when it began to hold, and when it last held and fired
	for t := start; t < c.panes(); t++ {
		switch {
		case w.holds(c, t):
			if since == never {
				since = t
			}
			if last != never || t-since >= w.wait {
				last = t
			}
		case last == never || t-last > w.keep:
			since, last = never, never
		}
		out[t] = out[t] || last != never
	}
}

// onset is the first pane from start on in which an alert of a severity begins to fire, -1 for none.
func onset(watches []watch, severity rules.Severity, c counts, start int, out []bool) int {
	first := -1
	for _, w := range watches {
		if w.severity != severity {
			continue
		}
		clear(out)
		w.firing(c, start-settle, out)
		for t := start; t < c.panes() && (first < 0 || t < first); t++ {
			if out[t] && !out[t-1] {
				first = t
			}
		}
	}
	return first
}

// onsets counts how often, from start on, any alert of a severity begins to fire while none does: how often a person
// hears of it.
func onsets(watches []watch, severity rules.Severity, c counts, start int, out []bool) (n int) {
	clear(out)
	for _, w := range watches {
		if w.severity == severity {
			w.firing(c, start-settle, out)
		}
	}
	for t := start; t < c.panes(); t++ {
		if out[t] && !out[t-1] {
			n++
		}
	}
	return n
}

// settle is how long before the counted time alerts are evaluated, so that none begins with it: longer than any for or
// keep_firing_for.
const settle = 3 * stepsPerDay
