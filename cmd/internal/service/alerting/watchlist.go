package alerting

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"satisflow/pipeline/alert"
	"satisflow/sinks/clickhouse"
)

// Watched is a customer who needs attention now.
type Watched struct {
	alert.Attention
	Severity     alert.Severity // the highest of the alerts
	Overdue      bool           // whether one of the alerts is
	Last         []alert.Rating // the last ratings with a score, the latest first
	Mean, Before Mean           // of the window that ends now, and of the one before
}

// Mean is the mean of so many ratings.
type Mean struct {
	Sum     int64 // of the ratings, in hundredths
	Ratings int64
}

// Points is the mean in points, rounded once; 0 of no ratings.
func (m Mean) Points() float64 {
	if m.Ratings == 0 {
		return 0
	}
	return float64(m.Sum) / float64(100*m.Ratings)
}

// lastRatings is how many ratings of a customer the watch list shows.
const lastRatings = 5

// Watchlist are the customers who need attention now, the most urgent first.
type Watchlist struct {
	Customers []Watched
	Window    time.Duration // that means are of
	Total     int           // of those on other pages, too
	Next      string        // cursor of the next page; empty on the last
}

// Watchlist returns the customers who need attention now, at most so many after the cursor, which an answer before named as
// next or is empty. Another cursor is an error that wraps clickhouse.ErrUnknownPage. All pages are ranked as of the
// time of the first one, so that due times that pass meanwhile move nobody from one page to another.
func (r *Reader) Watchlist(ctx context.Context, limit int, cursor string) (Watchlist, error) {
	now := r.parts.Now()
	after := place{at: now}
	if cursor != "" {
		var err error
		if after, err = parsePlace(cursor); err != nil {
			return Watchlist{}, err
		}
	}
	active, err := r.parts.Store.AtWork(ctx)
	if err != nil {
		return Watchlist{}, err
	}
	ranked := alert.Rank(active, after.at)
	list := Watchlist{Window: r.cfg.Window, Total: len(ranked)}
	if cursor != "" {
		ranked = slices.DeleteFunc(ranked, func(a alert.Attention) bool { return placeOf(&a, after.at).compare(after) <= 0 })
	}
	if len(ranked) > limit {
		ranked = ranked[:limit]
		list.Next = placeOf(&ranked[limit-1], after.at).String()
	}
	list.Customers, err = r.watched(ctx, ranked, now)
	return list, err
}

// watched adds to the ranked customers what they have rated.
func (r *Reader) watched(ctx context.Context, ranked []alert.Attention, now time.Time) ([]Watched, error) {
	e, found, err := r.parts.Epoch(ctx)
	if err != nil {
		return nil, err
	}
	ratings := map[string][]alert.Rating{}
	if found && len(ranked) > 0 {
		customers := make([]string, len(ranked))
		for i := range ranked {
			customers[i] = ranked[i].Subject.Value
		}
		if ratings, err = r.parts.Facts.Ratings(ctx, &e, customers, now.Add(-2*r.cfg.Window), now); err != nil {
			return nil, err
		}
		if err := r.withoutOthers(ctx, &e, ratings); err != nil {
			return nil, err
		}
	}
	var all []Watched
	for i := range ranked {
		all = append(all, watched(ranked[i], ratings[ranked[i].Subject.Value], r.cfg.Window, now))
	}
	return all, nil
}

// withoutOthers takes away the ratings that became another customer's.
func (r *Reader) withoutOthers(ctx context.Context, e *clickhouse.Epoch, of map[string][]alert.Rating) error {
	var all []alert.Rating
	for _, ratings := range of {
		all = append(all, ratings...)
	}
	others, err := r.parts.Facts.OfOthers(ctx, e, all)
	for customer, ratings := range of {
		of[customer] = slices.DeleteFunc(ratings, func(x alert.Rating) bool { return others[x.RatingID] })
	}
	return err
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
	m.Sum += int64(hundredths)
	m.Ratings++
}

// place is where a customer stands in the ranking of a time. Its text is the cursor of the page that follows.
type place struct {
	at       time.Time // that the ranking is of
	score    float64
	oldest   time.Time // opening of the oldest alert
	customer string
}

func placeOf(a *alert.Attention, at time.Time) place {
	p := place{at: at, score: a.Score, customer: a.Subject.Value, oldest: a.Alerts[0].Began()}
	for i := range a.Alerts {
		if opened := a.Alerts[i].Began(); opened.Before(p.oldest) {
			p.oldest = opened
		}
	}
	return p
}

// compare orders places as alert.Rank does.
func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(q.score, p.score), cmp.Compare(p.oldest.UnixMilli(), q.oldest.UnixMilli()), cmp.Compare(p.customer, q.customer))
}

// String is the cursor.
func (p place) String() string {
	text := fmt.Sprintf("%d.%x.%d.%s", p.at.UnixMilli(), math.Float64bits(p.score), p.oldest.UnixMilli(), p.customer)
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

func parsePlace(cursor string) (place, error) {
	wrong := fmt.Errorf("%w %q: want what the answer before named as next", clickhouse.ErrUnknownPage, cursor)
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	parts := strings.SplitN(string(text), ".", 4)
	if err != nil || len(parts) != 4 {
		return place{}, wrong
	}
	at, err1 := strconv.ParseInt(parts[0], 10, 64)
	bits, err2 := strconv.ParseUint(parts[1], 16, 64)
	oldest, err3 := strconv.ParseInt(parts[2], 10, 64)
	score := math.Float64frombits(bits)
	if cmp.Or(err1, err2, err3) != nil || math.IsNaN(score) {
		return place{}, wrong
	}
	return place{time.UnixMilli(at), score, time.UnixMilli(oldest), parts[3]}, nil
}
