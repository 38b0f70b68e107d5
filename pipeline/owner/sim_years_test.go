package owner

import (
	"maps"
	"slices"
	"time"

	"satisflow/pipeline/event"
)

// Phase two of a schedule, for some: years have passed, retention has removed every fact, and records of the old ratings
// come beside new ones. The panes and windows of old must stay as they are.

const (
	simYears     = 1000 // panes
	simRetention = 100  // panes
)

// years lets the time pass, with nothing under way, and makes the second log.
func (s *sim) years() {
	s.now += simYears
	s.cfg.Retention = simRetention * simPane * time.Millisecond
	s.final, s.finished = false, nil
	clear(s.cache)
	for p := range s.log {
		clear(s.db[p].facts)
		clear(s.replica[p].facts)
		s.expired[p] = int64(len(s.log[p]))
		s.log[p] = append(s.log[p], s.secondLog(p)...)
	}
}

// secondLog is some records of old ratings, corrected or erased, and some of new ones.
func (s *sim) secondLog(p int) (out []simRecord) {
	at, old := s.now, s.log[p]
	for i := range 1 + s.c.intn(5) {
		at += pick[int64](s.c, 0, 0, 1)
		if len(old) == 0 || chance(s.c, 40) {
			out = append(out, simRecord{ev: simEvent(s.c, p, 100+i, 1, at-pick[int64](s.c, 0, 1, 3)), at: at})
			continue
		}
		r := simRecord{ev: pick(s.c, old...).ev, at: at, old: true}
		r.ev.Revision += 10
		if chance(s.c, 50) {
			r.ev.Op = event.Erase
		}
		out = append(out, r)
	}
	return out
}

// summed are the records that count in sums: all but those of panes that were frozen when they came.
func summed(log []simRecord) []simRecord {
	out := slices.Clone(log)
	for i := range out {
		out[i].rejected = out[i].rejected || out[i].old
	}
	return out
}

// checkExpired holds the stored facts against those that came after retention had removed the others.
func (s *sim) checkExpired(p int) {
	want := oracleFacts(s.log[p][s.expired[p]:], int64(len(s.log[p]))-s.expired[p])
	if len(want) != len(s.db[p].facts) {
		s.wrong["facts after years"] = true
	}
	for id, f := range maps.All(want) {
		got, ok := s.db[p].facts[simFactKey{f.pane, id}]
		if !ok || got.Offset != f.off+s.expired[p] {
			s.wrong["facts after years"] = true
		}
	}
}
