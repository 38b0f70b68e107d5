package erasure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/source"
	"satisflow/sinks/clickhouse"
)

// Producer writes to the topic of the ratings; source.Producer does.
type Producer interface {
	Produce(ctx context.Context, messages ...source.Message) error
}

// AlertText removes what people wrote about the subjects on alerts; alerting.Service and clickhouse.Alerts do.
type AlertText interface {
	EraseText(ctx context.Context, of clickhouse.Subjects) (alerts uint64, err error)
}

// Parts are what an Eraser works with.
type Parts struct {
	Store       *clickhouse.Erasures
	Producer    Producer
	Ends        func(ctx context.Context) (map[int32]int64, error) // the next offset of each partition of the topic
	Events      event.Config
	Admission   admit.Config // what an erasure for a rejected record must pass; the zero value is the default
	Alerts      AlertText
	CustomerKey []byte // the secret of customer_ids: hmac; nil when they are plain
	Now         func() time.Time
}

// Eraser erases ratings. It is safe for concurrent use.
type Eraser struct {
	cfg   Config
	parts Parts
}

// New returns an Eraser.
func New(cfg Config, parts Parts) *Eraser { return &Eraser{cfg, parts} }

// ErrNoEpoch says that no processor has ever run.
var ErrNoEpoch = errors.New("the database has no epoch yet: start a processor first")

// ErrBlind says that an erasure cannot know what is the customer's, as ids are stored as pseudonyms and it has no key.
var ErrBlind = errors.New("the customer ids are stored as pseudonyms, and this command has no key to find them by: set event.customer_ids: hmac and event.customer_key_file as the processors have them")

// Found is what an erasure would erase now.
type Found struct {
	Ratings       []clickhouse.StoredRating // not erased yet
	AlreadyErased int
	Tombstones    []clickhouse.StoredRating // ratings that rejected records would have been, which no erasure names yet
	DeadLetters   uint64                    // to delete, those that only resemble included
	Resembling    []clickhouse.LetterAt     // of them, those that hold an id and name nobody in a field that could be read
	Mentioning    []clickhouse.LetterAt     // dead letters about somebody else that hold an id; they stay
}

// Find returns what an erasure would erase now, and changes nothing.
func (e *Eraser) Find(ctx context.Context, r Request) (Found, error) {
	if err := r.Validate(); err != nil {
		return Found{}, err
	}
	epoch, err := e.epoch(ctx)
	if err != nil {
		return Found{}, err
	}
	if _, err := e.blind(ctx, &epoch, r); err != nil {
		return Found{}, err
	}
	of := r.subjects(e.parts.CustomerKey)
	found, err := e.find(ctx, &epoch, of)
	if err != nil {
		return Found{}, err
	}
	l, err := e.letters(ctx, &epoch, of)
	if err != nil {
		return Found{}, err
	}
	found.DeadLetters, found.Resembling, found.Mentioning = uint64(len(l.delete)), l.resembling, l.mentioning
	found.Tombstones, err = e.unerased(ctx, &epoch, l.ratings)
	return found, err
}

// blind returns whether what is named can be found in part only: pseudonyms by which no rejected record is found without the
// key. It fails with ErrBlind where nothing can be found.
func (e *Eraser) blind(ctx context.Context, epoch *clickhouse.Epoch, r Request) (partly bool, err error) {
	if r.Kind != KindCustomer || len(e.parts.CustomerKey) > 0 {
		return false, nil
	}
	hashed, err := e.parts.Store.Pseudonyms(ctx, epoch.Number)
	if err != nil || !hashed {
		return false, err
	}
	if slices.ContainsFunc(r.IDs, func(id string) bool { return !pseudonym.MatchString(id) }) {
		return false, ErrBlind
	}
	return true, nil
}

func (e *Eraser) epoch(ctx context.Context) (clickhouse.Epoch, error) {
	epoch, found, err := e.parts.Store.Epoch(ctx)
	if err == nil && !found {
		err = ErrNoEpoch
	}
	return epoch, err
}

// find looks for the ratings alone.
func (e *Eraser) find(ctx context.Context, epoch *clickhouse.Epoch, of clickhouse.Subjects) (Found, error) {
	all, err := e.parts.Store.Ratings(ctx, epoch.Number, of)
	if err != nil {
		return Found{}, err
	}
	more, err := e.building(ctx, epoch, of, all)
	total := len(all)
	open := slices.DeleteFunc(all, func(r clickhouse.StoredRating) bool { return r.Erased })
	return Found{Ratings: append(open, more...), AlreadyErased: total - len(open)}, err
}

