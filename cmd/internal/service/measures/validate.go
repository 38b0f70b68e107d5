package measures

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"satisflow/pipeline/stats"
)

// Bounds of texts, in characters, and of days.
const (
	mostTitle       = 200
	mostText        = 4000
	leastDays       = 7
	mostDays        = 365
	power           = 0.8
	leastDifference = 0.001
)

func oneOf[T ~string](field string, value T, all []T) error {
	if slices.Contains(all, value) {
		return nil
	}
	names := make([]string, len(all))
	for i, v := range all {
		names[i] = string(v)
	}
	return fmt.Errorf("%s: %q: want one of %s", field, string(value), strings.Join(names, ", "))
}

func length(field, text string, least, most int) error {
	if n := utf8.RuneCountInString(text); n < least || n > most || !utf8.ValidString(text) {
		return fmt.Errorf("%s: %d characters: want %d to %d", field, n, least, most)
	}
	return nil
}

// check returns what is wrong with a measure in any state.
func (m *Measure) check() error {
	return errors.Join(length("title", m.Title, 1, mostTitle), length("description", m.Description, 0, mostText), length("cause.text", m.Cause.Text, 0, mostText),
		oneOf("category", m.Category, Categories), oneOf("priority", m.Priority, Priorities), m.Planned.check("planned"), m.Spent.check("spent"))
}

func (r Resources) check(field string) error {
	if !(r.PersonDays >= 0) || !(r.Budget >= 0) {
		return fmt.Errorf("%s: person days and budget must be 0 or more", field)
	}
	return nil
}

// checkPlan returns what a measure lacks to be planned.
func (m *Measure) checkPlan() error {
	var errs []error
	if m.Owner == "" {
		errs = append(errs, errors.New("owner: it is missing: a planned measure has one"))
	}
	if m.DueAt.IsZero() {
		errs = append(errs, errors.New("due_at: it is missing: a planned measure has a date"))
	}
	return errors.Join(append(errs, m.Expectation.check(m.Target()))...)
}

// check returns what is wrong with an expectation about the target.
func (e Expectation) check(target Target) error {
	errs := []error{oneOf("expectation.metric", e.Metric, Metrics)}
	for name, share := range map[string]float64{"baseline": e.Baseline, "expected": e.Expected} {
		if !(share >= 0 && share <= 1) {
			errs = append(errs, fmt.Errorf("expectation.%s: %v: want a share from 0 to 1, such as 0.95", name, share))
		}
	}
	if better := e.Expected - e.Baseline; e.Metric == DissatisfiedShare && -better < leastDifference || e.Metric != DissatisfiedShare && better < leastDifference {
		errs = append(errs, fmt.Errorf("expectation.expected: %v: want a better share than the baseline %v, by a thousandth at least", e.Expected, e.Baseline))
	}
	if e.Days < leastDays || e.Days > mostDays {
		errs = append(errs, fmt.Errorf("expectation.days: %d: want %d to %d", e.Days, leastDays, mostDays))
	}
	if e.Control != nil {
		switch {
		case e.Control.Empty():
			errs = append(errs, errors.New("expectation.control: want a service, product, segment or customer"))
		case *e.Control == target:
			errs = append(errs, errors.New("expectation.control: it is what the measure is about: want those who are left alone"))
		}
	}
	return errors.Join(errs...)
}

// withNeeded returns the expectation with the number of ratings that it needs.
func (e Expectation) withNeeded() Expectation {
	e.Needed = stats.RatingsPerGroup(e.Baseline, e.Expected, power)
	if e.Control != nil {
		e.Needed = stats.RatingsPerCell(e.Baseline, e.Expected, power)
	}
	return e
}
