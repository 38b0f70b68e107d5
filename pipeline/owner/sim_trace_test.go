package owner

import "fmt"

// trace prints a step of the schedule; on only for a single seed.
func (s *sim) trace(format string, args ...any) {
	if s.tracing {
		fmt.Printf("  t=%d "+format+"\n", append([]any{s.now}, args...)...)
	}
}

// brief names a row in one line.
func (s *sim) brief(r any) string {
	switch r := r.(type) {
	case Checkpoint:
		return fmt.Sprintf("p%d cut %d watermark pane %d", r.Partition, r.Cut, floor(r.Watermark, simPane))
	case PaneRow:
		return fmt.Sprintf("p%d pane %d %s:%s v%d n=%d sum=%d", r.Partition, r.Pane, r.Key.Dimension, r.Key.Value, r.Version, r.Sums.Ratings, r.Sums.Sum)
	case WindowRow:
		return fmt.Sprintf("p%d %s end %d %s:%s v%d n=%d sum=%d", r.Partition, r.Window, r.End, r.Key.Dimension, r.Key.Value, r.Version, r.Sums.Ratings, r.Sums.Sum)
	default:
		return fmt.Sprintf("%T", r)
	}
}
