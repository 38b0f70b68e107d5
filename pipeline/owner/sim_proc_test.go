package owner

import (
	"context"
	"errors"
	"iter"

	"satisflow/pipeline/event"
	"satisflow/pipeline/window"
)

var (
	errCrashed = errors.New("crashed")
	errFailed  = errors.New("failed") // of a read or an insert; the process goes on
)

// proc is one process that owns partitions. It runs the production code as a coroutine; pause hands control back to the
// schedule at every read and insert.
type proc struct {
	sim     *sim
	parts   []int32
	skew    int64
	cfg     Config
	owners  []*Owner
	yield   func(insert) bool
	dead    bool
	failing bool // the read or insert under way fails
	quiet   bool // finished: all read, nothing to write
	resume  func() (insert, bool)
	stop    func()
	folds   int                 // depth of meanwhile
	written map[any]window.Sums // only for the trap additiveDeltas
}

func (s *sim) spawn(parts ...int32) {
	p := &proc{sim: s, parts: parts, skew: pick[int64](s.c, 0, 0, -1, 1, 3), cfg: s.cfg}
	p.cfg.MaxBytes = pick(s.c, 1, 1, 3000, 1<<30)
	p.resume, p.stop = iter.Pull(func(yield func(insert) bool) {
		p.yield = yield
		p.run()
	})
	s.procs = append(s.procs, p)
	s.trace("spawn owner of %v, skew %d, memory %d", parts, p.skew, p.cfg.MaxBytes)
}

func (p *proc) pause(in insert) error {
	if p.dead || !p.yield(in) {
		p.dead = true
		return errCrashed
	}
	if p.failing {
		p.failing = false
		if in.table == reading {
			p.sim.stats.failedReads++
		} else {
			p.sim.stats.failedInserts++
		}
		return errFailed
	}
	return nil
}

func (p *proc) clock() int64 { return (p.sim.now + p.skew) * simPane }

// step sets the process's clock, forward or back.
func (p *proc) step() {
	before := p.skew
	p.skew = pick[int64](p.sim.c, 0, -1, 1, 3, -6)
	if p.skew != before {
		p.sim.stats.clockSteps++
	}
	if p.skew < before && len(p.owners) > 0 {
		p.sim.stats.clockBack++
	}
}

func (p *proc) run() {
	ctx, st := context.Background(), simStore{p}
	for !p.dead && !p.quiet {
		if err := p.assign(ctx, st); err != nil {
			continue // a read failed: once more
		}
		f := &Flusher{Store: st, Sink: st, BlockRows: pick(p.sim.c, 1, 3, 1000), Fault: p.cfg.Fault}
		var err error
		for err == nil && !p.quiet {
			err = p.turn(ctx, f)
		}
		if errors.Is(err, errFailed) {
			p.sim.stats.survived++
			p.fold()
			done, _ := f.Flush(ctx, p.owners, p.clock(), true) // the last flush of the assignment, as at a rebalance
			p.commit(done)
		}
	}
}

// assign begins with empty owners at the checkpoints.
func (p *proc) assign(ctx context.Context, st simStore) error {
	p.sim.generations++
	p.account()
	for _, part := range p.parts {
		o, err := Assign(ctx, &p.cfg, st, part, p.clock())
		if err != nil {
			return err
		}
		o.generation = int64(p.sim.generations)
		if old := p.sim.last[part]; old != nil && p.cfg.Fault.has(MemoryKept) {
			o.keepMemory(old)
		}
		p.sim.last[part] = o
		p.owners = append(p.owners, o)
	}
	return nil
}

// account adds the figures of the owners of the assignment that ended, and forgets these.
func (p *proc) account() {
	for _, o := range p.owners {
		p.sim.count(o)
	}
	p.owners = nil
}

// commit is what Kafka is told. Nobody starts there, but lag tools show it: it must never be beyond a durable checkpoint.
func (p *proc) commit(done []Checkpoint) {
	for _, c := range done {
		if stored, ok := p.sim.db[c.Partition].ckpt[0]; !ok || stored.Cut < c.Cut {
			p.sim.wrong["committed beyond the checkpoint"] = true
		}
	}
}

