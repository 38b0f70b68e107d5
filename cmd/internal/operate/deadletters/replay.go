package deadletters

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/source"
	"satisflow/sinks/clickhouse"
)

// Producer writes to the topic of the ratings; source.Producer does.
type Producer interface {
	Produce(ctx context.Context, messages ...source.Message) error
}

// Parts are what a Replayer works with.
type Parts struct {
	Letters   *clickhouse.DeadLetters
	Ratings   *clickhouse.Erasures // which says what is stored already
	Epoch     clickhouse.Epoch
	Producer  Producer
	Events    event.Config
	Admission admit.Config // with the customer key
	Now       func() time.Time
	By        string // who replays
}

// Options say how letters are produced again.
type Options struct {
	Set     []Assignment
	Edit    func(at clickhouse.Position, record []byte) ([]byte, error) // changes a record; nil leaves it
	History bool                                                        // mark the records as history: older than the horizon is right then
	Force   bool                                                        // send also what would be rejected again, or is stored already
	DryRun  bool                                                        // send nothing
}

// Verdict says what becomes of a letter.
type Verdict string

const (
	// Admitted is a record that would count now.
	Admitted Verdict = "admitted"
	// Rejected is a record that would be rejected again.
	Rejected Verdict = "rejected"
	// Stored is a record whose rating is stored already in its revision or a higher one, or was erased.
	Stored Verdict = "stored"
	// Unmended is a record that could not be changed as asked; it is never sent.
	Unmended Verdict = "unmended"
)

// Outcome is what became of one letter.
type Outcome struct {
	clickhouse.Position
	Verdict Verdict
	Reason  string // of another rejection
	Detail  string
	Sent    bool
}

// Replayer produces dead letters again. It is not safe for concurrent use.
type Replayer struct {
	parts   Parts
	admit   *admit.Admitter
	decoder *event.Decoder
}

// NewReplayer returns a Replayer. The error says that the customer key does not fit the treatment of customer ids.
func NewReplayer(parts Parts) (*Replayer, error) {
	admitter, err := admit.NewAdmitter(parts.Events, parts.Admission)
	if err != nil {
		return nil, err
	}
	return &Replayer{parts, admitter, event.NewDecoder(parts.Events)}, nil
}

// lettersAtOnce bounds the records that are in memory.
const lettersAtOnce = 500

