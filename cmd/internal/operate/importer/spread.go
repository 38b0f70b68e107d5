package importer

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Span is [From, To), that times are spread over.
type Span struct{ From, To time.Time }

// String returns the span as ParseSpan reads it, whenever that is.
func (s Span) String() string {
	return s.From.Format(time.RFC3339) + ".." + s.To.Format(time.RFC3339)
}

// ParseSpan reads FROM..TO as seen at the time now. Each is an RFC 3339 time, a date (its beginning, UTC), now (to the second), or
// relative: -27d is the beginning of the day 27 days ago in UTC, 0d that of today, -6h the beginning of the hour 6 hours ago. So a
// span in days is the same all day long.
func ParseSpan(s string, now time.Time) (Span, error) {
	from, to, found := strings.Cut(s, "..")
	if !found {
		return Span{}, fmt.Errorf("spread: %q: want FROM..TO, such as -27d..0d or 2026-02-01..2026-03-01", s)
	}
	var span Span
	var err error
	if span.From, err = parseEdge(from, now.UTC()); err != nil {
		return Span{}, err
	}
	if span.To, err = parseEdge(to, now.UTC()); err != nil {
		return Span{}, err
	}
	if !span.From.Before(span.To) {
		return Span{}, fmt.Errorf("spread: %s is empty: want FROM before TO", span)
	}
	return span, nil
}

var relative = regexp.MustCompile(`^([+-]?\d{1,5})([dh])$`)

func parseEdge(s string, now time.Time) (time.Time, error) {
	s = strings.TrimSpace(s)
	if m := relative.FindStringSubmatch(s); m != nil {
		n, _ := strconv.Atoi(m[1])
		if m[2] == "d" {
			return now.Truncate(24*time.Hour).AddDate(0, 0, n), nil
		}
		return now.Truncate(time.Hour).Add(time.Duration(n) * time.Hour), nil
	}
	if s == "now" {
		return now.Truncate(time.Second), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("spread: %q: want a date, an RFC 3339 time, now, or days or hours from now such as -27d or 0d", s)
}

// at returns the time of a rating without one, in Unix milliseconds: a hash of its rating_id, evenly over the span.
func (s Span) at(ratingID string) int64 {
	sum := sha256.Sum256([]byte(ratingID))
	length := uint64(s.To.Sub(s.From) / time.Millisecond)
	offset, _ := bits.Mul64(binary.BigEndian.Uint64(sum[:8]), length)
	return s.From.UnixMilli() + int64(offset)
}
