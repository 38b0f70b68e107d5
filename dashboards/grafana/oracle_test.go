package grafana

import (
	"cmp"
	"math"
	"slices"
	"time"

	"satisflow/pipeline/event"
	"satisflow/pipeline/stats"
)

// The oracle counts ratings one by one and leaves the statistics to package stats.

// in are the ratings that a view of leadership's dashboard is about.
func (k *known) in(v view, from, to time.Time) (chosen []given) {
	for _, g := range k.ratings {
		if pane := g.at.Truncate(5 * time.Minute); pane.Before(from) || pane.After(to) {
			continue
		}
		if services := v.values["service"]; services == nil || slices.Contains(services, g.service) {
			chosen = append(chosen, g)
		}
	}
	return chosen
}

type tally struct {
	responses, n, satisfied, highly, dissatisfied int64
	sum, squares                                  float64 // points
	stars                                         [6]int64
}

func tallied(ratings []given) (c tally) {
	for _, g := range ratings {
		c.responses++
		if g.score == 0 {
			continue
		}
		points := float64(g.score) / 100
		c.n, c.sum, c.squares = c.n+1, c.sum+points, c.squares+points*points
		c.stars[int(math.Floor(points+0.5))]++
		switch {
		case points >= 4.5:
			c.highly, c.satisfied = c.highly+1, c.satisfied+1
		case points >= 4:
			c.satisfied++
		case points <= 3:
			c.dissatisfied++
		}
	}
	return c
}

// shareRow is a share with its interval.
func shareRow(k, n int64) row {
	if n == 0 {
		return row{"share": nil, "low": nil, "high": nil, "n": 0.0}
	}
	w := stats.Wilson(k, n, stats.Z95)
	return row{"share": float64(k) / float64(n), "low": w.Low, "high": w.High, "n": float64(n)}
}

func (r row) with(name string, value any) row {
	r[name] = value
	return r
}

func (k *known) headline(v view) []row {
	c := tallied(k.in(v, v.from, v.to))
	j := stats.Judge(c.satisfied, c.n, 0.95)
	r := shareRow(c.satisfied, c.n).with("verdict", j.Verdict.String()).with("more", nil)
	if j.AtPresentShare > 0 {
		r["more"] = float64(j.AtPresentShare)
	}
	return []row{r}
}

func (k *known) budget(v view) []row {
	c := tallied(k.in(v, v.from, v.to))
	r := shareRow(c.satisfied, c.n)
	for _, name := range []string{"share", "low", "high"} {
		if share, ok := r[name].(float64); ok {
			r[name] = 1 - (1-share)/0.05
		}
	}
	r["budget_left"] = r["share"]
	delete(r, "share")
	return []row{r.with("spent", float64(c.n-c.satisfied))}
}

func (k *known) volume(v view) []row {
	c := tallied(k.in(v, v.from, v.to))
	r := row{"responses": float64(c.responses), "n": float64(c.n), "unscored": float64(c.responses - c.n), "mean": nil, "mean_low": nil, "mean_high": nil}
	if n := float64(c.n); n > 1 {
		mean := c.sum / n
		half := stats.Z95 * math.Sqrt((c.squares-n*mean*mean)/(n-1)/n)
		r["mean"], r["mean_low"], r["mean_high"] = mean, mean-half, mean+half
	}
	return []row{r}
}

func (k *known) freshness(view) []row {
	return []row{{"fresh": float64(k.fresh.UnixMilli()), "complete_to": float64(k.completeTo.UnixMilli()), "missing": 0.0}}
}

func (k *known) mix(v view) (rows []row) {
	c := tallied(k.in(v, v.from, v.to))
	for stars := 5; stars >= 1; stars-- {
		rows = append(rows, shareRow(c.stars[stars], c.n).with("stars", float64(stars)).with("count", float64(c.stars[stars])))
	}
	return rows
}

func (k *known) bands(v view) (rows []row) {
	c := tallied(k.in(v, v.from, v.to))
	for _, b := range []struct {
		name string
		k    int64
	}{{"highly_satisfied", c.highly}, {"satisfied", c.satisfied}, {"neutral", c.n - c.satisfied - c.dissatisfied}, {"dissatisfied", c.dissatisfied}} {
		rows = append(rows, shareRow(b.k, c.n).with("band", b.name).with("count", float64(b.k)))
	}
	return rows
}

// byDay groups ratings by the days of UTC, as steps of 86,400 seconds lie.
func (k *known) byDay(v view, make func(ratings []given) row) (rows []row) {
	days := map[int64][]given{}
	for _, g := range k.in(v, v.from, v.to) {
		day := g.at.Truncate(24 * time.Hour).Unix()
		days[day] = append(days[day], g)
	}
	for day, ratings := range days {
		rows = append(rows, make(ratings).with("time", float64(day)))
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(a["time"].(float64), b["time"].(float64)) })
	return rows
}

