package importer

import (
	"cmp"
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

// identities makes rating_ids out of the columns of rows, whatever is mapped to which field. They are imp- and the first 128 bits,
// in hexadecimal digits, of the SHA-256 of another SHA-256, that of the row's columns that have a value, sorted by name, each
// as the length and bytes of its name and of its text, and then the number of rows before that were the same; lengths and
// number as unsigned varints.
type identities struct {
	buffer []byte
	sorted []named
	seen   map[[8]byte]uint32 // how many rows of a hash there were
}

// named is a text under a name.
type named struct{ name, text string }

func newIdentities() *identities {
	return &identities{seen: map[[8]byte]uint32{}}
}

// of returns the rating_id of a row, and how many rows before it were the same.
func (d *identities) of(r *row) (id string, before uint32) {
	d.sorted = d.sorted[:0]
	for i, c := range r.columns {
		if r.cells[i].kind != missing {
			d.sorted = append(d.sorted, named{c, r.cells[i].text})
		}
	}
	sum := d.sum()
	key := [8]byte(sum[:8])
	before = d.seen[key]
	d.seen[key] = before + 1
	return madeID(sum, before), before
}

// ofColumns returns the rating_id that the columns alone make, or nothing if the row has a value in none of them.
func (d *identities) ofColumns(r *row, columns []string) string {
	d.sorted = d.sorted[:0]
	for _, name := range columns {
		first, _, _ := strings.Cut(name, alternative)
		for _, one := range strings.Split(name, alternative) {
			if c := r.cell(find(r.columns, one)); c.kind != missing {
				d.sorted = append(d.sorted, named{first, c.text})
				break
			}
		}
	}
	if len(d.sorted) == 0 {
		return ""
	}
	return madeID(d.sum(), 0)
}

func madeID(sum [sha256.Size]byte, before uint32) string {
	whole := sha256.Sum256(binary.AppendUvarint(sum[:], uint64(before)))
	return idPrefix + hex.EncodeToString(whole[:16])
}

// ofContent is the hash of what a row means, whatever the order of its fields.
func (d *identities) ofContent(c content) [sha256.Size]byte {
	d.sorted = d.sorted[:0]
	for i := range c {
		d.sorted = append(d.sorted, named{c[i].name, c[i].text})
	}
	return d.sum()
}

func (d *identities) sum() [sha256.Size]byte {
	slices.SortFunc(d.sorted, func(a, b named) int { return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.text, b.text)) })
	d.buffer = d.buffer[:0]
	for _, n := range d.sorted {
		d.buffer = appendText(appendText(d.buffer, n.name), n.text)
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
	sum, key := r.sums.ofContent(c), sha256.Sum256([]byte(e.RatingID))
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
