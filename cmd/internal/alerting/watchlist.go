package alerting

import (
	"context"
	"slices"
	"time"

	"satisflow/pipeline/alert"
)

// Watched is a customer who needs attention now.
type Watched struct {
	alert.Attention
	Severity     alert.Severity // the highest of the alerts
	Overdue      bool           // whether one of the alerts is
	Last         []alert.Rating // the last ratings with a score, the latest first
	Mean, Before Mean           // of the window that ends now, and of the one before
}

// Mean is the mean of so many ratings, 0 of none.
type Mean struct {
	Points  float64
	Ratings int64
}

// lastRatings is how many ratings of a customer the watch list shows.
const lastRatings = 5

// Watchlist are the customers who need attention now, who needs most first.
type Watchlist struct {
	Customers []Watched
	Window    time.Duration // that means are of
	Total     int           // of those who are left out, too
}

// Watchlist returns the customers who need attention now, at most so many.
func (r *Reader) Watchlist(ctx context.Context, limit int) (Watchlist, error) {
	now := r.parts.Now()
	atWork, err := r.parts.Store.AtWork(ctx)
	if err != nil {
		return Watchlist{}, err
	}
	ranked := alert.Rank(atWork, now)
	list := Watchlist{Window: r.cfg.Window, Total: len(ranked)}
	ranked = ranked[:min(len(ranked), limit)]
	e, found, err := r.parts.Epoch(ctx)
	if err != nil {
		return Watchlist{}, err
	}
	ratings := map[string][]alert.Rating{}
	if found && len(ranked) > 0 {
		customers := make([]string, len(ranked))
		for i := range ranked {
			customers[i] = ranked[i].Subject.Value
		}
		if ratings, err = r.parts.Facts.Ratings(ctx, &e, customers, now.Add(-2*r.cfg.Window), now); err != nil {
			return Watchlist{}, err
		}
	}
	for i := range ranked {
		list.Customers = append(list.Customers, watched(ranked[i], ratings[ranked[i].Subject.Value], r.cfg.Window, now))
	}
	return list, nil
}

func watched(a alert.Attention, ratings []alert.Rating, window time.Duration, now time.Time) Watched {
	w := Watched{Attention: a}
	for i := range a.Alerts {
		w.Severity = max(w.Severity, a.Alerts[i].Severity)
		w.Overdue = w.Overdue || a.Alerts[i].Overdue(now)
	}
	scored := slices.DeleteFunc(slices.Clone(ratings), func(r alert.Rating) bool { return !r.Counts || r.Rating == 0 })
	for _, r := range scored {
		if r.OccurredAt.After(now.Add(-window)) {
			w.Mean.add(r.Rating)
		} else if r.OccurredAt.After(now.Add(-2 * window)) {
			w.Before.add(r.Rating)
		}
	}
	slices.Reverse(scored) // they come with the oldest first
	w.Last = scored[:min(len(scored), lastRatings)]
	return w
}

// add takes one more rating, in hundredths.
func (m *Mean) add(hundredths int32) {
	m.Points += (float64(hundredths)/100 - m.Points) / float64(m.Ratings+1)
	m.Ratings++
}
