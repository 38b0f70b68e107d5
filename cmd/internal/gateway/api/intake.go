package api

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"satisflow/cmd/internal/gateway/problem"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/source"
	"satisflow/pipeline/window"
)

// intakes hands out what reads ratings, which serves one request at a time.
type intakes struct{ pool sync.Pool }

func newIntakes(o Options) (*intakes, error) {
	if _, err := newIntake(o); err != nil {
		return nil, err
	}
	s := &intakes{}
	s.pool.New = func() any {
		in, err := newIntake(o)
		if err != nil {
			panic(err) // the first one was made of the same
		}
		return in
	}
	return s, nil
}

func (s *intakes) get() *intake   { return s.pool.Get().(*intake) }
func (s *intakes) put(in *intake) { s.pool.Put(in) }

// intake turns the text of a rating into a message that the processor will admit.
type intake struct {
	events  event.Config
	admit   admit.Config
	bands   window.Bands
	decoder *event.Decoder
	decide  *admit.Admitter
	ev      event.Event
}

func newIntake(o Options) (*intake, error) {
	decide, err := admit.NewAdmitter(o.Events, o.Admit)
	if err != nil {
		return nil, err
	}
	in := &intake{events: o.Events, admit: o.Admit, bands: o.Bands, decoder: event.NewDecoder(o.Events), decide: decide}
	in.decoder.Drafts = true
	return in, nil
}

// taken is a rating that was read. It shares no memory with its text.
type taken struct {
	message source.Message
	stored  Rating
	made    bool // whether the gateway made the identity
}

// take reads a rating that arrives now and whose text begins at the byte of the body or line. It returns what is for
// Kafka, or everything that is wrong; the event itself, until the next call, is in.ev.
func (in *intake) take(text []byte, at int, headers []event.Header, now time.Time) (taken, []problem.Entry) {
	if len(text) > in.admit.MaxBytes {
		return taken{}, []problem.Entry{in.tooLarge(len(text))}
	}
	if wrong := in.decoder.DecodeAll(text, headers, &in.ev); len(wrong) > 0 {
		entries := make([]problem.Entry, 0, len(wrong))
		for _, e := range wrong {
			entries = append(entries, entryOf(e, at))
		}
		if wrong[0].Reason != event.BadJSON {
			entries = append(entries, in.unfit(now)...)
		}
		return taken{}, entries
	}
	made := in.complete(now)
	m := source.Message{
		Key: []byte(in.ev.CustomerID), Value: event.AppendJSON(make([]byte, 0, len(text)+64), &in.ev, in.events), Time: now,
	}
	var admitted event.Event
	if rejection := in.decide.Admit(&admit.Record{Timestamp: event.RecordTime(now.UnixMilli()), Value: m.Value}, &admitted); rejection != nil {
		entries := in.unfit(now)
		if len(entries) == 0 {
			entries = []problem.Entry{{Reason: rejection.Reason, Detail: rejection.Detail}}
		}
		return taken{}, entries
	}
	return taken{m, ratingOf(&in.ev, &in.bands), made}, nil
}

// tooLarge is the entry about a rating of so many bytes.
func (in *intake) tooLarge(size int) problem.Entry {
	want := fmt.Sprintf("at most %d (admission.max_bytes)", in.admit.MaxBytes)
	return problem.Entry{Reason: admit.TooLarge, Value: strconv.Itoa(size), Want: want, Detail: fmt.Sprintf("a rating of %d bytes: want %s", size, want)}
}

// complete fills in what a draft leaves out, and says whether the identity is the gateway's.
func (in *intake) complete(now time.Time) (made bool) {
	if made = in.ev.RatingID == ""; made {
		in.ev.RatingID = uuid.Must(uuid.NewV7()).String() // crypto/rand does not fail
	}
	if in.ev.OccurredAt == 0 {
		in.ev.OccurredAt = now.UnixMilli()
	}
	return made
}

// unfit returns what the processor would reject the event for although it is well formed: its service and its time, each
// tried on an event that has nothing else wrong.
func (in *intake) unfit(now time.Time) []problem.Entry {
	var entries []problem.Entry
	if in.ev.Service != "" {
		if r := in.try(in.ev.Service, now.UnixMilli(), now); r != nil {
			entries = append(entries, in.unknownService(r.Reason))
		}
	}
	if in.ev.OccurredAt != 0 {
		if r := in.try("", in.ev.OccurredAt, now); r != nil {
			entries = append(entries, in.wrongTime(r.Reason))
		}
	}
	return entries
}

// try returns why an event like the one read, of the service and at the time, would be rejected. No service stands for any
// that is known.
func (in *intake) try(service string, at int64, now time.Time) *admit.Rejection {
	if service == "" {
		service = in.events.Services[0]
	}
	probe := event.Event{RatingID: "probe", Op: in.ev.Op, OccurredAt: at, CustomerID: "probe", Service: service, Rating: event.MaxRating, Quality: event.NoQuality()}
	record := admit.Record{Timestamp: event.RecordTime(now.UnixMilli()), Value: event.AppendJSON(nil, &probe, in.events)}
	return in.decide.Admit(&record, &probe)
}

func (in *intake) unknownService(reason string) problem.Entry {
	const most = 20
	names := in.events.Services
	want := "one of " + strings.Join(names[:min(most, len(names))], ", ")
	if len(names) > most {
		want += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return entry("service", strconv.Quote(in.ev.Service), reason, want)
}

func (in *intake) wrongTime(reason string) problem.Entry {
	want := fmt.Sprintf("a time not more than %s after now", in.admit.Future)
	if reason == admit.TooOld {
		want = fmt.Sprintf("a time not more than %s days before now; satisflow import --history takes older ratings", days(in.admit.Horizon))
	}
	return entry("occurred_at", time.UnixMilli(in.ev.OccurredAt).UTC().Format(time.RFC3339Nano), reason, want)
}

func days(d time.Duration) string {
	return strconv.FormatFloat(math.Round(d.Hours()/24*10)/10, 'f', -1, 64)
}

// customer returns the customer id under which facts of the customer are stored.
func (in *intake) customer(id string, now time.Time) string {
	if in.events.CustomerIDs != "hmac" {
		return id
	}
	probe := event.Event{RatingID: "probe", Op: event.Erase, OccurredAt: now.UnixMilli(), CustomerID: id, Quality: event.NoQuality()}
	record := admit.Record{Timestamp: event.RecordTime(now.UnixMilli()), Value: event.AppendJSON(nil, &probe, in.events)}
	if in.decide.Admit(&record, &probe) != nil {
		return id // no id that could ever have been stored
	}
	return probe.CustomerID
}
