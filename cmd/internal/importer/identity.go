package importer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"satisflow/pipeline/event"
)

// idPrefix begins every rating_id that is made here.
const idPrefix = "imp-"

// identities makes rating_ids out of what rows say. They are imp- and the first 128 bits, in hexadecimal digits, of the SHA-256 of
// the row's fields, sorted by name, each as the length and bytes of its name and of its text, and then the number of rows before
// that said the same; lengths and number as unsigned varints.
type identities struct {
	buffer []byte
	seen   map[[8]byte]uint32 // how many rows with a content's hash there were
}

func newIdentities() *identities {
	return &identities{seen: map[[8]byte]uint32{}}
}

// of returns the rating_id of a row, and how many rows before it said the same.
func (d *identities) of(c content) (id string, before uint32) {
	sum := d.sum(c)
	key := [8]byte(sum[:8])
	before = d.seen[key]
	d.seen[key] = before + 1
	whole := sha256.Sum256(binary.AppendUvarint(sum[:], uint64(before)))
	return idPrefix + hex.EncodeToString(whole[:16]), before
}

// sum is the hash of what a row says, whatever the order of its fields.
func (d *identities) sum(c content) [sha256.Size]byte {
	sorted := slices.SortedFunc(slices.Values(c), func(a, b field) int { return strings.Compare(a.name, b.name) })
	d.buffer = d.buffer[:0]
	for _, f := range sorted {
		d.buffer = appendText(appendText(d.buffer, f.name), f.text)
	}
	return sha256.Sum256(d.buffer)
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// repeats finds rows that name a rating_id for the second time.
type repeats struct {
	seen map[uint64]version
	sums *identities
}

// version is the newest row of a rating_id so far.
type version struct {
	content, identity uint64
	revision, line    uint32
}

func newRepeats() *repeats { return &repeats{seen: map[uint64]version{}, sums: newIdentities()} }

// check says whether the row repeats an earlier one in all it says, or why it must not follow the earlier one. The event is what
// the content means. An erasure is free to follow or to come before what it erases.
func (r *repeats) check(c content, e *event.Event, line int) (again bool, wrong *rejection) {
	if e.Op == event.Erase {
		return false, nil
	}
	sum, key := r.sums.sum(c), sha256.Sum256([]byte(e.RatingID))
	r.sums.buffer = appendText(binary.AppendVarint(r.sums.buffer[:0], e.OccurredAt), e.CustomerID)
	identity := sha256.Sum256(r.sums.buffer)
	now := version{binary.BigEndian.Uint64(sum[:]), binary.BigEndian.Uint64(identity[:]), e.Revision, uint32(line)}
	id := binary.BigEndian.Uint64(key[:])
	before, known := r.seen[id]
	switch {
	case !known:
		r.seen[id] = now
	case before.content == now.content:
		return true, nil
	case before.identity != now.identity:
		return false, reject(identityConflict, "rating_id", fmt.Sprintf("the id of line %d, with another occurred_at or customer_id", before.line),
			"an id for each rating: all of its versions have the same occurred_at and customer_id")
	case before.revision == now.revision:
		return false, reject(duplicateID, "rating_id", fmt.Sprintf("the id of line %d, with other content", before.line),
			"an id for each rating, or a higher revision where one is corrected")
	case before.revision < now.revision:
		r.seen[id] = now
	}
	return false, nil
}
