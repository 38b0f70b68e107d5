package owner

import (
	"fmt"

	"satisflow/pipeline/event"
)

// chooser makes the random choices of a schedule: a seeded generator, or rapid, which shrinks them.
type chooser interface{ intn(n int) int }

func chance(c chooser, percent int) bool { return c.intn(100) < percent }

func pick[T any](c chooser, of ...T) T { return of[c.intn(len(of))] }

// simPane is the pane length of the simulation; time is counted in panes.
const simPane = 300_000

// simRecord is one record of the simulated log, and when it is there to be read.
type simRecord struct {
	ev       event.Event
	rejected bool
	old      bool // of a pane that is frozen when the record comes
	at       int64
}

// makeLog writes a random log of one partition: a few ratings that keep id, customer and event time, with corrections of
// rating, service, quarantine and respondent; duplicates, stale revisions, erasures, late ones, rejected records.
func makeLog(c chooser, partition, n int) []simRecord {
	var log []simRecord
	at, ids := int64(0), 2+c.intn(3)
	rev, when := make([]uint32, ids), make([]int64, ids)
	for i := range when {
		when[i] = -1 << 40
	}
	for range n {
		at += pick[int64](c, 0, 0, 0, 1, 1, 5)
		if len(log) > 0 && chance(c, 22) { // a duplicate or a stale revision
			r := log[c.intn(len(log))]
			r.at = at
			log = append(log, r)
			continue
		}
		i := c.intn(ids)
		if when[i] == -1<<40 {
			when[i] = at - pick[int64](c, -1, 0, 0, 0, 1, 2, 5, 14, -10)
		}
		rev[i] += pick[uint32](c, 1, 1, 1, 0)
		log = append(log, simRecord{ev: simEvent(c, partition, i, rev[i], when[i]), rejected: chance(c, 5), at: at})
	}
	if n > 2 && chance(c, 40) { // revisions out of order
		a := c.intn(n - 1)
		log[a].ev, log[a+1].ev = log[a+1].ev, log[a].ev
	}
	return log
}

func simEvent(c chooser, partition, id int, rev uint32, t int64) event.Event {
	e := event.Event{
		RatingID: fmt.Sprintf("%d-%d", partition, id), Revision: rev, OccurredAt: t*simPane + int64(id), CustomerID: "c",
		Service: pick(c, "a", "b"), Channel: pick(c, "", "web"), Rating: int32(100 + 50*c.intn(9)),
		Quarantined: chance(c, 12), Staff: chance(c, 8), Quality: event.NoQuality(),
	}
	switch c.intn(10) {
	case 0:
		e.Op = event.Erase
	case 1:
		e.Rating = 0
	case 2, 3, 4:
		e.Quality[event.QualityResponseMS] = int64(c.intn(1000))
	}
	return e
}

// String is the record in a line.
func (r simRecord) String() string {
	e := &r.ev
	return fmt.Sprintf("pane %d %s rev %d %s %s/%s rating %d quarantined=%v staff=%v rejected=%v", floor(e.OccurredAt, simPane),
		e.RatingID, e.Revision, e.Op, e.Service, e.Channel, e.Rating, e.Quarantined, e.Staff, r.rejected)
}
