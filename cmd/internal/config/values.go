package config

import (
	"encoding"
	"fmt"
	"strconv"
	"strings"
	"time"

	"satisflow/pipeline/window"
)

// The texts of values with a form of their own.
var (
	_ encoding.TextUnmarshaler = (*Score)(nil)
	_ encoding.TextUnmarshaler = (*Offset)(nil)
	_ encoding.TextUnmarshaler = (*Rolling)(nil)
)

// Score is a number of points in hundredths; its text is a decimal such as 4.5.
type Score int32

// MarshalText writes the points without needless zeros.
func (s Score) MarshalText() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(s)/100, 'f', -1, 64), nil
}

// UnmarshalText reads a decimal from 0 to 99.99 with at most two decimals.
func (s *Score) UnmarshalText(text []byte) error {
	whole, fraction, _ := strings.Cut(string(text), ".")
	n, err := strconv.ParseUint(whole+(fraction + "00")[:2], 10, 16)
	if err != nil || len(whole) > 2 || len(fraction) > 2 {
		return fmt.Errorf("want a number of points with at most two decimals, such as 4.5")
	}
	*s = Score(n)
	return nil
}

// Offset is a fixed distance from UTC; its text is +08:00, or UTC.
type Offset time.Duration

// MarshalText writes ±hh:mm.
func (o Offset) MarshalText() ([]byte, error) {
	minutes := int(time.Duration(o) / time.Minute)
	sign := "+"
	if minutes < 0 {
		sign, minutes = "-", -minutes
	}
	return fmt.Appendf(nil, "%s%02d:%02d", sign, minutes/60, minutes%60), nil
}

// UnmarshalText reads ±hh:mm, UTC or Z.
func (o *Offset) UnmarshalText(text []byte) error {
	s := string(text)
	if s == "UTC" || s == "Z" {
		*o = 0
		return nil
	}
	parsed, err := time.Parse("-07:00", s)
	if err != nil {
		return fmt.Errorf("want a fixed offset such as +08:00, or UTC (named zones change theirs twice a year)")
	}
	_, seconds := parsed.Zone()
	*o = Offset(time.Duration(seconds) * time.Second)
	return nil
}

// Rolling is a rolling window; its text is LENGTH/SLIDE, such as 28d/1d, and the length as written is its name.
type Rolling window.Spec

// MarshalText writes LENGTH/SLIDE.
func (r Rolling) MarshalText() ([]byte, error) {
	return []byte(r.Name + "/" + formatDuration(r.Slide)), nil
}

// UnmarshalText reads LENGTH/SLIDE.
func (r *Rolling) UnmarshalText(text []byte) error {
	name, slide, found := strings.Cut(string(text), "/")
	length, lengthErr := parseDuration(name)
	every, slideErr := parseDuration(slide)
	if !found || lengthErr != nil || slideErr != nil {
		return fmt.Errorf("want LENGTH/SLIDE, such as 28d/1d or 1h/5m")
	}
	*r = Rolling{Name: name, Length: length, Slide: every}
	return nil
}

const day = 24 * time.Hour

// parseDuration reads Go's durations, and days in front: 35d, 1d12h, 250ms.
func parseDuration(text string) (time.Duration, error) {
	var days time.Duration
	rest := text
	if number, after, found := strings.Cut(text, "d"); found {
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil {
			return 0, errDuration
		}
		days, rest = time.Duration(n)*day, after
		if rest == "" {
			return days, nil
		}
	}
	d, err := time.ParseDuration(rest)
	if err != nil {
		return 0, errDuration
	}
	return days + d, nil
}

var errDuration = fmt.Errorf("want a duration with its unit, such as 250ms, 90s, 5m, 1h30m or 35d")

// formatDuration is the inverse of parseDuration, without needless zeros: 35d, 1h, 1m30s.
func formatDuration(d time.Duration) string {
	if d >= day && d%time.Second == 0 {
		days, rest := d/day, d%day
		if rest == 0 {
			return fmt.Sprintf("%dd", days)
		}
		return fmt.Sprintf("%dd%s", days, formatDuration(rest))
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