// building returns the ratings that only epochs being built hold, as the rules of admission that they were filled by took
// what the current one has rejected. Their erasure is a row in the current epoch too, which says that they are erased.
func (e *Eraser) building(ctx context.Context, current *clickhouse.Epoch, of clickhouse.Subjects, known []clickhouse.StoredRating) (more []clickhouse.StoredRating, err error) {
	epochs, err := e.parts.Store.Building(ctx)
	if err != nil {
		return nil, err
	}
	type identity struct {
		id, customer string
		occurredAt   int64
	}
	seen := map[identity]bool{}
	for _, r := range known {
		seen[identity{r.RatingID, r.CustomerID, r.OccurredAt}] = true
	}
	for i := range epochs {
		ratings, err := e.parts.Store.Ratings(ctx, epochs[i].Number, of)
		if err != nil {
			return nil, err
		}
		for _, r := range ratings {
			at := identity{r.RatingID, r.CustomerID, r.OccurredAt}
			if r.Erased || seen[at] {
				continue
			}
			seen[at] = true
			if n := current.Definition.Partitions; int(r.Partition) >= n { // of another topic
				r.Partition = source.PartitionOf([]byte(r.CustomerID), n)
			}
			more = append(more, r)
		}
	}
	return more, nil
}

// Job is an erasure whose events are in Kafka and which is to be finished.
type Job struct {
	clickhouse.Erasure
	epoch clickhouse.Epoch
	of    clickhouse.Subjects
	blind bool // whether rejected records cannot be found
}

// Begin opens an entry in the audit, finds the ratings and returns when Kafka has the erasures of all of them. Finish must
// follow; when it does not, or after an error, the same request again does no harm.
func (e *Eraser) Begin(ctx context.Context, r Request) (*Job, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	epoch, err := e.epoch(ctx)
	if err != nil {
		return nil, err
	}
	blind, err := e.blind(ctx, &epoch, r)
	if err != nil {
		return nil, err
	}
	now := e.parts.Now()
	j := &Job{epoch: epoch, blind: blind, of: r.subjects(e.parts.CustomerKey), Erasure: clickhouse.Erasure{
		ID:          uuid.Must(uuid.NewV7()).String(), // crypto/rand does not fail
		RequestedAt: now.UTC().Truncate(time.Millisecond), RequestedBy: r.By, Kind: r.Kind, Subjects: r.hashes(e.parts.CustomerKey), State: clickhouse.ErasureAsked,
	}}
	if err := e.parts.Store.Put(ctx, j.Erasure, now); err != nil {
		return nil, err
	}
	found, err := e.find(ctx, &j.epoch, j.of)
	if err == nil {
		err = e.send(ctx, j, found.Ratings)
	}
	return j, err
}

// sendAtOnce bounds the messages that are made at one time.
const sendAtOnce = 5000

// send produces an erasure of each rating and notes their number.
func (e *Eraser) send(ctx context.Context, j *Job, ratings []clickhouse.StoredRating) error {
	for part := range slices.Chunk(ratings, sendAtOnce) {
		messages := make([]source.Message, len(part))
		for i := range part {
			messages[i] = e.message(&part[i], j.epoch.Definition.Partitions)
		}
		if err := e.parts.Producer.Produce(ctx, messages...); err != nil {
			return fmt.Errorf("send the erasures of %d ratings: %w", len(part), err)
		}
		j.Ratings += uint64(len(part))
	}
	return e.parts.Store.Put(ctx, j.Erasure, e.parts.Now())
}

// message is the erasure of a rating, for the partition that the rating is in.
func (e *Eraser) message(r *clickhouse.StoredRating, partitions int) source.Message {
	ev := event.Event{RatingID: r.RatingID, Revision: r.Revision, Op: event.Erase, OccurredAt: r.OccurredAt, CustomerID: r.CustomerID, Service: r.Service, Quality: event.NoQuality()}
	m := source.Message{Key: source.KeyFor([]byte(r.CustomerID), r.Partition, partitions), Value: event.AppendJSON(nil, &ev, e.parts.Events), Time: e.parts.Now()}
	if len(e.parts.CustomerKey) > 0 {
		m.Headers = []source.Header{{Key: admit.HeaderCustomer, Value: []byte("hmac")}}
	}
	return m
}
