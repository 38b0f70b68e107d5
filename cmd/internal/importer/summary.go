package importer

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Summary says what became of a file.
type Summary struct {
	File       string           `json:"file"`
	Format     string           `json:"format"`
	DryRun     bool             `json:"dry_run"`
	Read       int64            `json:"rows_read"`
	Sent       int64            `json:"sent"`       // and acknowledged by Kafka; in a dry run, that would be
	Rejected   int64            `json:"rejected"`   // rows that are not imported
	Reasons    map[string]int64 `json:"reasons"`    // of the rejected rows
	Duplicates int64            `json:"duplicates"` // rows that say what an earlier one said of the same rating_id; not sent
	Repeated   int64            `json:"repeated"`   // rows that say what an earlier one said, and count as ratings of their own
	First      *time.Time       `json:"first,omitempty"`
	Last       *time.Time       `json:"last,omitempty"` // the span of the ratings sent
	Spread     string           `json:"spread,omitempty"`
	Unused     []string         `json:"unused_columns"`
	LastLine   int              `json:"last_line"` // of the last row that was dealt with
	Seconds    float64          `json:"seconds"`
	Rate       float64          `json:"rows_per_second"`
	Report     string           `json:"report,omitempty"` // file with the rejected rows
	Complete   bool             `json:"complete"`         // whether the file was read to its end, or to the limit
}

// add counts a batch that was delivered.
func (s *Summary) add(b *batch) {
	s.Read += b.read
	s.Sent += int64(len(b.messages))
	s.Duplicates += b.duplicates
	s.Repeated += b.repeated
	for _, r := range b.rejected {
		s.Rejected++
		s.Reasons[r.Reason]++
	}
	if b.lastLine > 0 {
		s.LastLine = b.lastLine
	}
	if len(b.messages) > 0 {
		s.stretch(b.first)
		s.stretch(b.last)
	}
}

func (s *Summary) stretch(ms int64) {
	t := time.UnixMilli(ms).UTC()
	if s.First == nil || t.Before(*s.First) {
		s.First = &t
	}
	if s.Last == nil || t.After(*s.Last) {
		s.Last = &t
	}
}

func (s *Summary) finish(took time.Duration) {
	s.Seconds = took.Seconds()
	if s.Seconds > 0 {
		s.Rate = float64(s.Read) / s.Seconds
	}
}

// Write writes the summary for a person.
func (s *Summary) Write(w io.Writer) {
	done, sent := "imported", "sent"
	switch {
	case s.DryRun:
		done, sent = "checked", "would be sent"
	case !s.Complete:
		done = "stopped importing"
	}
	fmt.Fprintf(w, "%s %s: %d rows read, %d %s, %d rejected, %d duplicates; %.1f s, %.0f rows/s\n",
		done, s.File, s.Read, s.Sent, sent, s.Rejected, s.Duplicates, s.Seconds, s.Rate)
	if s.First != nil {
		fmt.Fprintf(w, "ratings from %s to %s\n", s.First.Format(time.RFC3339), s.Last.Format(time.RFC3339))
	}
	if s.Repeated > 0 {
		fmt.Fprintf(w, "%d rows say what an earlier row says; each counts, as the rows have no ids (--map rating_id=… gives them one)\n", s.Repeated)
	}
	for _, reason := range slices.Sorted(maps.Keys(s.Reasons)) {
		fmt.Fprintf(w, "  %8d rejected: %s\n", s.Reasons[reason], reason)
	}
	if s.Report != "" {
		fmt.Fprintf(w, "the rejected rows and why: %s\n", s.Report)
	}
	if len(s.Unused) > 0 {
		fmt.Fprintf(w, "columns not used: %s\n", strings.Join(s.Unused, ", "))
	}
	if s.Spread != "" {
		fmt.Fprintf(w, "times were spread over %[1]s; another import of these ratings needs the same: --spread %[1]s\n", s.Spread)
	}
	if !s.Complete {
		fmt.Fprintf(w, "the rows up to line %d are dealt with; running it again is harmless, no rating counts twice\n", s.LastLine)
	}
}
