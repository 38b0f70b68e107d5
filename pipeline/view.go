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
}

// PartitionView is one partition that is owned now.
type PartitionView struct {
	Partition int32
	Progress  owner.Progress
	Lag       int64 // records waiting behind the last one read
	// Current calls yield for every key and window of the partition's current windows, the windows of a key one after the
	// other. The partition cannot be folded meanwhile.
	Current func(yield func(k window.Key, name string, s *window.Sums))
}

// LagTime is how old the figures are that the partition shows: up to the last record read when there is a backlog.
func (v *PartitionView) LagTime(now time.Time) time.Duration {
	if v.Progress.FreshAt == 0 {
		return 0
	}
	return max(0, now.Sub(time.UnixMilli(v.Progress.FreshAt)))
}

// View returns how far the processor is.
func (p *Pipeline) View() View {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := View{Topic: p.topic, Stats: map[int32]owner.Stats{}}
	for n, s := range p.finished {
		v.Stats[n] = s
	}
	for n, pt := range p.live {
		pr := pt.owner.Progress()
		v.Partitions = append(v.Partitions, PartitionView{Partition: n, Progress: pr, Lag: max(0, pt.end.Load()-pr.Next), Current: pt.owner.Current})
		s := v.Stats[n]
		s.Add(pr.Stats)
		v.Stats[n] = s
	}
	return v
}