func (k *known) starsOverTime(v view) []row {
	return k.byDay(v, func(ratings []given) row {
		c := tallied(ratings)
		return row{"stars_1": float64(c.stars[1]), "stars_2": float64(c.stars[2]), "stars_3": float64(c.stars[3]), "stars_4": float64(c.stars[4]), "stars_5": float64(c.stars[5])}
	})
}

// trend has the windows of a day that end on the hour, in the range and complete.
func (k *known) trend(v view) (rows []row) {
	for end := v.from.Truncate(time.Hour); !end.After(v.to); end = end.Add(time.Hour) {
		var held []given
		for _, g := range k.ratings {
			if services := v.values["service"]; services != nil && !slices.Contains(services, g.service) {
				continue
			}
			if !g.at.Before(end.Add(-24*time.Hour)) && g.at.Before(end) {
				held = append(held, g)
			}
		}
		if end.Before(v.from) || end.After(k.completeTo) || len(held) == 0 {
			continue
		}
		c := tallied(held)
		rows = append(rows, shareRow(c.satisfied, c.n).with("time", float64(end.Unix())).with("target", 0.95).with("milestone_85", 0.85))
	}
	return rows
}

func (k *known) breakdown(of func(given) string, narrowed bool) func(view) []row {
	return func(v view) (rows []row) {
		if !narrowed {
			v.values = nil
		}
		now, before := map[string][]given{}, map[string][]given{}
		for _, g := range k.in(v, v.from, v.to) {
			now[of(g)] = append(now[of(g)], g)
		}
		for _, g := range k.in(v, v.from.Add(-v.to.Sub(v.from)), v.from.Add(-time.Second)) {
			before[of(g)] = append(before[of(g)], g)
			now[of(g)] = append(now[of(g)], []given{}...)
		}
		for value := range now {
			a, b := tallied(now[value]), tallied(before[value])
			if value != "" && a.n+b.n > 0 {
				rows = append(rows, compared(a, b).with("value", value))
			}
		}
		slices.SortFunc(rows, func(a, b row) int {
			return cmp.Or(cmp.Compare(b["bad"].(float64), a["bad"].(float64)), cmp.Compare(a["value"].(string), b["value"].(string)))
		})
		return rows
	}
}

// compared has the change with Newcombe's hybrid score interval (Statistics in Medicine 17 (1998), method 10).
func compared(a, b tally) row {
	r := shareRow(a.satisfied, a.n).with("bad", float64(a.n-a.satisfied)).with("n_before", float64(b.n)).
		with("verdict", stats.Judge(a.satisfied, a.n, 0.95).Verdict.String()).
		with("change", nil).with("change_low", nil).with("change_high", nil).with("moved", "no_data")
	if a.n == 0 || b.n == 0 {
		return r
	}
	p, q := float64(a.satisfied)/float64(a.n), float64(b.satisfied)/float64(b.n)
	wp, wq := stats.Wilson(a.satisfied, a.n, stats.Z95), stats.Wilson(b.satisfied, b.n, stats.Z95)
	low := p - q - math.Hypot(p-wp.Low, wq.High-q)
	high := p - q + math.Hypot(wp.High-p, q-wq.Low)
	r["change"], r["change_low"], r["change_high"] = 100*(p-q), 100*low, 100*high
	switch {
	case low > 0:
		r["moved"] = "up"
	case high < 0:
		r["moved"] = "down"
	default:
		r["moved"] = "unclear"
	}
	return r
}

// meanOf is the mean and the number of the values that were given.
func meanOf(ratings []given, of func(given) int64, scale float64) (mean any, n float64) {
	sum := 0.0
	for _, g := range ratings {
		if v := of(g); v != event.MissingQuality {
			sum, n = sum+float64(v)/scale, n+1
		}
	}
	if n == 0 {
		return nil, 0
	}
	return sum / n, n
}

func response(g given) int64     { return g.response }
func accuracy(g given) int64     { return g.accuracy }
func completeness(g given) int64 { return g.completeness }

func (k *known) quality(v view) (rows []row) {
	for _, service := range k.services {
		var ratings []given
		for _, g := range k.in(v, v.from, v.to) {
			if g.service == service {
				ratings = append(ratings, g)
			}
		}
		if len(ratings) == 0 {
			continue
		}
		r := row{"value": service}
		r["response_time"], r["response_time_n"] = meanOf(ratings, response, 1)
		r["accuracy"], r["accuracy_n"] = meanOf(ratings, accuracy, 1e6)
		r["completeness"], r["completeness_n"] = meanOf(ratings, completeness, 1e6)
		rows = append(rows, r)
	}
	return rows
}

func (k *known) responseTrend(v view) []row {
	return k.byDay(v, func(ratings []given) row {
		mean, n := meanOf(ratings, response, 1)
		return row{"mean_response_time": mean, "count_response_time": n}
	})
}

func (k *known) sharesTrend(v view) []row {
	return k.byDay(v, func(ratings []given) row {
		a, an := meanOf(ratings, accuracy, 1e6)
		c, cn := meanOf(ratings, completeness, 1e6)
		return row{"mean_accuracy": a, "count_accuracy": an, "mean_completeness": c, "count_completeness": cn}
	})
}
