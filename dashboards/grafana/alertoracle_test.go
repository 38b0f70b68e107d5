package grafana

import (
	"cmp"
	"fmt"
	"html"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"satisflow/pipeline/alert"
	"satisflow/pipeline/stats"
)

// chosen says whether the view is of the alert's service.
func (v view) chosen(a *alert.Alert) bool {
	services := v.values["service"]
	switch {
	case services == nil:
		return true
	case a.Subject.Dimension == alert.Customer:
		return slices.Contains(services, a.Service)
	}
	return a.Subject.Dimension == "service" && slices.Contains(services, a.Subject.Value)
}

func (v view) holds(at time.Time) bool { return !at.Before(v.from) && !at.After(v.to) }

func ms(at time.Time) float64 { return float64(at.UnixMilli()) }

// figureText is why there is the alert, in figures.
func figureText(a *alert.Alert) string {
	share := func(v float64, n int64) string {
		w := stats.Wilson(int64(math.Round(v*float64(n))), n, stats.Z95)
		return fmt.Sprintf("%.1f %% (%.1f–%.1f, n = %d)", 100*v, 100*w.Low, 100*w.High, n)
	}
	if a.Rule == alert.Falling || a.Rule == alert.GroupFalling {
		return share(a.Value, a.Ratings) + " < " + share(a.Before, a.BeforeN)
	}
	return fmt.Sprintf("%.2f (n = %d) < %.2f", a.Value, a.Ratings, a.Threshold)
}

// watchList leaves the ranking to package alert.
func (k *known) watchList(v view) (rows []row) {
	for _, c := range alert.Rank(k.alerts, k.now) {
		if !slices.ContainsFunc(c.Alerts, func(a alert.Alert) bool { return v.chosen(&a) }) {
			continue
		}
		rows = append(rows, k.watched(&c))
	}
	return rows
}

func (k *known) watched(c *alert.Attention) row {
	worst, least, since, due, overdue := alert.Minor, alert.Contacted, k.now, time.Time{}, "in_time"
	var rules, people []string
	for i := range c.Alerts {
		a := &c.Alerts[i]
		worst, least = max(worst, a.Severity), min(least, a.State)
		next := a.ResolveDue
		if a.State < alert.Contacted {
			next = a.ContactDue
		}
		if since = a.OpenedAt; i > 0 {
			since = slices.MinFunc(c.Alerts, func(a, b alert.Alert) int { return a.OpenedAt.Compare(b.OpenedAt) }).OpenedAt
		}
		if due.IsZero() || next.Before(due) {
			due = next
		}
		rules, people = append(rules, string(a.Rule)), append(people, a.Assignee)
		switch {
		case c.Reasons[i].ResolveOverdue:
			overdue = "resolve"
		case c.Reasons[i].ContactOverdue && overdue == "in_time":
			overdue = "contact"
		}
	}
	return row{"customer": c.Subject.Value, "severity": worst.String(), "reasons": joinedBy("+", rules), "figure": figureText(&c.Alerts[0]), "since": ms(since),
		"state": least.String(), "assignee": joinedBy(", ", people), "due": ms(due), "overdue": overdue, "score": c.Score}
}

// joinedBy joins what is not empty, each once, in the order of the alphabet.
func joinedBy(sign string, words []string) string {
	words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
	slices.Sort(words)
	return strings.Join(slices.Compact(words), sign)
}

func (k *known) alertLevels(v view) (rows []row) {
	for _, s := range []alert.Severity{alert.Critical, alert.Major, alert.Minor} {
		r, oldest := row{"level": s.String(), "customers": 0.0, "groups": 0.0, "unseen": 0.0, "overdue": 0.0}, time.Time{}
		add := func(name string, counts bool) {
			if counts {
				r[name] = r[name].(float64) + 1
			}
		}
		for i := range k.alerts {
			a := &k.alerts[i]
			if a.Severity != s || !a.State.AtWork() || !v.chosen(a) {
				continue
			}
			add("customers", a.Subject.Dimension == alert.Customer)
			add("groups", a.Subject.Dimension != alert.Customer)
			add("unseen", a.State == alert.Open)
			add("overdue", a.Overdue(k.now))
			if oldest.IsZero() || a.OpenedAt.Before(oldest) {
				oldest = a.OpenedAt
			}
		}
		if !oldest.IsZero() {
			rows = append(rows, r.with("oldest", ms(oldest)))
		}
	}
	return rows
}