// Replay goes through the letters that the filter means, in the order of the log, and calls yield with what became of each. Those
// that were sent are marked. It stops at the first error; what was sent till then is marked, and a second call goes on.
func (r *Replayer) Replay(ctx context.Context, filter clickhouse.DeadLetterFilter, o Options, yield func(Outcome)) error {
	heads, err := r.parts.Letters.List(ctx, filter)
	if err != nil {
		return err
	}
	slices.SortFunc(heads, func(a, b clickhouse.DeadLetter) int { // in the order of the log
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	for part := range slices.Chunk(heads, lettersAtOnce) {
		if err := r.replay(ctx, part, o, yield); err != nil {
			return err
		}
	}
	return nil
}

// candidate is a letter on its way.
type candidate struct {
	Outcome
	message source.Message
	ev      event.Event
}

func (r *Replayer) replay(ctx context.Context, heads []clickhouse.DeadLetter, o Options, yield func(Outcome)) error {
	positions := make([]clickhouse.Position, len(heads))
	for i := range heads {
		positions[i] = heads[i].Position
	}
	letters, err := r.parts.Letters.Whole(ctx, clickhouse.DeadLetterFilter{Positions: positions})
	if err != nil {
		return err
	}
	whole := make(map[clickhouse.Position]*clickhouse.DeadLetter, len(letters))
	for i := range letters {
		whole[letters[i].Position] = &letters[i]
	}
	var all []candidate
	for _, at := range positions {
		if l := whole[at]; l != nil { // not deleted meanwhile
			all = append(all, r.prepare(l, o))
		}
	}
	if err := r.compare(ctx, all); err != nil {
		return err
	}
	err = r.send(ctx, all, o)
	for i := range all {
		yield(all[i].Outcome)
	}
	return err
}

// prepare mends the record and asks whether it would count now.
func (r *Replayer) prepare(l *clickhouse.DeadLetter, o Options) candidate {
	value, err := apply(o.Set, l.Position, l.Value)
	if err == nil && o.Edit != nil {
		value, err = o.Edit(l.Position, value)
	}
	if err != nil {
		return candidate{Outcome: Outcome{Position: l.Position, Verdict: Unmended, Detail: err.Error()}}
	}
	c := candidate{Outcome: Outcome{Position: l.Position, Verdict: Admitted}, message: source.Message{Value: value, Headers: headers(l, o.History), Time: r.parts.Now()}}
	c.message.Key = r.key(l, &c.message)
	now := r.parts.Now().UnixMilli()
	rec := admit.Record{Timestamp: event.RecordTime(now), Read: event.ProcessorTime(now), Key: c.message.Key, Value: value, Headers: forAdmission(c.message.Headers)}
	if rejection := r.admit.Admit(&rec, &c.ev); rejection != nil {
		c.Verdict, c.Reason, c.Detail = Rejected, rejection.Reason, rejection.Detail
	}
	return c
}

// headers are the letter's own, with its first timestamp.
func headers(l *clickhouse.DeadLetter, history bool) []source.Header {
	var out []source.Header
	kept := false
	for _, h := range l.Headers {
		if h.Key == admit.HeaderHistory && history {
			continue
		}
		kept = kept || h.Key == admit.HeaderTimestamp
		out = append(out, source.Header{Key: h.Key, Value: h.Value})
	}
	if !kept {
		out = append(out, source.Header{Key: admit.HeaderTimestamp, Value: strconv.AppendInt(nil, l.First().UnixMilli(), 10)})
	}
	if history {
		out = append(out, source.Header{Key: admit.HeaderHistory, Value: []byte("1")})
	}
	return out
}

func forAdmission(in []source.Header) []admit.Header {
	out := make([]admit.Header, len(in))
	for i, h := range in {
		out[i] = admit.Header{Key: h.Key, Value: h.Value}
	}
	return out
}

// key leads to the letter's partition; the key of a letter that had none, or whose customer was mended, is the customer.
func (r *Replayer) key(l *clickhouse.DeadLetter, m *source.Message) []byte {
	before, after := r.customer(l.Value, m.Headers), r.customer(m.Value, m.Headers)
	partitions := r.parts.Epoch.Definition.Partitions
	switch {
	case after != "" && (len(l.Key) == 0 || !bytes.Equal(l.Value, m.Value) && before != after):
		return []byte(after)
	case len(l.Key) == 0:
		return []byte("no key") // the producer needs one
	case int(l.Partition) >= partitions:
		return l.Key
	}
	return source.KeyFor(l.Key, l.Partition, partitions)
}

// customer returns the customer id as the record has it, empty where it has none that is right.
func (r *Replayer) customer(value []byte, headers []source.Header) string {
	var ev event.Event
	for _, wrong := range r.decoder.DecodeAll(value, forAdmission(headers), &ev) {
		if wrong.Reason == event.BadJSON || wrong.Field == "customer_id" {
			return ""
		}
	}
	return ev.CustomerID
}

// compare finds those whose rating is stored already.
func (r *Replayer) compare(ctx context.Context, all []candidate) error {
	var ids []string
	for i := range all {
		if all[i].Verdict == Admitted {
			ids = append(ids, all[i].ev.RatingID)
		}
	}
	stored, err := r.parts.Ratings.Ratings(ctx, r.parts.Epoch.Number, clickhouse.Subjects{Ratings: ids})
	if err != nil {
		return err
	}
	last := map[string]clickhouse.StoredRating{}
	for _, s := range stored {
		last[s.RatingID] = s
	}
	for i := range all {
		c := &all[i]
		s, found := last[c.ev.RatingID]
		if c.Verdict != Admitted || !found {
			continue
		}
		switch {
		case s.Erased:
			c.Verdict, c.Detail = Stored, "the rating was erased"
		case c.ev.Op == event.Put && s.Revision >= c.ev.Revision:
			c.Verdict, c.Detail = Stored, fmt.Sprintf("the rating is stored in revision %d", s.Revision)
		}
	}
	return nil
}

// wanted says whether the record is to be sent.
func (c *candidate) wanted(o Options) bool {
	return c.Verdict == Admitted || o.Force && c.Verdict != Unmended
}

// send produces what is to be sent and marks it.
func (r *Replayer) send(ctx context.Context, all []candidate, o Options) error {
	var messages []source.Message
	var positions []clickhouse.Position
	for i := range all {
		if c := &all[i]; c.wanted(o) {
			messages, positions = append(messages, c.message), append(positions, c.Position)
		}
	}
	if o.DryRun || len(messages) == 0 {
		return nil
	}
	if err := r.parts.Producer.Produce(ctx, messages...); err != nil {
		return fmt.Errorf("produce %d records again: %w", len(messages), err)
	}
	for i := range all {
		all[i].Sent = all[i].wanted(o)
	}
	return r.parts.Letters.MarkReplayed(ctx, positions, r.parts.Now(), r.parts.By)
}
