package event

import (
	"bytes"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Header is a header of a Kafka record.
type Header struct {
	Key   string
	Value []byte
}

// Decoder reads events from records. It is not safe for concurrent use. Drafts is set before the first use.
//
// A field that is null counts as missing, and so does the empty string in an optional one. A field that is given twice is
// wrong. On an erasure the identity must be right; revision and service are taken over if they are right; the rest
// is ignored, right or wrong, as an erasure must not fail for what it is about to remove.
type Decoder struct {
	// Drafts accepts a put without rating_id, and one that has neither rating_id nor occurred_at: the caller fills them in.
	Drafts bool

	scanner
	metrics    []bounds
	attributes []string // sorted
	lenient    bool     // unknown fields, attributes and quality metrics are ignored
	errs       []*FieldError
	faulty     uint32 // bits of the fields that an error is about
	seen       uint32 // bits of the fields that were named
	given      uint32 // … and not null
	mode       mode
	envelope   envelope

	// Chunks that the slices of events are cut from, so that few are allocated; what was handed out is not written again.
	pairs   []Pair
	answers []Answer
}

// bounds are the least and greatest value of a metric in its unit.
type bounds struct {
	Metric
	least, greatest int64
	want            string
}

// NewDecoder returns a Decoder for a configuration that is valid.
func NewDecoder(cfg Config) *Decoder {
	d := &Decoder{attributes: slices.Sorted(slices.Values(cfg.Attributes)), lenient: cfg.UnknownFields == IgnoreUnknown}
	for _, m := range cfg.Metrics() {
		least, greatest, _ := m.bounds()
		d.metrics = append(d.metrics, bounds{m, least, greatest, m.want()})
	}
	return d
}

// Decode reads the event of a record into ev. Strings of the event point into value, which must not change while the event
// is in use. The headers tell CloudEvents in binary mode. The error is a *FieldError, the first in the order of the record.
func (d *Decoder) Decode(value []byte, headers []Header, ev *Event) error {
	d.decode(value, headers, ev)
	if len(d.errs) > 0 {
		return d.errs[0]
	}
	return nil
}

// DecodeAll is Decode with all errors of the record instead of the first; none means that the event is right.
func (d *Decoder) DecodeAll(value []byte, headers []Header, ev *Event) []*FieldError {
	d.decode(value, headers, ev)
	return slices.Clone(d.errs)
}

func (d *Decoder) decode(value []byte, headers []Header, ev *Event) {
	clear(d.errs)
	d.errs, d.faulty = d.errs[:0], 0
	d.envelope = envelope{}
	*ev = Event{Quality: NoQuality()} // nothing of the record before is left, even where reading ends at the envelope
	d.start(value)
	d.mode = modeOf(headers)
	switch {
	case !d.checkText() || d.mode == binaryMode && !d.readHeaders(headers):
	case d.mode == structuredMode:
		d.readStructured(ev)
	default:
		d.readEvent(ev)
	}
	if d.bad != nil {
		d.errs = append(d.errs[:0], d.bad)
	}
}

// start prepares for a record, or for the data that an envelope holds in base64.
func (d *Decoder) start(value []byte) {
	const pairs, answers = 256, 256
	d.scanner.start(value)
	if cap(d.pairs)-len(d.pairs) < MaxAttributes {
		d.pairs = make([]Pair, 0, pairs)
	}
	if cap(d.answers)-len(d.answers) < MaxAttributes {
		d.answers = make([]Answer, 0, answers)
	}
}

// readEvent reads the record as one event, or as a structured CloudEvent if it turns out to be one.
func (d *Decoder) readEvent(ev *Event) {
	switch {
	case d.object(ev) && d.end():
		d.finish(ev)
	case d.bad == nil:
		d.errs, d.faulty = d.errs[:0], 0
		d.scanner.start(d.buf)
		d.readStructured(ev)
	}
}

// checkText checks what holds for the text as a whole.
func (d *Decoder) checkText() bool {
	const want = "one JSON object in a record"
	switch c := d.peek(); {
	case c == '{':
		return utf8.Valid(d.buf) || d.failUTF8()
	case c == 0 && d.pos == len(d.buf):
		return d.fail(0, "the record is empty", want)
	case bytes.HasPrefix(d.buf, []byte("\xef\xbb\xbf")):
		return d.fail(0, "a byte order mark", "UTF-8 without a byte order mark")
	case !utf8.Valid(d.buf):
		return d.failUTF8()
	}
	return d.failHere(want)
}

func (d *Decoder) failUTF8() bool {
	at := 0
	for at < len(d.buf) {
		r, n := utf8.DecodeRune(d.buf[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	return d.fail(at, fmt.Sprintf("byte 0x%02x is not UTF-8", d.buf[at]), "UTF-8; GBK and other encodings must be converted")
}

// end checks that nothing follows.
func (d *Decoder) end() bool {
	if d.peek(); d.pos < len(d.buf) {
		return d.failHere("the end of the record after the object")
	}
	return true
}

// object reads the event's object. It returns false when the text is not JSON or turns out to be an envelope.
func (d *Decoder) object(ev *Event) bool {
	*ev = Event{Quality: NoQuality()}
	d.seen, d.given = 0, 0
	return d.members(func(key string) bool {
		i := lookup(key)
		if i < 0 {
			return d.unknown(key)
		}
		f, bit := &fields[i], uint32(1)<<i
		twice := d.seen&bit != 0
		d.seen |= bit
		switch {
		case twice:
			d.report(f, "", "given twice", "the field once")
			return d.skip()
		case d.peek() == 'n':
			return d.literal("null")
		}
		d.given |= bit
		if f.text != nil {
			return d.readText(f, ev)
		}
		return f.read(d, f, ev)
	})
}

func (d *Decoder) unknown(key string) bool {
	if key == "specversion" && d.mode == plainMode {
		d.mode = structuredMode
		return false
	}
	if !d.lenient {
		d.reportUnknown(nil, key, FieldNames())
	}
	return d.skip()
}

// finish checks what holds between fields.
func (d *Decoder) finish(ev *Event) {
	d.fillFromEnvelope(ev)
	if ev.Op == Erase {
		d.finishErase(ev)
		return
	}
	for i := range fields {
		if f := &fields[i]; f.required && d.given&(1<<i) == 0 && !d.draft(1<<i) {
			d.report(f, "", "missing", f.want)
		}
	}
	if d.given&bitRating == 0 && ev.Comment == "" && len(ev.Answers) == 0 && !d.wrong(bitComment|bitAnswers) {
		f := &fields[lookup("rating")]
		d.report(f, "", "missing, as are comment and answers", f.want)
	}
}

// draft says whether the missing field is one that the caller fills in.
func (d *Decoder) draft(bit uint32) bool {
	return d.Drafts && (bit == bitRatingID || bit == bitOccurredAt && d.given&bitRatingID == 0)
}

// wrong says whether an error names one of the fields.
func (d *Decoder) wrong(bits uint32) bool {
	return slices.ContainsFunc(d.errs, func(e *FieldError) bool {
		i := lookup(e.Reason[min(len(BadField), len(e.Reason)):])
		return i >= 0 && bits&(1<<i) != 0
	})
}

// finishErase drops everything but the identity, revision and service, and the errors of what is dropped.
func (d *Decoder) finishErase(ev *Event) {
	*ev = Event{RatingID: ev.RatingID, Revision: ev.Revision, Op: Erase, OccurredAt: ev.OccurredAt,
		CustomerID: ev.CustomerID, Service: ev.Service, Quality: NoQuality()}
	d.errs = slices.DeleteFunc(d.errs, func(e *FieldError) bool {
		i := lookup(e.Reason[min(len(BadField), len(e.Reason)):])
		return i < 0 || !fields[i].identity
	})
	for i := range fields {
		if f := &fields[i]; f.identity && f.required && d.given&(1<<i) == 0 {
			d.report(f, "", "missing", f.want)
		}
	}
}
