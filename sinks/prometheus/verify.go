package prometheus

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// VerifyMetrics are the result of the last comparison in the background.
type VerifyMetrics struct{ differences, conflicts, at prometheus.Gauge }

// NewVerifyMetrics registers the metrics.
func NewVerifyMetrics(reg prometheus.Registerer) *VerifyMetrics {
	return &VerifyMetrics{
		differences: gauge(reg, "satisflow_verify_differences", "Rows of panes and windows that differed from their ratings at the last comparison in the background."),
		conflicts:   gauge(reg, "satisflow_identity_conflicts", "Rating ids that stood with several times or customers, and so counted twice, at the last comparison."),
		at:          gauge(reg, "satisflow_verify_timestamp_seconds", "When sums were last compared with their ratings, Unix time; 0 when this process never did or no longer owns partition 0."),
	}
}

// Verified notes a result.
func (m *VerifyMetrics) Verified(differences, conflicts uint64, at time.Time) {
	m.differences.Set(float64(differences))
	m.conflicts.Set(float64(conflicts))
	m.at.Set(float64(at.UnixMilli()) / 1000)
}

// Forget takes the result back, when another process is to give it.
func (m *VerifyMetrics) Forget() {
	m.differences.Set(0)
	m.conflicts.Set(0)
	m.at.Set(0)
}