// turn folds some records of each partition and, mostly, flushes.
func (p *proc) turn(ctx context.Context, f *Flusher) error {
	p.fold()
	if chance(p.sim.c, 25) && !p.sim.final {
		return p.pause(insert{})
	}
	done, err := f.Flush(ctx, p.live(), p.clock(), chance(p.sim.c, 10) && !p.sim.final)
	if err != nil {
		return err
	}
	p.commit(done)
	if len(done) == 0 {
		if p.sim.final && p.drained() {
			p.quiet = true
			return nil
		}
		return p.pause(insert{})
	}
	return nil
}

// live are the owners not revoked.
func (p *proc) live() (left []*Owner) {
	for _, o := range p.owners {
		if !o.revoked {
			left = append(left, o)
		}
	}
	return left
}

// drained says whether every partition is read to its end and checkpointed there.
func (p *proc) drained() bool {
	for _, o := range p.live() {
		if n := int64(len(p.sim.log[o.partition])); o.next < n || n > 0 && o.cut < n {
			return false
		}
	}
	return true
}

func (p *proc) fold() {
	for _, o := range p.live() {
		var batch []Record
		n := p.sim.c.intn(4)
		log := p.sim.log[o.partition]
		for off := o.next; int(off) < len(log) && log[off].at <= p.sim.now && n > 0; off++ {
			batch = append(batch, simFold(o.partition, off, &log[off]))
			n--
		}
		if taken := o.Fold(batch); taken < len(batch) {
			return
		}
		if next := o.next; int(next) >= len(log) || log[next].at > p.sim.now {
			o.AtEnd(next, p.clock())
		}
	}
}

func simFold(partition int32, off int64, r *simRecord) Record {
	rec := Record{Offset: off, Timestamp: r.at * simPane, Mark: simMark(off, r), Event: r.ev, Bytes: 100}
	if r.rejected {
		rec.Rejected = &DeadLetter{Partition: partition, Offset: off}
	}
	return rec
}

// meanwhile is what other goroutines do while an insert is under way: partitions are revoked, folding and eviction go on.
func (p *proc) meanwhile() error {
	s := p.sim
	if live := p.live(); len(live) == 2 && !s.final && chance(s.c, 2) {
		pick(s.c, live...).Revoke()
		s.stats.revocations++
	}
	if p.folds == 0 && chance(s.c, 15) {
		p.folds++
		p.fold()
		p.folds--
	}
	if chance(s.c, 10) {
		for _, o := range p.owners {
			o.evict(0)
		}
	}
	return nil
}

// keepMemory is the trap MemoryKept: the assignment starts with what an earlier one of the process left.
func (o *Owner) keepMemory(old *Owner) {
	for p, pn := range old.panes {
		c := o.newPane()
		for n := range pn.facts.n {
			e, q := *pn.facts.at(n), pn.facts.quality(n)
			if !e.silent {
				e.group = o.adopt(old.keys.Group(e.group), old)
			}
			c.put(o, e, &q, -1)
		}
		for _, k := range pn.sums.keys {
			c.sums.place(o.keys.ID(old.keys.Key(k)))
		}
		o.panes[p] = c
	}
	for id := range old.table.rows {
		k := o.keys.ID(old.keys.Key(window.KeyID(id)))
		for i, p := range old.table.rows[id].panes {
			o.table.set(p, k, old.table.rows[id].sums[i])
		}
	}
}

// adopt gives a group of another owner's keys a number of its own.
func (o *Owner) adopt(group []window.KeyID, old *Owner) window.GroupID {
	var e event.Event
	for _, k := range group {
		switch key := old.keys.Key(k); key.Dimension {
		case window.Service:
			e.Service = key.Value
		case window.Channel:
			e.Channel = key.Value
		case window.Staff:
			e.Service, e.Staff = key.Value, true
		}
	}
	return o.keys.GroupOf(&e)
}
