package owner

// effect is something that a schedule must have brought about, counted where it shows: in an owner, or in the stored rows.
type effect int

const (
	erased effect = iota
	duplicated
	replayed
	rejectedToo
	quarantined
	ofStaff
	unscored
	zeroed
	dimensionChanged
	numEffects
)

// effectsWanted are the shares of the schedules, in percent, that must have each.
var effectsWanted = [numEffects]struct {
	what    string
	percent int
}{
	erased: {"an erasure", 30}, duplicated: {"a duplicate", 50}, replayed: {"a record read again that was stored", 50}, rejectedToo: {"a dead letter", 15},
	quarantined: {"a quarantined fact", 30}, ofStaff: {"a fact of staff", 20}, unscored: {"a fact without a score", 20},
	zeroed: {"a stored pane row that has become zero", 50}, dimensionChanged: {"a pane row that has become zero while its pane has ratings", 20},
}

// countOwner adds what the owner did.
func (s *sim) countOwner(o *Owner) {
	e := &s.stats.effects
	e[erased] += int(o.stats.Erasures)
	e[duplicated] += int(o.stats.Duplicates)
	e[replayed] += int(o.stats.Replayed)
}

// countRows adds what is stored.
func (s *sim) countRows(p int) {
	e, d := &s.stats.effects, s.db[p]
	e[rejectedToo] += len(d.dead)
	for _, f := range d.facts {
		e[quarantined] += count(f.Event.Quarantined)
		e[ofStaff] += count(f.Event.Staff)
		e[unscored] += count(f.Event.Rating == 0 && f.Event.Op == 0)
	}
	counts := map[int32]bool{}
	for k, r := range d.panes {
		counts[k.pane] = counts[k.pane] || !r.Sums.IsZero()
	}
	for k, r := range d.panes {
		e[zeroed] += count(r.Sums.IsZero())
		e[dimensionChanged] += count(r.Sums.IsZero() && counts[k.pane])
	}
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
