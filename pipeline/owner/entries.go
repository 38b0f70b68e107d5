package owner

import (
	"math"
	"unsafe"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/window"
)

// entry is what a pane keeps of one fact, without pointers: enough to take its part out of the sums again. Its quality
// values stand beside it in its chunk.
type entry struct {
	hash    ratingHash
	version uint64
	group   window.GroupID
	rating  uint16 // hundredths; 0 is feedback without a score
	silent  bool   // erased or quarantined: counts nowhere
}

// chunkEntries is how many entries a chunk holds at most; the last chunk of a pane grows up to it.
const chunkEntries = 512

// chunk is some entries and their quality values.
type chunk struct {
	entries []entry
	quality []uint32 // as many for each entry as the definition has metrics
}

// entries are the facts of one pane, by the hash of the rating id: an open-addressing table of their numbers, and the
// entries in chunks, so that growing copies little and wastes little.
type entries struct {
	metrics int      // quality values of each entry
	slots   []uint32 // number + 1; 0 is free; a power of two
	chunks  []chunk
	n       int
	wide    map[uint64]int64 // quality values that do not fit, by number × metrics + metric
	held    int              // bytes
}

// Quality values in a chunk: nearly all fit in 32 bits.
const (
	absentQuality = math.MaxUint32     // no value
	wideQuality   = math.MaxUint32 - 1 // in wide
)

const wideBytes = 40 // of one value in wide, its map slot included

func newEntries(metrics int) entries { return entries{metrics: metrics} }

// find returns the number of the entry with the hash, or -1.
func (t *entries) find(h ratingHash) int {
	if len(t.slots) == 0 {
		return -1
	}
	mask := uint64(len(t.slots) - 1)
	for i := h.a & mask; ; i = (i + 1) & mask {
		n := t.slots[i]
		if n == 0 {
			return -1
		}
		if t.at(int(n-1)).hash == h {
			return int(n - 1)
		}
	}
}

// at returns the entry with the number, to be read or changed in place.
func (t *entries) at(n int) *entry { return &t.chunks[n/chunkEntries].entries[n%chunkEntries] }

// add adds an entry whose hash is not there yet and returns its number.
func (t *entries) add(e entry) int {
	if 4*(t.n+1) > 3*len(t.slots) {
		t.rehash(max(8, 2*len(t.slots)))
	}
	c := t.room()
	c.entries = append(c.entries, e)
	for range t.metrics {
		c.quality = append(c.quality, absentQuality)
	}
	t.occupy(e.hash, t.n)
	t.n++
	return t.n - 1
}

// room returns the last chunk, with room for one more entry.
func (t *entries) room() *chunk {
	if t.n%chunkEntries == 0 {
		t.chunks = append(t.chunks, chunk{})
		t.held += int(unsafe.Sizeof(chunk{}))
	}
	c := &t.chunks[len(t.chunks)-1]
	if n := cap(c.entries); len(c.entries) == n {
		grown := chunk{make([]entry, len(c.entries), max(4, 2*n)), make([]uint32, len(c.quality), t.metrics*max(4, 2*n))}
		copy(grown.entries, c.entries)
		copy(grown.quality, c.quality)
		t.held += (cap(grown.entries) - n) * (int(unsafe.Sizeof(entry{})) + 4*t.metrics)
		*c = grown
	}
	return c
}

func (t *entries) rehash(size int) {
	t.held += 4 * (size - len(t.slots))
	t.slots = make([]uint32, size)
	for n := range t.n {
		t.occupy(t.at(n).hash, n)
	}
}

func (t *entries) occupy(h ratingHash, n int) {
	mask := uint64(len(t.slots) - 1)
	i := h.a & mask
	for t.slots[i] != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = uint32(n + 1)
}

// setQuality replaces the quality values of the entry.
func (t *entries) setQuality(n int, q *event.Quality) {
	c := &t.chunks[n/chunkEntries]
	for i := range t.metrics {
		at, key := &c.quality[n%chunkEntries*t.metrics+i], uint64(n*t.metrics+i)
		if *at == wideQuality {
			delete(t.wide, key)
			t.held -= wideBytes
		}
		switch v := q[i]; {
		case v == event.MissingQuality:
			*at = absentQuality
		case v >= 0 && v < wideQuality:
			*at = uint32(v)
		default:
			*at = wideQuality
			if t.wide == nil {
				t.wide = map[uint64]int64{}
			}
			t.wide[key] = v
			t.held += wideBytes
		}
	}
}

// quality returns the quality values of the entry.
func (t *entries) quality(n int) event.Quality {
	q := event.NoQuality()
	c := &t.chunks[n/chunkEntries]
	for i := range t.metrics {
		switch v := c.quality[n%chunkEntries*t.metrics+i]; v {
		case absentQuality:
		case wideQuality:
			q[i] = t.wide[uint64(n*t.metrics+i)]
		default:
			q[i] = int64(v)
		}
	}
	return q
}

// entryOf returns the entry of an event under the owner's configuration.
func (o *Owner) entryOf(e *event.Event, version uint64) entry {
	en := entry{hash: ratingKey.of(e.RatingID), version: version, rating: uint16(e.Rating), silent: fact.Silent(e)}
	if e.Op == event.Put {
		en.group = o.keys.GroupOf(e)
		if o.cfg.Fault.has(QuarantinedCounted) {
			en.silent = false
		}
	}
	return en
}
