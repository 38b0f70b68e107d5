package alerting

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"satisflow/pipeline/alert"
)

const (
	// toldFor is how long Alertmanager is told of the end of an alert. It may be muted, for a long weekend at most.
	toldFor = 4 * 24 * time.Hour
	// mostEnded bounds the alerts of whose ends Alertmanager is told; the latest stay.
	mostEnded = 10_000
	// mostSubjects bounds the subjects without an active alert whose alerts are remembered.
	mostSubjects = 20_000
)

// board holds the alerts that are active, those that were resolved lately, and all that decisions about the subjects need that
// were decided about lately, as they were last read or stored. As only one process writes, it holds what is stored.
type board struct {
	mu       sync.Mutex
	alerts   map[string]*alert.Alert                   // by id
	subjects map[alert.Subject]map[string]*alert.Alert // all that are here, by id
	known    map[alert.Subject]bool                    // of which all that decisions need are here
	active   map[string]*alert.Alert                   // those that somebody still has to work on
	ended    map[string]*alert.Alert                   // those whose end is told
	groups   map[string]*alert.Alert                   // active ones of services and segments
	counts   map[countKey]int                          // active ones
	changed  map[string]bool                           // since they were last taken for a push
}

// countKey is what active alerts are counted by.
type countKey struct {
	rule     alert.Rule
	severity alert.Severity
}

func newBoard() *board {
	return &board{alerts: map[string]*alert.Alert{}, subjects: map[alert.Subject]map[string]*alert.Alert{}, known: map[alert.Subject]bool{},
		active: map[string]*alert.Alert{}, ended: map[string]*alert.Alert{}, groups: map[string]*alert.Alert{}, counts: map[countKey]int{}, changed: map[string]bool{}}
}

// reset forgets everything.
func (b *board) reset() {
	fresh := newBoard()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.alerts, b.subjects, b.known, b.active, b.ended, b.groups, b.counts, b.changed =
		fresh.alerts, fresh.subjects, fresh.known, fresh.active, fresh.ended, fresh.groups, fresh.counts, fresh.changed
}

// learn takes alerts that were read or stored. An older version than is there changes nothing. It returns whether there was
// anything new that somebody is told of.
func (b *board) learn(alerts []alert.Alert, now time.Time) (news bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range alerts {
		known := b.alerts[alerts[i].ID]
		if known != nil && known.Version >= alerts[i].Version {
			continue
		}
		a := alerts[i].Clone()
		if known != nil {
			b.drop(known)
		}
		b.put(&a, now)
		if known != nil && known.State.AtWork() || !past(&a, now) {
			b.changed[a.ID] = true
			news = true
		}
	}
	b.limit()
	return news
}

// put adds an alert to every index. The lock is held.
func (b *board) put(a *alert.Alert, now time.Time) {
	b.alerts[a.ID] = a
	if b.subjects[a.Subject] == nil {
		b.subjects[a.Subject] = map[string]*alert.Alert{}
	}
	b.subjects[a.Subject][a.ID] = a
	switch {
	case a.State.AtWork():
		b.active[a.ID] = a
		b.counts[countKey{a.Rule, a.Severity}]++
		if a.Rule == alert.GroupFalling {
			b.groups[a.ID] = a
		}
	case !past(a, now):
		b.ended[a.ID] = a
	}
}

// drop takes an alert from every index. The lock is held.
func (b *board) drop(a *alert.Alert) {
	if _, active := b.active[a.ID]; active {
		b.counts[countKey{a.Rule, a.Severity}]--
	}
	delete(b.alerts, a.ID)
	delete(b.active, a.ID)
	delete(b.ended, a.ID)
	delete(b.groups, a.ID)
	if delete(b.subjects[a.Subject], a.ID); len(b.subjects[a.Subject]) == 0 {
		delete(b.subjects, a.Subject)
	}
}

// limit forgets subjects when there are too many. The lock is held.
func (b *board) limit() {
	if len(b.known) <= mostSubjects+len(b.active) {
		return
	}
	for s := range b.known {
		if !b.keeps(s) {
			b.forgetSubject(s)
		}
		if len(b.known) <= mostSubjects/2+len(b.active) {
			return
		}
	}
}

// keeps says whether somebody has to be told of an alert of the subject. The lock is held.
func (b *board) keeps(s alert.Subject) bool {
	for id := range b.subjects[s] {
		if b.active[id] != nil || b.ended[id] != nil {
			return true
		}
	}
	return false
}

// forgetSubject has the next decision about the subject read its alerts. The lock is held.
func (b *board) forgetSubject(s alert.Subject) {
	delete(b.known, s)
	for id, a := range b.subjects[s] {
		if b.active[id] == nil && b.ended[id] == nil {
			b.drop(a)
		}
	}
}

