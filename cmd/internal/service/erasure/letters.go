package erasure

import (
	"context"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/source"
	"satisflow/sinks/clickhouse"
)

// letters are the dead letters that an erasure is about.
type letters struct {
	delete     []clickhouse.LetterAt     // each once
	resembling []clickhouse.LetterAt     // of them, those that name nobody in a field that could be read
	mentioning []clickhouse.LetterAt     // about somebody else: they stay
	ratings    []clickhouse.StoredRating // what those to delete would have been, each once
}

// letters looks through all dead letters.
func (e *Eraser) letters(ctx context.Context, epoch *clickhouse.Epoch, of clickhouse.Subjects) (letters, error) {
	var hash func(string) string
	if len(e.parts.CustomerKey) > 0 {
		hash = func(id string) string { return admit.Pseudonym(e.parts.CustomerKey, id) }
	}
	t, decoder := newTracer(of, hash), event.NewDecoder(e.parts.Events)
	var found letters
	seen, rated := map[clickhouse.LetterAt]bool{}, map[clickhouse.StoredRating]bool{}
	err := e.parts.Store.Letters(ctx, func(l *clickhouse.Letter) {
		trace := t.of(l)
		if trace == NoTrace || seen[l.LetterAt] {
			return
		}
		seen[l.LetterAt] = true
		if trace == Mentioned {
			found.mentioning = append(found.mentioning, l.LetterAt)
			return
		}
		found.delete = append(found.delete, l.LetterAt)
		if trace == Resembles {
			found.resembling = append(found.resembling, l.LetterAt)
		}
		if r, ok := e.identity(decoder, l, epoch); ok && !rated[r] {
			rated[r] = true
			found.ratings = append(found.ratings, r)
		}
	})
	return found, err
}

// identity returns the rating that the record would have been under other rules of admission, if it has a whole identity.
func (e *Eraser) identity(decoder *event.Decoder, l *clickhouse.Letter, epoch *clickhouse.Epoch) (r clickhouse.StoredRating, ok bool) {
	var ev event.Event
	for _, wrong := range decoder.DecodeAll(l.Value, l.Headers, &ev) {
		switch wrong.Field {
		case "rating_id", "customer_id", "occurred_at":
			return r, false
		}
		if wrong.Reason == event.BadJSON {
			return r, false
		}
	}
	r = clickhouse.StoredRating{Partition: l.Partition, RatingID: ev.RatingID, CustomerID: ev.CustomerID, OccurredAt: ev.OccurredAt}
	if key := e.parts.CustomerKey; len(key) > 0 && !hashed(l.Headers) {
		r.CustomerID = admit.Pseudonym(key, ev.CustomerID)
	}
	if n := epoch.Definition.Partitions; int(r.Partition) >= n { // of another topic
		r.Partition = source.PartitionOf([]byte(ev.CustomerID), n)
	}
	r.RatingID, r.CustomerID = string([]byte(r.RatingID)), string([]byte(r.CustomerID)) // the letter is valid for a moment only
	return r, e.admissible(&r, epoch)
}

func hashed(headers []event.Header) bool {
	for _, h := range headers {
		if h.Key == admit.HeaderCustomer && string(h.Value) == "hmac" {
			return true
		}
	}
	return false
}

// admissible returns whether the erasure of the rating would be admitted: one that is not would be a dead letter again.
func (e *Eraser) admissible(r *clickhouse.StoredRating, epoch *clickhouse.Epoch) bool {
	cfg := e.parts.Admission
	if cfg.MaxBytes == 0 {
		cfg = admit.DefaultConfig()
	}
	cfg.CustomerKey = e.parts.CustomerKey
	admitter, err := admit.NewAdmitter(e.parts.Events, cfg)
	if err != nil {
		return false
	}
	m := e.message(r, epoch.Definition.Partitions)
	rec := admit.Record{Partition: r.Partition, Timestamp: event.RecordTime(m.Time.UnixMilli()), Key: m.Key, Value: m.Value}
	for _, h := range m.Headers {
		rec.Headers = append(rec.Headers, event.Header{Key: h.Key, Value: h.Value})
	}
	var ev event.Event
	return admitter.Admit(&rec, &ev) == nil
}

// unerased returns those of the ratings that the epoch does not hold as erased.
func (e *Eraser) unerased(ctx context.Context, epoch *clickhouse.Epoch, ratings []clickhouse.StoredRating) ([]clickhouse.StoredRating, error) {
	var ids []string
	for _, r := range ratings {
		ids = append(ids, r.RatingID)
	}
	stored, err := e.parts.Store.Ratings(ctx, epoch.Number, clickhouse.Subjects{Ratings: ids})
	if err != nil {
		return nil, err
	}
	type place struct {
		partition    int32
		id, customer string
		occurredAt   int64
	}
	erased := map[place]bool{}
	for _, s := range stored {
		erased[place{s.Partition, s.RatingID, s.CustomerID, s.OccurredAt}] = s.Erased
	}
	var open []clickhouse.StoredRating
	for _, r := range ratings {
		if !erased[place{r.Partition, r.RatingID, r.CustomerID, r.OccurredAt}] {
			open = append(open, r)
		}
	}
	return open, nil
}
