package owner

import (
	"math"

	"satisflow/pipeline/event"
	"satisflow/pipeline/window"
)

// The oracle: a single pass over the log that shares nothing with the owner but the types of its rows.

type oracleFact struct {
	rev   uint32
	erase bool
	off   int64
	ev    *event.Event
	pane  window.Pane
}

func oracleFacts(log []simRecord, cut int64) map[string]oracleFact {
	last := map[string]oracleFact{}
	for off := range cut {
		r := &log[off]
		if r.rejected {
			continue
		}
		n := oracleFact{rev: r.ev.Revision, erase: r.ev.Op == event.Erase, off: off, ev: &r.ev, pane: window.Pane(floor(r.ev.OccurredAt, simPane))}
		if o, ok := last[r.ev.RatingID]; !ok || later(n, o) {
			last[r.ev.RatingID] = n
		}
	}
	return last
}

func later(a, b oracleFact) bool {
	if a.erase != b.erase {
		return a.erase
	}
	if a.rev != b.rev {
		return a.rev > b.rev
	}
	return a.off > b.off
}

func floor(a, b int64) int64 { return int64(math.Floor(float64(a) / float64(b))) }

func oraclePanes(facts map[string]oracleFact) map[simPaneKey]window.Sums {
	out := map[simPaneKey]window.Sums{}
	for _, f := range facts {
		if f.erase || f.ev.Quarantined {
			continue
		}
		for _, k := range oracleKeys(f.ev) {
			s := out[simPaneKey{f.pane, k}]
			oracleCount(&s, f.ev)
			out[simPaneKey{f.pane, k}] = s
		}
	}
	return out
}

func oracleKeys(e *event.Event) []window.Key {
	if e.Staff {
		return []window.Key{{Dimension: "staff", Value: e.Service}}
	}
	keys := []window.Key{{Dimension: "overall"}, {Dimension: "service", Value: e.Service}}
	if e.Channel != "" {
		keys = append(keys, window.Key{Dimension: "channel", Value: e.Channel}, window.Key{Dimension: "service_channel", Value: e.Service + "/" + e.Channel})
	}
	return keys
}

func oracleCount(s *window.Sums, e *event.Event) {
	if v := e.Quality[0]; v != event.MissingQuality {
		s.Quality[0].Sum += v
		s.Quality[0].N++
	}
	if e.Rating == 0 {
		s.Unscored++
		return
	}
	s.Ratings++
	s.Sum += int64(e.Rating)
	s.SumSquares += int64(e.Rating) * int64(e.Rating)
	s.Stars[(e.Rating+50)/100-1]++
	switch {
	case e.Rating >= 450:
		s.Highly++
		s.Satisfied++
	case e.Rating >= 400:
		s.Satisfied++
	case e.Rating <= 300:
		s.Dissatisfied++
	}
}

// oracleWindows sums panes into every window that holds one.
func oracleWindows(panes map[simPaneKey]window.Sums) map[simWindowKey]window.Sums {
	out := map[simWindowKey]window.Sums{}
	for k, v := range panes {
		for _, w := range simWindows {
			for end := k.pane + 1; end <= k.pane+w.length; end++ {
				if (end%w.slide+w.slide)%w.slide != 0 {
					continue
				}
				s := out[simWindowKey{w.name, end, k.key}]
				s.Add(&v)
				out[simWindowKey{w.name, end, k.key}] = s
			}
		}
	}
	return out
}

var simWindows = []struct {
	name          string
	length, slide window.Pane
}{{"short", 2, 1}, {"long", 4, 2}}
