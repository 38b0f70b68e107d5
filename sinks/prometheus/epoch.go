package prometheus

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// InEpoch registers metrics that are of one epoch, which is their label.
func InEpoch(reg prometheus.Registerer, number uint32) prometheus.Registerer {
	return prometheus.WrapRegistererWith(prometheus.Labels{"epoch": strconv.FormatUint(uint64(number), 10)}, reg)
}

// CurrentEpoch shows which epoch readers follow, so that rules and panels never mix two.
type CurrentEpoch struct{ since *prometheus.GaugeVec }

// NewCurrentEpoch registers the gauge.
func NewCurrentEpoch(reg prometheus.Registerer) *CurrentEpoch {
	return &CurrentEpoch{register(reg, prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "satisflow_current_epoch_timestamp_seconds",
		Help: "When the epoch that readers follow was made the current one, Unix time, as this process last read it. The epoch with the latest time is the current one.",
	}, []string{"epoch"}))}
}

// Set notes the current epoch and when it was made that.
func (c *CurrentEpoch) Set(number uint32, since time.Time) {
	c.since.Reset()
	c.since.WithLabelValues(strconv.FormatUint(uint64(number), 10)).Set(float64(since.UnixMicro()) / 1e6)
}
