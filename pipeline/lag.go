package pipeline

import (
	"context"
	"sync"
	"time"

	"satisflow/pipeline/owner"
)

// endsInterval is the time between two questions to the broker about the ends of the partitions.
const endsInterval = 2 * time.Second

// lag follows the end of one partition as the broker says it: by questions of its own, so also while nothing is fetched.
type lag struct {
	mu      sync.Mutex
	end     int64     // greatest one seen
	seen    []offset  // ends that the broker gave, oldest first
	next    int64     // offset of the checkpoint that was last seen, with
	moved   time.Time // when it last moved, or nothing waited behind it
	started bool
}

// offset is where the log ended at a time.
type offset struct {
	end int64
	at  time.Time
}

// Bounds of seen: answers as far apart as a twentieth of their age are near enough, and the oldest leave.
const (
	seenShare = 20
	maxSeen   = 400
)

// fetched notes the end that came with a fetch.
func (l *lag) fetched(end int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end = max(l.end, end)
}

// asked notes the end that the broker gave at a time.
func (l *lag) asked(end int64, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end = end
	if n := len(l.seen); n > 0 && l.seen[n-1].end == end {
		l.seen[n-1].at = at
		return
	}
	l.seen = append(l.seen, offset{end, at})
	kept := l.seen[:min(1, len(l.seen))]
	for i := 1; i < len(l.seen)-1; i++ {
		if next := l.seen[i+1].at; seenShare*next.Sub(kept[len(kept)-1].at) > at.Sub(next) {
			kept = append(kept, l.seen[i])
		}
	}
	if n := len(l.seen); n > 1 {
		kept = append(kept, l.seen[n-1])
	}
	l.seen = kept[max(0, len(kept)-maxSeen):]
}

// records is how many records wait behind the offset.
func (l *lag) records(next int64) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(0, l.end-next)
}

// reached returns when the log last ended at the offset or before it, as far as that was seen.
func (l *lag) reached(next int64) (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := len(l.seen) - 1; i >= 0; i-- {
		if l.seen[i].end <= next {
			return l.seen[i].at, true
		}
	}
	return time.Time{}, false
}

// stalled returns for how long records have waited while no checkpoint took them on. It is to be asked again and again.
func (l *lag) stalled(p *owner.Progress, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if next := max(p.Cut, 0); !l.started || next != l.next || l.end <= next {
		l.next, l.moved, l.started = next, now, true
	}
	return now.Sub(l.moved)
}

// ask asks the broker again and again where the partitions of the assignment end, until ctx ends. A question that fails
// leaves the last answer: that the broker is away shows elsewhere.
func (r *run) ask(ctx context.Context) error {
	if r.p.parts.Ends == nil {
		return nil
	}
	tick := time.NewTicker(endsInterval)
	defer tick.Stop()
	for {
		r.askOnce(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (r *run) askOnce(ctx context.Context) {
	numbers := make([]int32, len(r.partitions))
	for i, pt := range r.partitions {
		numbers[i] = pt.number
	}
	at := r.p.parts.Now() // before the answer: what comes meanwhile is not behind
	ends, err := r.p.parts.Ends(ctx, numbers)
	if err != nil {
		if ctx.Err() == nil {
			r.p.parts.Log.Debug().Err(err).Msg("the ends of the partitions are not known, the lag is as of the last answer")
		}
		return
	}
	for _, pt := range r.partitions {
		if end, ok := ends[pt.number]; ok {
			pt.lag.asked(end, at)
		}
		pr := pt.owner.Progress()
		pt.lag.stalled(&pr, at)
	}
}
