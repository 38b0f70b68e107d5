package web

import (
	"fmt"
	"strconv"
	"strings"

	"satisflow/cmd/internal/service/alerting"
	"satisflow/pipeline/alert"
)

// with is a part of a page: one thing of it, beside the page.
type with[T any] struct {
	Page  page
	Words *words
	Of    T
}

// With gives a part an alert.
func (p page) With(r alertRow) with[alertRow] { return with[alertRow]{p, p.Words, r} }

// alertList is a part that lists alerts, and entries one that lists what was done.
type alertList struct {
	Page  page
	Words *words
	Rows  []alertRow
}

type entries struct {
	Page    page
	Words   *words
	Entries []alert.Entry
}

type chartPart struct {
	Words *words
	Chart *chart
}

// Rows gives a part alerts, Entries a record, and Chart a chart.
func (p page) Rows(rows []alertRow) alertList { return alertList{p, p.Words, rows} }

// Entries gives a part a record.
func (p page) Entries(all []alert.Entry) entries { return entries{p, p.Words, all} }

// Chart gives a part a chart.
func (p page) Chart(c *chart) chartPart { return chartPart{p.Words, c} }

// verdict is what the ratings say about the target: in words, and by a sign beside its color.
type verdict struct{ Word, Sign, Text string }

// Verdict is that of a figure.
func (p page) Verdict(f figure) verdict {
	word := f.Verdict()
	return verdict{word, map[string]string{"met": "✓", "below": "▼", "undetermined": "?", "no_data": "–"}[word], p.Words.Verdicts[word]}
}

// Low says whether the mean of a customer is below what alerts ask for.
func (p page) Low(f figure) bool { return f.N > 0 && f.Mean < f.Limit }

// choice is one of the lengths that a trend can be seen in.
type choice struct {
	Text, To string
	Here     bool
}

// Choices are the lengths of the trend on the page of a customer.
func (p page) Choices(days ...int) (all []choice) {
	body := p.Body.(customerPage)
	for _, n := range days {
		path := alerting.PagePath(alert.Subject{Dimension: alert.Customer, Value: body.ID})
		if strings.Contains(path, "?") {
			path += "&days=" + strconv.Itoa(n)
		} else {
			path += "?days=" + strconv.Itoa(n)
		}
		all = append(all, choice{fmt.Sprintf(p.Say.in("%d days", "%d 天"), n), p.To(path), n == body.Days})
	}
	return all
}

// Did says what was done in an entry of the record.
func (p page) Did(e alert.Entry) string {
	if e.Action != alert.Assign {
		return p.Words.Actions[string(e.Action)]
	}
	if e.Assignee == "" {
		return p.Words.AssignedNobody
	}
	return p.Say.With(p.Words.AssignedTo, e.Assignee)
}

// Remark is what was said about an entry of the record. Why the system resolved an alert is a word that has a text.
func (p page) Remark(e alert.Entry) string {
	if reason := p.Words.Recoveries[e.Comment]; e.By == alert.System && reason != "" {
		return reason
	}
	return e.Comment
}

// ResolutionOf is what helped, or why an alert resolved by itself.
func (p page) ResolutionOf(a *alert.Alert) string {
	if reason := p.Words.Recoveries[a.Resolution]; a.ResolvedBy == alert.System && reason != "" {
		return reason
	}
	return a.Resolution
}

// States are those that the filter offers.
func (page) States() []string { return texts(alert.AllStates()) }

// Rules are those that the filter offers.
func (page) Rules() []string { return texts(alert.AllRules()) }

// Severities are those that the filter offers.
func (page) Severities() []string { return texts(alert.AllSeverities()) }

func texts[T any](all []T) (out []string) {
	for _, one := range all {
		out = append(out, fmt.Sprint(one))
	}
	return out
}

// Mean shows a mean of the watch list with its n.
func (p page) Mean(m alerting.Mean) string {
	return p.Say.MeanText(figure{N: m.Ratings, Mean: m.Points(), Limit: p.Limit})
}

// Hundredths shows a rating.
func (s say) Hundredths(rating int32) string { return s.Points(float64(rating) / 100) }

// Colon is what stands between whom and why.
func (s say) Colon() string { return s.in(": ", "：") }

// With puts a text into another one.
func (say) With(text, what string) string { return strings.Replace(text, "%s", what, 1) }
