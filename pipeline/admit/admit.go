// Package admit owns the decision whether a record counts: a function of the record (its bytes, headers and Kafka
// timestamp), of how far its partition's log is, and of the configuration, so that a replay decides alike. What an event
// looks like is package event's; what happens to admitted and rejected records is left to the caller.
//
// # Which clock decides
//
// The age of a rating is measured from the log's time (event.LogTime), which a producer cannot set back: an old timestamp
// does not make an old rating young. That a rating is not ahead is measured from the record's own timestamp and from the
// processor's clock: a timestamp that is ahead of the processor's clock is not believed. The processor's clock also
// bounds the age to the retention, as ClickHouse removes facts by a clock, whatever the log's time.
//
// # Non-obvious
//
//   - An erasure is admitted at any age, for any service and whatever its timestamp, as it must work for whatever was once
//     stored. It is rejected when it lies in the future, like the rating that it names.
//   - The header satisflow-timestamp is not authenticated. It is believed only within the horizon before the log's time,
//     so that it allows less than satisflow-history: 1, which any producer may set.
package admit

import (
	"errors"
	"fmt"
	"strconv"

	"satisflow/pipeline/event"
)

// Headers of a record that change how it is admitted.
const (
	// HeaderHistory with the value 1 admits ratings older than the horizon, up to the retention.
	HeaderHistory = "satisflow-history"
	// HeaderTimestamp holds the Unix milliseconds of the record's first arrival, which a replay keeps. It is believed when
	// it lies at most the horizon before the log's time, and not after it.
	HeaderTimestamp = "satisflow-timestamp"
	// HeaderCustomer with the value hmac says that the customer id is a stored one already and not to be hashed again. It
	// is believed of an id that has the form of a stored one.
	HeaderCustomer = "satisflow-customer"
)

// Reasons for a rejection, beside those of package event.
const (
	UnknownService = "unknown_service"
	TooOld         = "too_old"
	InFuture       = "in_future"
	TooLarge       = "too_large"
	BadTimestamp   = "bad_timestamp"
)

// Record is a Kafka record.
type Record struct {
	Partition int32
	Offset    int64
	Timestamp event.RecordTime
	Appended  bool                // the broker wrote Timestamp when it appended the record
	Log       event.LogTime       // of the partition before the record; 0 when unknown
	Read      event.ProcessorTime // when the record was read; 0 when unknown
	Key       []byte
	Value     []byte
	Headers   []Header
	Customer  string // set by Admit: the customer id as the producer has it, which the key should be; empty when only its hash is known
}

// Header is a header of a Kafka record.
type Header = event.Header

// Rejection says why a record does not count.
type Rejection struct {
	Reason string // one of Reasons
	Detail string // a sentence for the person who mends it; nothing personal
	Timed  bool   // a clock decided, so another reading of the record may decide otherwise; the event is whole
	Ahead  bool   // the timestamp is ahead of the processor's clock
}

// Reasons returns every reason that a Rejection may have, in a stable order.
func Reasons() []string {
	return append(event.Reasons(), UnknownService, TooOld, InFuture, TooLarge, BadTimestamp)
}

// Admitter decides on the records of one partition. It is not safe for concurrent use.
type Admitter struct {
	cfg      Config
	decoder  *event.Decoder
	any      bool
	services map[string]string // the name as it stands in the record to the name in the configuration
	hash     *hasher           // nil unless customer ids are hashed
}

// NewAdmitter returns an Admitter for configurations that are valid. The error says that the customer key does not fit the
// treatment of customer ids.
func NewAdmitter(ec event.Config, cfg Config) (*Admitter, error) {
	a := &Admitter{cfg: cfg, decoder: event.NewDecoder(ec), any: ec.AnyService(), services: map[string]string{}}
	for _, s := range ec.Services {
		a.services[s] = s
	}
	if ec.CustomerIDs == "hmac" {
		if len(cfg.CustomerKey) < MinCustomerKey {
			return nil, fmt.Errorf("admit: customer key of %d bytes: customer_ids: hmac needs at least %d", len(cfg.CustomerKey), MinCustomerKey)
		}
		a.hash = newHasher(cfg.CustomerKey)
	}
	return a, nil
}

// Admit reads the record's event into ev and returns nil if it counts. The event's strings may point into the record's
// value, which must not change while the event is in use. After a rejection ev means nothing.
func (a *Admitter) Admit(rec *Record, ev *event.Event) *Rejection {
	if len(rec.Value) > a.cfg.MaxBytes {
		return &Rejection{Reason: TooLarge, Detail: fmt.Sprintf("a record of %d bytes: want at most %d", len(rec.Value), a.cfg.MaxBytes)}
	}
	if err := a.decoder.Decode(rec.Value, rec.Headers, ev); err != nil {
		return refused(err)
	}
	if rej := a.service(ev); rej != nil {
		return rej
	}
	h := a.readHeaders(rec)
	if rej := a.time(rec, ev, h); rej != nil {
		return rej
	}
	rec.Customer = ev.CustomerID
	switch {
	case a.hash == nil:
	case h.hashed && isPseudonym(ev.CustomerID):
		rec.Customer = ""
	default:
		ev.CustomerID = a.hash.of(ev.CustomerID)
	}
	return nil
}

func refused(err error) *Rejection {
	var fe *event.FieldError
	if !errors.As(err, &fe) {
		panic(fmt.Sprintf("admit: an error of the decoder that is no field's: %v", err))
	}
	return &Rejection{Reason: fe.Reason, Detail: fe.Detail()}
}

// service checks the service and takes the configuration's own string, which keeps no record in memory.
func (a *Admitter) service(ev *event.Event) *Rejection {
	name, known := a.services[ev.Service]
	switch {
	case known && !a.any:
		ev.Service = name
	case !a.any && ev.Op == event.Put:
		return &Rejection{Reason: UnknownService, Detail: fmt.Sprintf("service: %s: want one of the configured services", presentable(ev.Service))}
	}
	return nil
}

// presentable returns the name if it looks like one, so that a text that got into the wrong field is not shown.
func presentable(name string) string {
	const longest = 40
	if len(name) > longest {
		return fmt.Sprintf("a name of %d bytes", len(name))
	}
	for i := range len(name) {
		if c := name[i] | 0x20; (c < 'a' || c > 'z') && (c < '0' || c > '9') && name[i] != '_' && name[i] != '-' && name[i] != '.' {
			return fmt.Sprintf("a name of %d bytes", len(name))
		}
	}
	return strconv.Quote(name)
}

// marks are what the headers say about a record.
type marks struct {
	first   event.RecordTime // of the first arrival, as far as that is believed
	history bool
	hashed  bool
}

// readHeaders returns the record's marks; a first timestamp that is none, or not credible, is ignored.
func (a *Admitter) readHeaders(rec *Record) marks {
	m := marks{first: rec.Timestamp}
	for i := range rec.Headers {
		switch h := &rec.Headers[i]; h.Key {
		case HeaderHistory:
			m.history = string(h.Value) == "1"
		case HeaderCustomer:
			m.hashed = string(h.Value) == "hmac"
		case HeaderTimestamp:
			if ms, err := strconv.ParseInt(string(h.Value), 10, 64); err == nil && a.credibleFirst(rec, ms) {
				m.first = event.RecordTime(ms)
			}
		}
	}
	return m
}

// credibleFirst says whether a first arrival at ms is believed of the record.
func (a *Admitter) credibleFirst(rec *Record, ms int64) bool {
	log := int64(a.LogAfter(rec))
	return ms <= log && ms >= log-a.cfg.Horizon.Milliseconds()
}
