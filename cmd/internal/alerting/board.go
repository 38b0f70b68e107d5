package alerting

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"satisflow/pipeline/alert"
)

// toldFor is how long Alertmanager is told of the end of an alert, again and again.
const toldFor = 15 * time.Minute

// board holds the alerts at work, and those that were resolved lately, as they were last read or stored.
type board struct {
	mu     sync.Mutex
	alerts map[string]*alert.Alert
}

func newBoard() *board { return &board{alerts: map[string]*alert.Alert{}} }

// learn takes alerts that were read or stored. An older version than is there changes nothing, and what was over long before
// it came here is none of the board's business. It returns whether there was anything new.
func (b *board) learn(alerts []alert.Alert, now time.Time) (learned bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range alerts {
		a := alerts[i].Clone()
		known := b.alerts[a.ID]
		if known == nil && past(&a, now) || known != nil && known.Version >= a.Version {
			continue
		}
		b.alerts[a.ID] = &a
		learned = true
	}
	return learned
}

// past says whether an alert has been over for so long that nobody is told of it any more.
func past(a *alert.Alert, now time.Time) bool {
	return !a.State.AtWork() && a.ResolvedAt.Before(now.Add(-toldFor))
}

// forget drops what has been over for long enough.
func (b *board) forget(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, a := range b.alerts {
		if past(a, now) {
			delete(b.alerts, id)
		}
	}
}

// all returns what is on the board, the oldest first.
func (b *board) all() []alert.Alert {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]alert.Alert, 0, len(b.alerts))
	for _, a := range b.alerts {
		all = append(all, *a) // nobody writes to what is on the board
	}
	slices.SortFunc(all, func(a, b alert.Alert) int { return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.ID, b.ID)) })
	return all
}

// atWork returns the alerts that somebody still has to work on, the oldest first.
func (b *board) atWork() []alert.Alert {
	return slices.DeleteFunc(b.all(), func(a alert.Alert) bool { return !a.State.AtWork() })
}
