package load

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"satisflow/pipeline/eventgen"
)

// Summary says what was sent.
type Summary struct {
	Sent       int64            `json:"sent"`
	Good       int64            `json:"good"`        // that must be admitted: all but the bad ones
	Bad        int64            `json:"bad"`         // that must be rejected
	BadReasons map[string]int64 `json:"bad_reasons"` // … and for which reason, by the default admission
	Fresh      int64            `json:"fresh"`
	Late       int64            `json:"late"`
	Duplicates int64            `json:"duplicates"`
	Correction int64            `json:"corrections"`
	Erasures   int64            `json:"erasures"`
	Ratings    int64            `json:"ratings"` // distinct ones among the good, erased ones included
	Unexpected int64            `json:"unexpected"`
	Asked      float64          `json:"asked_per_second"` // 0 is as fast as possible
	Rate       float64          `json:"sent_per_second"`
	Seconds    float64          `json:"seconds"`
	Behind     bool             `json:"behind"`   // whether it could not keep up with the rate
	Complete   bool             `json:"complete"` // false when it was interrupted or the target was lost

	late time.Duration // of what was sent last
}

func newSummary(cfg Config) Summary {
	return Summary{BadReasons: map[string]int64{}, Asked: cfg.Rate}
}

func (s *Summary) add(items []eventgen.Item, wrong int, late time.Duration) {
	for i := range items {
		it := &items[i]
		s.Sent++
		switch it.Kind {
		case eventgen.Fresh:
			s.Fresh++
		case eventgen.Late:
			s.Late++
		case eventgen.Duplicate:
			s.Duplicates++
		case eventgen.Correction:
			s.Correction++
		case eventgen.Erasure:
			s.Erasures++
		case eventgen.Bad:
			s.Bad++
			s.BadReasons[it.WantReason]++
		}
	}
	s.Good = s.Sent - s.Bad
	s.Ratings = s.Fresh + s.Late
	s.Unexpected += int64(wrong)
	s.late = late
}

// behind is by how much the last record may be late without a word.
const behind = time.Second

func (s *Summary) finish(took time.Duration, complete bool) {
	s.Seconds, s.Complete = took.Seconds(), complete
	s.Behind = s.Asked > 0 && s.late > behind
	if s.Seconds > 0 {
		s.Rate = float64(s.Sent) / s.Seconds
	}
}

// Write writes the summary for a person.
func (s *Summary) Write(w io.Writer) {
	fmt.Fprintf(w, "sent %d records in %.1f s, %.0f a second\n", s.Sent, s.Seconds, s.Rate)
	fmt.Fprintf(w, "  %8d good: %d ratings in time, %d late, %d duplicates, %d corrections, %d erasures\n",
		s.Good, s.Fresh, s.Late, s.Duplicates, s.Correction, s.Erasures)
	fmt.Fprintf(w, "  %8d bad, to be rejected:\n", s.Bad)
	for _, reason := range slices.Sorted(maps.Keys(s.BadReasons)) {
		fmt.Fprintf(w, "  %8d   %s\n", s.BadReasons[reason], reason)
	}
	if s.Unexpected > 0 {
		fmt.Fprintf(w, "  %8d were not dealt with as they should: good ones refused, or bad ones taken\n", s.Unexpected)
	}
	if s.Behind {
		fmt.Fprintf(w, "could not keep up: asked for %.0f a second, sent %.0f; the last record was %s late\n", s.Asked, s.Rate, s.late.Round(100*time.Millisecond))
	}
}
