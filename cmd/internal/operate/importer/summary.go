package importer

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Summary says what became of a file.
type Summary struct {
	File       string            `json:"file"`
	Format     string            `json:"format"`
	DryRun     bool              `json:"dry_run"`
	Read       int64             `json:"rows_read"`
	Sent       int64             `json:"sent"`       // and acknowledged by Kafka; in a dry run, that would be
	Rejected   int64             `json:"rejected"`   // rows that are not imported
	Reasons    map[string]int64  `json:"reasons"`    // of the rejected rows
	Rejections []Rejection       `json:"rejections"` // the first of them
	Ignored    int64             `json:"ignored"`    // rows that --ignore leaves out
	Duplicates int64             `json:"duplicates"` // rows that say what an earlier one said of the same rating_id; not sent
	Repeated   int64             `json:"repeated"`   // rows that say what an earlier one said, and count as ratings of their own
	Warnings   []Warning         `json:"warnings"`
	First      *time.Time        `json:"first,omitempty"`
	Last       *time.Time        `json:"last,omitempty"` // the span of the ratings sent
	Spread     string            `json:"spread,omitempty"`
	Unused     []string          `json:"unused_columns"`
	LastLine   int               `json:"last_line"` // of the last row that was dealt with
	Seconds    float64           `json:"seconds"`
	Rate       float64           `json:"rows_per_second"`
	Report     string            `json:"report,omitempty"`  // file with the rejected rows
	Complete   bool              `json:"complete"`          // whether the file was read to its end, or to the limit, and ends where it should
	Found      Found             `json:"found"`             // how the file was read
	Preview    []json.RawMessage `json:"preview,omitempty"` // of a dry run: the first ratings as they will be stored

	learnt learnt
}

// Rejection is a rejected row without what stands in it.
type Rejection struct {
	Line   int    `json:"line"`
	Number int64  `json:"row_number"`
	Reason string `json:"reason"`
	Want   string `json:"want"`
}

// add counts a batch that was delivered.
func (s *Summary) add(b *batch) {
	const shown = 5
	s.Read += b.read
	s.Sent += int64(len(b.messages))
	s.Duplicates += b.duplicates
	s.Repeated += b.repeated
	s.Ignored += b.ignored
	s.Preview = append(s.Preview, b.preview...)
	s.learnt = b.learnt
	for _, r := range b.rejected {
		s.Rejected++
		s.Reasons[r.Reason]++
		if len(s.Rejections) < shown {
			s.Rejections = append(s.Rejections, r.withoutRow())
		}
	}
	for _, n := range b.notes {
		s.warn(n)
	}
	if b.lastLine > 0 {
		s.LastLine = b.lastLine
	}
	if len(b.messages) > 0 {
		s.stretch(b.first)
		s.stretch(b.last)
	}
}

// withoutRow says what is wrong without what a customer may have written.
func (r *Rejected) withoutRow() Rejection {
	out := Rejection{Line: r.Line, Number: r.Number, Reason: r.Reason}
	if len(r.Problems) > 0 {
		p := r.Problems[0]
		if out.Want = "want " + p.Want; p.Found != "" {
			out.Want = p.Found + ": " + out.Want
		}
	}
	return out
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

// finish adds what is known when the file was read.
func (s *Summary) finish(took time.Duration) {
	s.Seconds = took.Seconds()
	if s.Seconds > 0 {
		s.Rate = float64(s.Read) / s.Seconds
	}
	l := s.learnt
	s.Unused, s.Found = append(s.Unused, l.unused...), l.found
	if len(l.absent) > 0 && s.Read > 0 {
		s.Warnings = append(s.Warnings, Warning{Name: noteColumns, Text: fmt.Sprintf("no row has the columns %s, which are mapped", strings.Join(l.absent, ", "))})
	}
	if other := l.scores.other(); other != "" {
		s.Warnings = append(s.Warnings, Warning{Name: noteScale, Rows: l.scores.above,
			Text: fmt.Sprintf("scores of more than 5: if they are of another scale, import the file again with --scale %s", other)})
	}
}

// Wanting says whether something is to be seen to: rows that are rejected, or a file that was not read to its end.
func (s *Summary) Wanting() bool { return s.Rejected > 0 || !s.Complete }

// Write writes the summary for a person.
func (s *Summary) Write(w io.Writer) {
	done, sent := "imported", "sent"
	switch {
	case s.DryRun:
		done, sent = "checked", "would be sent"
		s.Found.write(w)
		for _, p := range s.Preview {
			fmt.Fprintf(w, "  %s\n", p)
		}
	case !s.Complete:
		done = "stopped importing"
	}
	fmt.Fprintf(w, "%s %s: %d rows read, %d %s, %d rejected, %d duplicates; %.1f s, %.0f rows/s\n",
		done, s.File, s.Read, s.Sent, sent, s.Rejected, s.Duplicates, s.Seconds, s.Rate)
	if s.First != nil {
		fmt.Fprintf(w, "ratings from %s to %s\n", s.First.Format(time.RFC3339), s.Last.Format(time.RFC3339))
	}
	if s.Ignored > 0 {
		fmt.Fprintf(w, "%d rows ignored (--ignore, or the preset)\n", s.Ignored)
	}
	if s.Repeated > 0 {
		fmt.Fprintf(w, "%d rows are the same as an earlier row; each counts, as the rows have no ids (--map rating_id=… gives them one)\n", s.Repeated)
	}
	for i := range s.Warnings {
		s.Warnings[i].write(w)
	}
	s.writeRejected(w)
	if len(s.Unused) > 0 {
		fmt.Fprintf(w, "columns not used: %s\n", strings.Join(s.Unused, ", "))
	}
	if s.Spread != "" {
		fmt.Fprintf(w, "times were spread over %[1]s; another import of these ratings needs the same: --spread %[1]s\n", s.Spread)
	}
	if !s.Complete {
		fmt.Fprintf(w, "the file was not read to a proper end: the rows up to line %d are dealt with; running it again is harmless, no rating counts twice\n", s.LastLine)
	}
}

func (s *Summary) writeRejected(w io.Writer) {
	for _, reason := range slices.Sorted(maps.Keys(s.Reasons)) {
		fmt.Fprintf(w, "  %8d rejected: %s\n", s.Reasons[reason], reason)
	}
	for _, r := range s.Rejections {
		fmt.Fprintf(w, "  row %d on line %d: %s: %s\n", r.Number, r.Line, r.Reason, r.Want)
	}
	if s.Report != "" {
		fmt.Fprintf(w, "the rejected rows and why: %s\n", s.Report)
	}
}
