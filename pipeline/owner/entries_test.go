package owner

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"satisflow/pipeline/event"
	"satisflow/pipeline/window"
)

// drawQuality draws values that fit in 32 bits, values at the edges of what does, and values that do not.
func drawQuality(r *rand.Rand, metrics int) event.Quality {
	q := event.NoQuality()
	for i := range metrics {
		switch r.IntN(6) {
		case 0:
			q[i] = int64(wideQuality) - 2 + int64(r.IntN(5))
		case 1:
			q[i] = -int64(r.IntN(1000)) - 1
		case 2:
			q[i] = math.MaxInt64 - int64(r.IntN(9))
		case 3, 4:
			q[i] = int64(r.IntN(10_000))
		}
	}
	return q
}

func TestEntriesHoldWhatAMapHolds(t *testing.T) {
	type held struct {
		e entry
		q event.Quality
	}
	for _, metrics := range []int{0, 3, event.MaxQuality} {
		r := rand.New(rand.NewPCG(3, uint64(metrics)))
		table, want := newEntries(metrics), map[ratingHash]held{}
		for range 20_000 {
			h := ratingKey.of(fmt.Sprint("rating-", r.IntN(7000)))
			e := entry{hash: h, version: r.Uint64(), group: window.GroupID(r.Uint32()), rating: uint16(r.IntN(501)), silent: r.IntN(2) == 0}
			q := drawQuality(r, metrics)
			n := table.find(h)
			if _, ok := want[h]; ok != (n >= 0) {
				t.Fatalf("find says %d of an entry that is there: %v", n, ok)
			}
			if n < 0 {
				n = table.add(e)
			} else {
				*table.at(n) = e
			}
			table.setQuality(n, &q)
			want[h] = held{e, q}
		}
		if table.n != len(want) {
			t.Fatalf("%d entries, want %d", table.n, len(want))
		}
		wide := 0
		for h, w := range want {
			n := table.find(h)
			if n < 0 || *table.at(n) != w.e || table.quality(n) != w.q {
				t.Fatalf("entry %d is %+v %v, want %+v", n, table.at(n), table.quality(n), w)
			}
			for _, v := range w.q[:metrics] {
				if v != event.MissingQuality && (v < 0 || v >= wideQuality) {
					wide++
				}
			}
		}
		if len(table.wide) != wide {
			t.Errorf("%d wide values are held, want %d", len(table.wide), wide)
		}
		if table.held < table.n*(32+4*metrics) || table.held > 2*table.n*(32+4*metrics)+wideBytes*wide {
			t.Errorf("%d entries of %d metrics say that they take %d bytes", table.n, metrics, table.held)
		}
	}
}

func TestKeySumsAreThoseOfTheWindow(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	bands := window.DefaultBands()
	sums, want := keySums{metrics: 3}, map[window.KeyID]*window.Sums{}
	type counted struct {
		key    window.KeyID
		rating int32
		q      event.Quality
	}
	var all []counted
	for range 5000 {
		c := counted{window.KeyID(r.IntN(300) * 64), int32(100 + r.IntN(401)), drawQuality(r, 3)}
		if r.IntN(9) == 0 {
			c.rating = 0
		}
		by := int32(1)
		if len(all) > 0 && r.IntN(3) == 0 { // take one away again
			i := r.IntN(len(all))
			c, by = all[i], -1
			all[i] = all[len(all)-1]
			all = all[:len(all)-1]
		} else {
			all = append(all, c)
		}
		if want[c.key] == nil {
			want[c.key] = &window.Sums{}
		}
		sums.count(sums.place(c.key), &bands, c.rating, &c.q, by)
		want[c.key].Count(&bands, c.rating, &c.q, int64(by))
	}
	if len(sums.keys) != len(want) {
		t.Fatalf("%d keys, want %d", len(sums.keys), len(want))
	}
	for k, w := range want {
		if got := sums.at(sums.place(k)); got != *w {
			t.Fatalf("key %d: %+v, want %+v", k, got, *w)
		}
	}
}
