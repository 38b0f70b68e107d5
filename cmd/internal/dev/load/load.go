package load

import (
	"context"
	"math"
	"time"

	"satisflow/pipeline/eventgen"
)

// Target takes records.
type Target interface {
	// Send returns when each of the items was dealt with, and how many were dealt with otherwise than they should: a good one
	// refused, or a bad one taken where that should be refused. The error says that the target is not to be reached, or ctx ended.
	Send(ctx context.Context, items []eventgen.Item) (wrong int, err error)
}

// Progress is told how many records were sent. Its method is called by one goroutine.
type Progress interface {
	At(sent int64)
}

// batchItems bounds what is sent at one time.
const batchItems = 2000

// Run sends what the configuration, which must be valid, says. It returns what was sent, also beside an error; the error
// is the context's when that ended first. The progress may be nil.
func Run(ctx context.Context, cfg Config, target Target, progress Progress) (Summary, error) {
	start := time.Now()
	p := pace{start: start, rate: cfg.Rate, count: cfg.Count}
	if cfg.For > 0 {
		p.end = start.Add(cfg.For)
	}
	s := newSummary(cfg)
	err := p.send(ctx, eventgen.New(cfg.plan(start)), target, func(items []eventgen.Item, wrong int, late time.Duration) {
		s.add(items, wrong, late)
		if progress != nil {
			progress.At(s.Sent)
		}
	})
	s.finish(time.Since(start), err == nil)
	return s, err
}

// pace is a schedule by absolute time.
type pace struct {
	start, end time.Time // no end when it is zero
	rate       float64   // 0 is no pace at all
	count      int64     // 0 is no bound
}

// send sends the generator's records when they are due, and tells what was sent and by how much the last of it was late.
func (p *pace) send(ctx context.Context, g *eventgen.Generator, target Target, sent func(items []eventgen.Item, wrong int, late time.Duration)) error {
	left := p.count
	if left == 0 {
		left = math.MaxInt64
	}
	next, turn := g.Next(), int64(0)
	for left > 0 && !p.over(&next) {
		if err := p.await(ctx, p.due(&next, turn)); err != nil {
			return err
		}
		now := time.Now()
		var items []eventgen.Item
		var due time.Time
		for left > 0 && len(items) < batchItems && !p.over(&next) && !p.due(&next, turn).After(now) {
			due = p.due(&next, turn)
			items = append(items, next)
			next, turn, left = g.Next(), turn+1, left-1
		}
		if len(items) == 0 {
			continue
		}
		wrong, err := target.Send(ctx, items)
		if err != nil {
			return err
		}
		sent(items, wrong, now.Sub(due))
	}
	return nil
}

// over says whether the end has come, by the clock or by the record's own time.
func (p *pace) over(it *eventgen.Item) bool {
	return !p.end.IsZero() && (!time.Now().Before(p.end) || p.rate > 0 && !it.At.Before(p.end))
}

// due returns when the record is to be sent.
func (p *pace) due(it *eventgen.Item, turn int64) time.Time {
	if p.rate == 0 {
		return p.start
	}
	at := p.start.Add(time.Duration(float64(turn) / p.rate * float64(time.Second)))
	if it.At.After(at) {
		return it.At
	}
	return at
}

func (p *pace) await(ctx context.Context, at time.Time) error {
	wait := time.Until(at)
	if !p.end.IsZero() {
		wait = min(wait, time.Until(p.end))
	}
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
