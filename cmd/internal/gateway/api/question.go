package api

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"satisflow/cmd/internal/gateway/problem"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// question is what analytics was asked for, as the epoch knows it.
type question struct {
	window *string
	span   clickhouse.Span
	key    window.Key // without a dimension: overall only; without a value: every value
	value  bool
	detail bool // made of facts
}

// longestSpan is a little more than facts and panes are kept for by default.
const longestSpan = 800 * 24 * time.Hour

// defaultWindow is meant when nothing else is said; where it is not configured, the longest is.
const defaultWindow = "28d"

// newQuestion returns the question, or the problem with all that is wrong in it.
func newQuestion(e *clickhouse.Epoch, in *analyticsInput, now time.Time) (*question, error) {
	q := &question{key: window.Key{Dimension: in.Dimension, Value: in.Value}, value: in.Value != ""}
	entries := append(q.time(e, in, now), q.dimension(e)...)
	if len(entries) > 0 {
		return nil, refusedParameters(entries)
	}
	return q, nil
}

func refusedParameters(entries []problem.Entry) *problem.Problem {
	return problem.New(http.StatusUnprocessableEntity, "%s", entries[0].Detail).With(entries...)
}

// selection returns what is read from the panes.
func (q *question) selection() clickhouse.Selection {
	s := clickhouse.Selection{Keys: []window.Key{{Dimension: window.Overall}}}
	switch {
	case q.key.Dimension == "" || q.detail:
	case q.value:
		s.Keys = append(s.Keys, q.key)
	default:
		s.Dimensions = []string{q.key.Dimension}
	}
	return s
}

func (q *question) time(e *clickhouse.Epoch, in *analyticsInput, now time.Time) []problem.Entry {
	if in.From != "" || in.To != "" {
		if in.Window != "" {
			return []problem.Entry{parameter("window", in.Window, "either a window, or from and to")}
		}
		span, entries := spanOf(in.From, in.To, now)
		q.span = span
		return entries
	}
	name := in.Window
	if name == "" {
		name = windowOf(e)
	}
	span, err := clickhouse.CurrentSpan(e, name, now)
	if err != nil {
		return []problem.Entry{parameter("window", name, "one of "+strings.Join(windowNames(e), ", ")+", or from and to")}
	}
	q.window, q.span = &name, span
	return nil
}

func windowNames(e *clickhouse.Epoch) []string {
	var names []string
	for _, w := range e.Definition.Windows {
		names = append(names, w.Name)
	}
	return names
}

func windowOf(e *clickhouse.Epoch) string {
	longest := e.Definition.Windows[0]
	for _, w := range e.Definition.Windows {
		if w.Name == defaultWindow {
			return w.Name
		}
		if w.Length > longest.Length {
			longest = w
		}
	}
	return longest.Name
}

const wantTime = "an RFC 3339 time with its zone from 2000 to 2099, in whole milliseconds, such as 2026-03-01T00:00:00Z (a + is %2B in an address)"

// readTime reads a time of a parameter. Ratings have milliseconds: a finer time would lie between two of them, and a range
// of less than one be empty.
func readTime(text string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, text)
	return at, err == nil && at.Year() >= 2000 && at.Year() <= 2099 && at.Nanosecond()%int(time.Millisecond) == 0
}

// spanOf reads a range; the end is now when it is missing.
func spanOf(from, to string, now time.Time) (clickhouse.Span, []problem.Entry) {
	var entries []problem.Entry
	read := func(name, text string, missing time.Time) time.Time {
		if text == "" && !missing.IsZero() {
			return missing
		}
		at, ok := readTime(text)
		if !ok {
			entries = append(entries, parameter(name, text, wantTime))
		}
		return at
	}
	span := clickhouse.Span{From: read("from", from, time.Time{}), To: read("to", to, now)}
	switch length := span.To.Sub(span.From); {
	case len(entries) > 0:
	case length <= 0:
		entries = append(entries, parameter("from", from, "a time before to"))
	case length > longestSpan:
		entries = append(entries, parameter("from", from, "a time at most 800 days before to"))
	}
	return span, entries
}

func (q *question) dimension(e *clickhouse.Epoch) []problem.Entry {
	name := q.key.Dimension
	rolled := append([]string{window.Overall}, e.Definition.Dimensions...)
	details := clickhouse.DetailDimensions(e)
	switch {
	case name == "" && q.value:
		return []problem.Entry{parameter("value", q.key.Value, "a dimension beside it")}
	case name == "" || slices.Contains(rolled, name):
		return nil
	case !slices.Contains(details, name):
		return []problem.Entry{parameter("dimension", name, "one of "+strings.Join(names(rolled, details), ", "))}
	case !q.value:
		return []problem.Entry{parameter("value", "", "a value: the values of "+name+" are not summed up, so one has to be named")}
	}
	q.detail = true
	return nil
}

// names returns the names of both lists, each once.
func names(rolled, details []string) []string {
	all := slices.Concat(rolled, details)
	slices.Sort(all)
	return slices.Compact(all)
}

// parameter is what is wrong with a parameter.
func parameter(name, value, want string) problem.Entry {
	given := "missing"
	if value != "" {
		given = quoted(value)
	}
	return problem.Entry{Parameter: name, Value: shown(value), Want: want, Detail: name + ": " + given + ": want " + want}
}

// shown returns as much of a value as an error shows of it.
func shown(value string) string {
	const most = 60
	if runes := []rune(value); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return value
}

func quoted(value string) string { return strconv.Quote(shown(value)) }
