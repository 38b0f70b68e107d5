// Package eventgen owns believable synthetic ratings: the same configuration gives the same records, byte for byte. It knows
// no clock and no Kafka; when and where its records are sent is left to the caller.
package eventgen

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"iter"
	"math/rand/v2"
	"time"

	"satisflow/pipeline/event"
)

// Kind is what a record is.
type Kind uint8

const (
	Fresh      Kind = iota // a rating not sent before, in time
	Late                   // a rating not sent before, that occurred a while ago
	Duplicate              // an earlier record again
	Correction             // an earlier rating with the next revision
	Erasure                // the erasure of an earlier rating
	Bad                    // a record that must be rejected
)

// String returns the word for the kind.
func (k Kind) String() string {
	return [...]string{"fresh", "late", "duplicate", "correction", "erasure", "bad"}[k]
}

// Item is one record. Its bytes may be those of an earlier one and must not be changed.
type Item struct {
	Kind       Kind
	Event      event.Event // what JSON says; of a bad record, the rating that it was made from
	JSON       []byte      // the record's value
	Key        []byte      // the record's key: the customer id
	At         time.Time   // when it is sent, and the record's timestamp
	WantReason string      // for which admission must reject it, with its default configuration; empty for all but bad ones
}

// Generator makes records. It is not safe for concurrent use.
type Generator struct {
	cfg       Config
	rand      *rand.Rand
	zipf      *rand.Zipf
	services  []string
	metrics   []event.Metric
	customers []customer
	prefix    string // of rating ids
	at        time.Time
	count     int
	peak      float64 // records a second when it is busiest
	sent      []Item  // a ring of earlier good records, the latest version of each rating
	next      int     // the slot of the ring to overwrite
	bad       []badKind
	pending   *Item
}

// remembered is how many earlier ratings duplicates, corrections and erasures choose from.
const remembered = 4096

// New returns a Generator for a configuration that is valid.
func New(cfg Config) *Generator {
	g := &Generator{cfg: cfg, rand: rand.New(rand.NewPCG(cfg.Seed, 0x7361746973)), services: cfg.services(),
		metrics: cfg.Event.Metrics(), at: cfg.Start, peak: cfg.Rate}
	if cfg.Profile {
		g.peak /= meanBusyness
	}
	g.zipf = rand.NewZipf(g.rand, cmp.Or(cfg.ZipfExponent, 1.2), cmp.Or(cfg.ZipfOffset, 12), uint64(cfg.Customers-1))
	g.customers = make([]customer, cfg.Customers)
	for i := range g.customers {
		g.customers[i] = newCustomer(g.rand, i, cfg.Customers, g.services, cfg.Event.Attributes)
	}
	h := fnv.New32a()
	fmt.Fprintf(h, "%d %d", cfg.Seed, cfg.Start.UnixNano())
	g.prefix = fmt.Sprintf("gen-%08x", h.Sum32())
	g.bad = badKinds(cfg)
	return g
}

// Next returns the next record. There is no last one.
func (g *Generator) Next() Item {
	if g.pending != nil {
		it := *g.pending
		g.pending = nil
		return it
	}
	g.advance()
	return g.item(g.kind())
}

// Until returns the records that are sent before the end; Next and later calls go on after them.
func (g *Generator) Until(end time.Time) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		for {
			it := g.Next()
			if !it.At.Before(end) {
				g.pending = &it
				return
			}
			if !yield(it) {
				return
			}
		}
	}
}

// advance moves to the time of the next record: a Poisson process, thinned where the profile is below its peak.
func (g *Generator) advance() {
	for {
		g.at = g.at.Add(time.Duration(g.rand.ExpFloat64() / g.peak * float64(time.Second)))
		if !g.cfg.Profile || g.rand.Float64() < busyness(g.at) {
			return
		}
	}
}

// kind draws what comes next.
func (g *Generator) kind() Kind {
	u := g.rand.Float64()
	for _, share := range [...]struct {
		kind Kind
		of   float64
	}{{Duplicate, g.cfg.Duplicates}, {Correction, g.cfg.Corrections}, {Erasure, g.cfg.Erasures}, {Late, g.cfg.Late}, {Bad, g.cfg.Bad}} {
		if u -= share.of; u < 0 {
			if len(g.sent) == 0 && share.kind != Late && share.kind != Bad {
				return Fresh
			}
			return share.kind
		}
	}
	return Fresh
}

func (g *Generator) item(kind Kind) Item {
	switch kind {
	case Duplicate:
		it := g.sent[g.rand.IntN(len(g.sent))]
		it.Kind, it.At = Duplicate, g.at
		return it
	case Correction:
		return g.correction()
	case Erasure:
		return g.erasure()
	case Bad:
		return g.badItem()
	case Late:
		return g.remember(g.write(Late, g.rating(g.at.Add(-g.lateness()))))
	}
	return g.remember(g.write(Fresh, g.rating(g.at.Add(-g.delay()))))
}

// delay is what lies between a rating and its record: mostly less than a second, at most half a minute.
func (g *Generator) delay() time.Duration {
	return min(time.Duration(g.rand.ExpFloat64()*400)*time.Millisecond, 30*time.Second)
}

// leastLate is more than watermarks wait for.
const leastLate = 3 * time.Minute

// lateness is hours in most cases, days in some.
func (g *Generator) lateness() time.Duration {
	mean := float64(g.cfg.Lateness) / 8
	return min(leastLate+time.Duration(g.rand.ExpFloat64()*mean), g.cfg.Lateness)
}

// correction changes the score of an earlier rating; the comment stays as it was.
func (g *Generator) correction() Item {
	slot := g.rand.IntN(len(g.sent))
	e := g.sent[slot].Event
	e.Revision++
	before := e.Rating
	for e.Rating == before {
		e.Rating = g.score(g.rand.Float64() < 0.5)
	}
	it := g.write(Correction, e)
	g.sent[slot] = it
	return it
}

func (g *Generator) erasure() Item {
	e := g.sent[g.rand.IntN(len(g.sent))].Event
	return g.write(Erasure, event.Event{RatingID: e.RatingID, Revision: e.Revision, Op: event.Erase, OccurredAt: e.OccurredAt,
		CustomerID: e.CustomerID, Service: e.Service, Quality: event.NoQuality()})
}

func (g *Generator) write(kind Kind, e event.Event) Item {
	return Item{Kind: kind, Event: e, JSON: g.json(&e), Key: []byte(e.CustomerID), At: g.at}
}

// remember keeps the record for duplicates, corrections and erasures.
func (g *Generator) remember(it Item) Item {
	if len(g.sent) < remembered {
		g.sent = append(g.sent, it)
		return it
	}
	g.sent[g.next] = it
	g.next = (g.next + 1) % remembered
	return it
}
