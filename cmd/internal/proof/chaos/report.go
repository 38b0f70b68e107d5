package chaos

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Report is what a run did and found.
type Report struct {
	Seed      uint64           `json:"seed"`
	Started   time.Time        `json:"started"`
	Took      time.Duration    `json:"took_ns"`
	Machine   string           `json:"machine"`
	Broker    string           `json:"broker"`
	Faults    []Hit            `json:"faults"`
	Restarted []string         `json:"restarted"` // processors that ended by themselves while faults were on
	Sent      map[string]int64 `json:"sent"`      // records that Kafka acknowledged, by kind
	Stored    *Stored          `json:"stored"`
	Letters   *Letters         `json:"dead_letters"`
	Retention *Retention       `json:"retention,omitempty"`
	Recovery  *Recovery        `json:"recovery,omitempty"`
	Failures  []string         `json:"failures"`      // what makes the run fail
	Dir       string           `json:"dir,omitempty"` // the folder of the run, when it was kept
}

// Hit is how often a fault was made, and at which step of a processor.
type Hit struct {
	Kind  Kind `json:"kind"`
	Step  Step `json:"step"`
	Count int  `json:"count"`
}

func (r *Report) hit(kind Kind, step Step, n int) { r.Faults = append(r.Faults, Hit{kind, step, n}) }

// OK says whether nothing differs and everything that must have been hit was.
func (r *Report) OK() bool { return len(r.Failures) == 0 }

// judge returns why the run fails. It refuses to be satisfied by having compared nothing.
func (r *Report) judge(cfg *Config) (why []string) {
	fails := func(is bool, format string, args ...any) {
		if is {
			why = append(why, fmt.Sprintf(format, args...))
		}
	}
	hits := tally{}
	for _, h := range r.Faults {
		hits[Fault{h.Kind, h.Step}] += h.Count
	}
	for _, f := range hits.missing(cfg.Faults) {
		fails(true, "never hit: %s", strings.TrimSuffix(fmt.Sprintf("%s, %s", f.Kind, f.Aim), ", "))
	}
	if r.Stored == nil || r.Letters == nil {
		return append(why, "nothing was compared")
	}
	why = append(why, r.Stored.judge("")...)
	sent := int64(0)
	for _, n := range r.Sent {
		sent += n
	}
	fails(sent == 0 || r.Stored.Offsets < sent, "%d records were acknowledged by Kafka, the topic has %d", sent, r.Stored.Offsets)
	fails(r.Stored.Rejected != r.Letters.Expected, "the oracle rejects %d records, the load wrote %d such", r.Stored.Rejected, r.Letters.Expected)
	fails(r.Letters.Expected == 0, "no dead letter was compared")
	fails(r.Letters.Differences > 0, "%d dead letters differ: %s", r.Letters.Differences, strings.Join(r.Letters.Examples, "; "))
	if t := r.Retention; t != nil {
		why = append(why, t.Stored.judge("where retention was ahead: ")...)
		fails(t.Removed == 0 || t.Logged != t.Removed || t.Metric != t.Removed,
			"retention removed %d records that were not read; the log says %d, the metric %d", t.Removed, t.Logged, t.Metric)
	}
	if t := r.Recovery; t != nil {
		fails(slices.Min(t.Group) > groupPromise, "back at work in the group after %s: promised are %s", briefs(t.Group), groupPromise)
		fails(slices.Min(t.Static) > staticPromise, "back at work with static assignment after %s: promised are %s", briefs(t.Static), staticPromise)
	}
	return why
}

func (s *Stored) judge(where string) (why []string) {
	if s.Facts == 0 || s.Panes == 0 || s.Windows == 0 || s.VerifiedPanes == 0 || s.VerifiedWindows == 0 {
		why = append(why, fmt.Sprintf("%sthe comparison is empty: %d facts, %d panes, %d windows", where, s.Facts, s.Panes, s.Windows))
	}
	if s.Differences > 0 {
		why = append(why, fmt.Sprintf("%s%d rows differ from the oracle:\n    %s", where, s.Differences, strings.Join(s.Examples, "\n    ")))
	}
	if s.Unverified > 0 {
		why = append(why, fmt.Sprintf("%sverify disagrees at %d rows", where, s.Unverified))
	}
	return why
}

// String is the summary, for people.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, %s, %s, %s\n\nfaults\n", r.Seed, r.Took.Round(time.Second), r.Broker, r.Machine)
	slices.SortFunc(r.Faults, func(x, y Hit) int { return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Step, y.Step)) })
	total := 0
	for _, h := range r.Faults {
		fmt.Fprintf(&b, "  %4d  %s: %s\n", h.Count, h.Kind, h.Step)
		total += h.Count
	}
	fmt.Fprintf(&b, "  %4d  in all\n\n", total)
	fmt.Fprintf(&b, "  %4d  processors ended by themselves, restarted\n", len(r.Restarted))
	for _, why := range r.Restarted {
		fmt.Fprintf(&b, "        %s\n", why)
	}
	b.WriteString("\nrecords sent\n")
	for _, kind := range slices.Sorted(maps.Keys(r.Sent)) {
		fmt.Fprintf(&b, "  %8d  %s\n", r.Sent[kind], kind)
	}
	if r.Stored != nil {
		fmt.Fprintf(&b, "\ncompared\n%s", r.Stored)
	}
	if r.Letters != nil {
		fmt.Fprintf(&b, "  %8d  dead letters, in the table and in the topic (%d repeated there): %d differences\n", r.Letters.Expected, r.Letters.Repeated, r.Letters.Differences)
	}
	if t := r.Retention; t != nil {
		fmt.Fprintf(&b, "\nretention ahead\n  %8d  records removed unread: the log says %d, the metric %d\n%s", t.Removed, t.Logged, t.Metric, &t.Stored)
	}
	if t := r.Recovery; t != nil {
		fmt.Fprintf(&b, "\nback at work after kill -9, with %d ratings stored\n  %s in the group, %s with static assignment\n", t.Stored, briefs(t.Group), briefs(t.Static))
	}
	b.WriteString("\n")
	for _, f := range r.Failures {
		fmt.Fprintf(&b, "FAILED: %s\n", f)
	}
	if r.OK() {
		b.WriteString("everything is exact\n")
	}
	return b.String()
}

// String is the comparison in lines.
func (s *Stored) String() string {
	return fmt.Sprintf("  %8d  records in the log: %d admitted, %d rejected\n  %8d  facts, %d panes and %d windows against the oracle: %d differences\n"+
		"  %8d  panes and %d windows against SQL over the facts: %d differences\n",
		s.Offsets, s.Admitted, s.Rejected, s.Facts, s.Panes, s.Windows, s.Differences, s.VerifiedPanes, s.VerifiedWindows, s.Unverified)
}