// doubt has the next decisions about the subjects read their alerts, as it is not known what was stored of them.
func (b *board) doubt(changes []alert.Change) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range changes {
		b.forgetSubject(changes[i].Alert.Subject)
	}
}

// doubtAll has every decision read the alerts of its subject again.
func (b *board) doubtAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for s := range b.known {
		b.forgetSubject(s)
	}
}

// know notes that all alerts of the subjects that decisions need are here.
func (b *board) know(subjects []alert.Subject) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range subjects {
		b.known[s] = true
	}
}

// unknown returns those of the subjects whose alerts must be read.
func (b *board) unknown(subjects []alert.Subject) (all []alert.Subject) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range subjects {
		if !b.known[s] {
			all = append(all, s)
		}
	}
	return all
}

// of returns the alerts of a subject that are here, the oldest first.
func (b *board) of(s alert.Subject) []alert.Alert {
	b.mu.Lock()
	defer b.mu.Unlock()
	return inOrder(b.subjects[s])
}

// atWork returns the active alerts of a subject, for a look; nobody writes to them.
func (b *board) atWork(s alert.Subject) (all []*alert.Alert) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, a := range b.subjects[s] {
		if b.active[id] != nil {
			all = append(all, a)
		}
	}
	return all
}

// customers returns the customers of whom an alert of one of the rules is active, in order.
func (b *board) customers(rules ...alert.Rule) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := map[string]bool{}
	for _, a := range b.active {
		if a.Subject.Dimension == alert.Customer && slices.Contains(rules, a.Rule) {
			found[a.Subject.Value] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// falling returns the active alerts of services and segments, the oldest first.
func (b *board) falling() []alert.Alert {
	b.mu.Lock()
	defer b.mu.Unlock()
	return inOrder(b.groups)
}

// told returns what Alertmanager is told of: every active alert and every end, or what has changed since the last call. The
// oldest stand first.
func (b *board) told(all bool) []alert.Alert {
	b.mu.Lock()
	defer b.mu.Unlock()
	some := map[string]*alert.Alert{}
	for id := range b.changed {
		if a := b.alerts[id]; a != nil {
			some[id] = a
		}
	}
	if all {
		maps.Copy(some, b.active)
		maps.Copy(some, b.ended)
	}
	clear(b.changed)
	return inOrder(some)
}

// activeBeside returns the subjects of active alerts that are not among the ids.
func (b *board) activeBeside(ids map[string]bool) (all []alert.Subject) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, a := range b.active {
		if !ids[id] {
			all = append(all, a.Subject)
		}
	}
	return all
}

// expire drops the ends that have been told for long enough, whether or not there is somebody to tell.
func (b *board) expire(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range b.ended {
		if past(a, now) {
			b.endTold(a)
		}
	}
	for id, a := range b.alerts {
		if b.active[id] == nil && b.ended[id] == nil && !b.known[a.Subject] && !b.changed[id] {
			b.drop(a)
		}
	}
	if len(b.ended) <= mostEnded {
		return
	}
	ends := slices.SortedFunc(maps.Values(b.ended), func(a, b *alert.Alert) int { return b.ResolvedAt.Compare(a.ResolvedAt) })
	for _, a := range ends[mostEnded:] {
		b.endTold(a)
	}
}

// endTold takes an alert from those whose end is told. The lock is held.
func (b *board) endTold(a *alert.Alert) {
	if delete(b.ended, a.ID); !b.known[a.Subject] {
		b.drop(a)
	}
}

// count returns the active alerts by rule and severity.
func (b *board) count() map[countKey]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.counts)
}

// overdue returns how many of the active alerts are overdue.
func (b *board) overdue(now time.Time) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range b.active {
		if a.Overdue(now) {
			n++
		}
	}
	return n
}

// versionOf returns the version of the alert that is here, 0 when it is not.
func (b *board) versionOf(id string) uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a := b.alerts[id]; a != nil {
		return a.Version
	}
	return 0
}

// size returns how many alerts are here.
func (b *board) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.alerts)
}

// past says whether an alert has been over for so long that nobody is told of it any more.
func past(a *alert.Alert, now time.Time) bool {
	return !a.State.AtWork() && a.ResolvedAt.Before(now.Add(-toldFor))
}

// inOrder returns copies that share only what nobody writes to, the oldest first.
func inOrder(some map[string]*alert.Alert) []alert.Alert {
	all := make([]alert.Alert, 0, len(some))
	for _, a := range some {
		all = append(all, *a)
	}
	slices.SortFunc(all, func(a, b alert.Alert) int { return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.ID, b.ID)) })
	return all
}
