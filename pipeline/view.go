package pipeline

import (
	"time"

	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

// View is how far the processor is, for metrics and readiness.
type View struct {
	Topic      int // partitions of the topic; 0 before the first assignment
	Partitions []PartitionView
	Stats      map[int32]owner.Stats // by partition, earlier assignments included
	Memory     int                   // bound of the memory of all partitions, bytes
}

// PartitionView is one partition that is owned now.
type PartitionView struct {
	Partition int32
	Progress  owner.Progress
	Lag       int64         // records waiting behind the last one read, as the broker says it
	Reached   time.Time     // when the log last ended at or before what the partition shows; zero when that was not seen
	Stalled   time.Duration // for how long records have waited while no checkpoint took them on
	// Current calls yield for every key and window of the partition's current windows, the windows of a key one after the
	// other. The partition cannot be folded meanwhile.
	Current func(yield func(k window.Key, name string, s *window.Sums))
}

// LagTime is how old the figures are that the partition shows: the time since it was at its end, else since the log ended
// where it is now, else, where that was before this process asked, the age of the last record read.
func (v *PartitionView) LagTime(now time.Time) time.Duration {
	switch {
	case v.Progress.FreshAt == 0:
		return 0
	case !v.Progress.ShownAtEnd && !v.Reached.IsZero():
		return max(0, now.Sub(v.Reached))
	}
	return max(0, now.Sub(time.UnixMilli(v.Progress.FreshAt)))
}

// View returns how far the processor is.
func (p *Pipeline) View() View {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := View{Topic: p.topic, Memory: p.cfg.MemoryBytes, Stats: map[int32]owner.Stats{}}
	for n, s := range p.finished {
		v.Stats[n] = s
	}
	for n, pt := range p.live {
		pr := pt.owner.Progress()
		reached, _ := pt.lag.reached(pr.ShownNext)
		v.Partitions = append(v.Partitions, PartitionView{Partition: n, Progress: pr, Lag: pt.lag.records(pr.Next), Reached: reached,
			Stalled: pt.lag.stalled(&pr, p.parts.Now()), Current: pt.owner.Current})
		s := v.Stats[n]
		s.Add(pr.Stats)
		v.Stats[n] = s
	}
	return v
}
