// Package admit owns the decision whether a record counts: a function of the record (its bytes, headers and Kafka
// timestamp) and the configuration, so that a replay decides alike. What an event looks like is package event's; what
// happens to admitted and rejected records is left to the caller.
//
// Non-obvious: an erasure is admitted at any age and for any service, as it must work for whatever was once stored. It is
// refused when it lies in the future, like the rating that it names, as the watermark follows what is admitted.
package admit

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"satisflow/pipeline/event"
)

// Headers of a record that change how it is admitted.
const (
	// HeaderHistory with the value 1 admits ratings older than the horizon, up to the retention.
	HeaderHistory = "satisflow-history"
	// HeaderTimestamp holds the Unix milliseconds of the record's first arrival: a replay keeps it.
	HeaderTimestamp = "satisflow-timestamp"
	// HeaderCustomer with the value hmac says that the customer id is a stored one already and not to be hashed again.
	HeaderCustomer = "satisflow-customer"
)

// Reasons for a rejection, beside those of package event.
const (
	UnknownService = "unknown_service"
	TooOld         = "too_old"
	InFuture       = "in_future"
	TooLarge       = "too_large"
)

// Record is a Kafka record.
type Record struct {
	Partition int32
	Offset    int64
	Timestamp int64 // Unix milliseconds
	Key       []byte
	Value     []byte
	Headers   []Header
}

// Header is a header of a Kafka record.
type Header = event.Header

// Rejection says why a record does not count.
type Rejection struct {
	Reason string // one of Reasons
	Detail string // a sentence for the person who mends it; nothing personal
}

// Reasons returns every reason that a Rejection may have, in a stable order.
func Reasons() []string {
	return append(event.Reasons(), UnknownService, TooOld, InFuture, TooLarge)
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
		return &Rejection{TooLarge, fmt.Sprintf("a record of %d bytes: want at most %d", len(rec.Value), a.cfg.MaxBytes)}
	}
	if err := a.decoder.Decode(rec.Value, rec.Headers, ev); err != nil {
		return refused(err)
	}
	if rej := a.service(ev); rej != nil {
		return rej
	}
	h := readHeaders(rec)
	if rej := a.time(ev, h); rej != nil {
		return rej
	}
	if a.hash != nil && !h.hashed {
		ev.CustomerID = a.hash.of(ev.CustomerID)
	}
	return nil
}

func refused(err error) *Rejection {
	var fe *event.FieldError
	if !errors.As(err, &fe) {
		panic(fmt.Sprintf("admit: an error of the decoder that is no field's: %v", err))
	}
	return &Rejection{fe.Reason, fe.Detail()}
}

// service checks the service and takes the configuration's own string, which keeps no record in memory.
func (a *Admitter) service(ev *event.Event) *Rejection {
	name, known := a.services[ev.Service]
	switch {
	case known && !a.any:
		ev.Service = name
	case !a.any && ev.Op == event.Put:
		return &Rejection{UnknownService, fmt.Sprintf("service: %s: want one of the configured services", presentable(ev.Service))}
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

// time compares the event's time with the record's.
func (a *Admitter) time(ev *event.Event, h marks) *Rejection {
	age := time.Duration(h.timestamp-ev.OccurredAt) * time.Millisecond
	oldest, which := a.cfg.Horizon, "the horizon"
	if h.history {
		oldest, which = a.cfg.Retention, "the retention"
	}
	switch {
	case age < -a.cfg.Future:
		return &Rejection{InFuture, fmt.Sprintf("occurred_at: %s after the record's timestamp: want at most %s; are clock and zone right?", days(-age), a.cfg.Future)}
	case age > oldest && ev.Op == event.Put:
		return &Rejection{TooOld, fmt.Sprintf("occurred_at: %s before the record's timestamp: want at most %s (%s)", days(age), days(oldest), which)}
	}
	return nil
}

// days says a duration in days where it is long.
func days(d time.Duration) string {
	const day = 24 * time.Hour
	if d < 2*day {
		return d.String()
	}
	return strconv.FormatFloat(float64(d)/float64(day), 'f', 1, 64) + " days"
}

// marks are what the headers say about a record.
type marks struct {
	timestamp int64 // Unix milliseconds
	history   bool
	hashed    bool
}

// readHeaders returns the record's marks; a timestamp that is none is ignored.
func readHeaders(rec *Record) marks {
	m := marks{timestamp: rec.Timestamp}
	for i := range rec.Headers {
		switch h := &rec.Headers[i]; h.Key {
		case HeaderHistory:
			m.history = string(h.Value) == "1"
		case HeaderCustomer:
			m.hashed = string(h.Value) == "hmac"
		case HeaderTimestamp:
			if ms, err := strconv.ParseInt(string(h.Value), 10, 64); err == nil && ms > 0 && ms < maxTimestamp {
				m.timestamp = ms
			}
		}
	}
	return m
}

// maxTimestamp is the year 2200 in Unix milliseconds.
const maxTimestamp = 7_258_118_400_000
