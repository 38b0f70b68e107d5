package alert

import "slices"

// Seen says how much of the log had been stored and looked at: of each partition, the offset that comes next. What arrived
// when, by whichever clock, says nothing about that: a record may be stored long after it arrived.
type Seen struct {
	Epoch uint32  // that the offsets belong to
	Next  []int64 // by partition; none were looked at of those that are missing
}

// Empty says whether nothing had been looked at.
func (s *Seen) Empty() bool { return len(s.Next) == 0 }

// Has says whether the rating had been looked at, in the version that it now has.
func (s *Seen) Has(x *Rating) bool {
	return int(x.Partition) < len(s.Next) && x.Offset < s.Next[x.Partition]
}

// with returns what had been looked at when the ratings were, too.
func (s *Seen) with(ratings []Rating) Seen {
	all := Seen{s.Epoch, slices.Clone(s.Next)}
	for i := range ratings {
		x := &ratings[i]
		for int(x.Partition) >= len(all.Next) {
			all.Next = append(all.Next, 0)
		}
		all.Next[x.Partition] = max(all.Next[x.Partition], x.Offset+1)
	}
	return all
}

// dealtWith says whether the rating had been looked at when the alert was resolved. Offsets of another epoch can't be
// compared: there the times are.
func (a *Alert) dealtWith(x *Rating, now *Seen) bool {
	if a.Seen.Empty() || a.Seen.Epoch != now.Epoch {
		return !x.ArrivedAt.After(a.ResolvedAt)
	}
	return a.Seen.Has(x)
}
