// Package window owns the arithmetic of rolling windows: panes, window ends, bands, dimensions and the sums that panes
// and windows hold. It knows nothing of clocks, Kafka or ClickHouse; the state of a partition is in package owner.
package window

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Spec is one rolling window: [end-Length, end), with an end at every multiple of Slide.
type Spec struct {
	Name   string        `yaml:"name" json:"name"` // as in the API and in metric labels: 1h, 28d
	Length time.Duration `yaml:"length" json:"length"`
	Slide  time.Duration `yaml:"slide" json:"slide"`
}

// Bands are the thresholds of the score, in hundredths of a point. Satisfied and Highly include their number upwards,
// Dissatisfied includes it downwards; Alert is strict (below).
type Bands struct {
	Satisfied    int32 `yaml:"satisfied" json:"satisfied"`
	Highly       int32 `yaml:"highly_satisfied" json:"highly_satisfied"`
	Dissatisfied int32 `yaml:"dissatisfied" json:"dissatisfied"`
	Alert        int32 `yaml:"alert_below" json:"-"` // not part of any sum
}

// Definition is everything that decides what panes and windows hold. Its Hash is kept with the epoch and every
// checkpoint, and rows of two definitions never mix: a change needs a new epoch.
type Definition struct {
	Windows        []Spec        `json:"windows"`
	Pane           time.Duration `json:"pane"`            // greatest common divisor of the slides, at least 5 minutes
	TimezoneOffset time.Duration `json:"timezone_offset"` // windows end at multiples of the slide in this fixed zone
	Bands          Bands         `json:"bands"`
	Dimensions     []string      `json:"dimensions"` // rolled dimensions, attributes included
	Quality        []string      `json:"quality"`    // names of the quality metrics, in the order of Sums.Quality
	// Scales say what one unit of a stored quality is, such as 10^-2 CNY, in the order of Quality.
	Scales     []string `json:"quality_scales,omitempty"`
	Partitions int      `json:"partitions"` // of the topic: a change moves customers between partitions
}

// DefaultWindows are 1h/5m, 6h/30m, 24h/1h, 7d/6h and 28d/1d.
func DefaultWindows() []Spec {
	const day = 24 * time.Hour
	return []Spec{
		{"1h", time.Hour, 5 * time.Minute}, {"6h", 6 * time.Hour, 30 * time.Minute}, {"24h", day, time.Hour},
		{"7d", 7 * day, 6 * time.Hour}, {"28d", 28 * day, day},
	}
}

// DefaultBands are satisfied ≥ 4, highly satisfied ≥ 4.5, dissatisfied ≤ 3, alert below 3.5.
func DefaultBands() Bands { return Bands{Satisfied: 400, Highly: 450, Dissatisfied: 300, Alert: 350} }

// minPane keeps the watermark in whole panes within the 24 bits that the version of a checkpoint has for it.
const minPane = 5 * time.Minute

// PaneOf returns the greatest common divisor of the slides.
func PaneOf(specs []Spec) time.Duration {
	var g time.Duration
	for _, s := range specs {
		for a := s.Slide; a != 0; {
			g, a = a, g%a
		}
	}
	return g
}

// Validate returns an error that names the key, the value and what would be right.
func (d *Definition) Validate() error {
	if len(d.Windows) == 0 || len(d.Windows) > 8 {
		return fmt.Errorf("windows: %d windows: want 1 to 8", len(d.Windows))
	}
	for i, s := range d.Windows {
		if err := d.validateSpec(i, s); err != nil {
			return err
		}
	}
	switch {
	case d.Pane != PaneOf(d.Windows) || d.Pane < minPane:
		return fmt.Errorf("windows: the greatest common divisor of the slides is %v: want at least %v", PaneOf(d.Windows), minPane)
	case d.TimezoneOffset%d.Pane != 0 || d.TimezoneOffset < -14*time.Hour || d.TimezoneOffset > 14*time.Hour:
		return fmt.Errorf("windows.timezone: offset %v: want a multiple of %v between -14h and +14h", d.TimezoneOffset, d.Pane)
	case d.Partitions < 1:
		return fmt.Errorf("partitions: %d: want at least 1", d.Partitions)
	}
	return d.Bands.Validate()
}

func (d *Definition) validateSpec(i int, s Spec) error {
	same := func(o Spec) bool { return o.Name == s.Name }
	switch {
	case s.Name == "" || slices.ContainsFunc(d.Windows[:i], same):
		return fmt.Errorf("windows[%d].name: %q: want a name of its own, such as 28d", i, s.Name)
	case s.Slide <= 0 || s.Length <= 0 || s.Length%s.Slide != 0:
		return fmt.Errorf("windows[%d]: length %v, slide %v: want a length that is a multiple of the slide", i, s.Length, s.Slide)
	case s.Length > 366*24*time.Hour:
		return fmt.Errorf("windows[%d].length: %v: want at most 366 days", i, s.Length)
	}
	return nil
}

// Validate returns an error when the thresholds are not in order or not on the scale.
func (b Bands) Validate() error {
	if b.Dissatisfied < 100 || b.Dissatisfied >= b.Satisfied || b.Satisfied > b.Highly || b.Highly > 500 {
		return fmt.Errorf("bands: dissatisfied %.2f, satisfied %.2f, highly_satisfied %.2f: want 1 ≤ dissatisfied < satisfied ≤ highly_satisfied ≤ 5",
			float64(b.Dissatisfied)/100, float64(b.Satisfied)/100, float64(b.Highly)/100)
	}
	if b.Alert < 100 || b.Alert > 500 {
		return fmt.Errorf("bands.alert_below: %.2f: want 1 to 5", float64(b.Alert)/100)
	}
	return nil
}

// JSON returns the canonical text that is stored with the epoch.
func (d *Definition) JSON() string {
	b, err := json.Marshal(d)
	if err != nil {
		panic(err) // plain data: cannot fail
	}
	return string(b)
}

// Hash returns 16 hex digits that differ whenever sums of two definitions could differ.
func (d *Definition) Hash() string {
	h := sha256.Sum256([]byte(d.JSON()))
	return hex.EncodeToString(h[:8])
}