// week is what happened to alerts on customers in one.
type week struct {
	opened, resolved, itself, inTime, n int64
	contacts                            []float64 // seconds
}

func (k *known) alertWeeks(v view) (rows []row) {
	weeks := map[string]*week{}
	of := func(at time.Time) *week {
		monday := at.UTC().AddDate(0, 0, -(int(at.UTC().Weekday())+6)%7).Format(time.DateOnly)
		if weeks[monday] == nil {
			weeks[monday] = &week{}
		}
		return weeks[monday]
	}
	for i := range k.alerts {
		a := &k.alerts[i]
		if a.Subject.Dimension != alert.Customer || !v.chosen(a) {
			continue
		}
		if v.holds(a.OpenedAt) {
			of(a.OpenedAt).open(a, k.now)
		}
		if v.holds(a.ResolvedAt) {
			w := of(a.ResolvedAt)
			if w.resolved++; a.ResolvedBy == alert.System {
				w.itself++
			}
		}
	}
	for monday, w := range weeks {
		rows = append(rows, w.row().with("week", monday))
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(b["week"].(string), a["week"].(string)) })
	return rows
}

func (w *week) open(a *alert.Alert, now time.Time) {
	w.opened++
	switch {
	case !a.ContactedAt.IsZero():
		w.contacts, w.n = append(w.contacts, a.ContactedAt.Sub(a.OpenedAt).Seconds()), w.n+1
		if !a.ContactedAt.After(a.ContactDue) {
			w.inTime++
		}
	case a.State.AtWork() && now.After(a.ContactDue), !a.State.AtWork() && a.ResolvedAt.After(a.ContactDue):
		w.n++
	}
}

func (w *week) row() row {
	r := shareRow(w.inTime, w.n).with("opened", float64(w.opened)).with("resolved", float64(w.resolved)).with("by_itself", float64(w.itself)).
		with("contacted", float64(len(w.contacts))).with("median", nil)
	if n := len(w.contacts); n > 0 {
		slices.Sort(w.contacts)
		r["median"] = (w.contacts[(n-1)/2] + w.contacts[n/2]) / 2
	}
	return r
}

// moments are the annotations of the alerts that the view wants, the latest first.
func (k *known) moments(wants func(*alert.Alert) bool, make func(*alert.Alert) row) (rows []row) {
	latest := slices.Clone(k.alerts)
	slices.SortFunc(latest, func(a, b alert.Alert) int { return b.OpenedAt.Compare(a.OpenedAt) })
	for i := range latest {
		if wants(&latest[i]) {
			rows = append(rows, make(&latest[i]).with("time", float64(latest[i].OpenedAt.Unix())))
		}
	}
	return rows
}

func (k *known) critical(v view) []row {
	words := map[alert.Rule]string{alert.LowRating: "a low rating", alert.LowMean: "a low mean", alert.Falling: "falling satisfaction of a customer"}
	return k.moments(func(a *alert.Alert) bool {
		return a.Subject.Dimension == alert.Customer && a.Severity == alert.Critical && v.holds(a.OpenedAt) && v.chosen(a)
	}, func(a *alert.Alert) row {
		return row{"text": anchor(a) + ": " + words[a.Rule] + ", " + html.EscapeString(figureText(a)), "tags": "critical"}
	})
}

func (k *known) falls(v view) []row {
	return k.moments(func(a *alert.Alert) bool {
		over := !a.State.AtWork() && a.ResolvedAt.Before(v.from)
		return a.Rule == alert.GroupFalling && !a.OpenedAt.After(v.to) && !over && (a.Subject.Dimension == "segment" || v.chosen(a))
	}, func(a *alert.Alert) row {
		end := v.to
		if !a.State.AtWork() {
			end = a.ResolvedAt
		}
		return row{"text": anchor(a) + ": " + html.EscapeString(figureText(a)), "timeEnd": float64(end.Unix()), "tags": a.Severity.String() + "," + a.Subject.Dimension}
	})
}

// anchor is the link to the page of whom an alert is about.
func anchor(a *alert.Alert) string {
	s := a.Subject
	name := strings.NewReplacer("&#39;", "&apos;").Replace(html.EscapeString(s.Value))
	return fmt.Sprintf(`<a href="http://localhost:8080/%ss/%s">%s %s</a>`, s.Dimension, strings.ReplaceAll(url.QueryEscape(s.Value), "+", "%20"), s.Dimension, name)
}
