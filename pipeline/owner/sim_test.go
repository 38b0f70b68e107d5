package owner

import (
	"fmt"
	"math/rand/v2"
	"time"

	"satisflow/pipeline/window"
)

// sim is one schedule: random logs of two partitions and processes whose every step is interleaved at random, with
// crashes at each step, zombies, torn, delayed and repeated inserts, skewed clocks and quiet nights.
type sim struct {
	c           chooser
	cfg         Config
	grid        window.Grid
	now         int64
	apart       int64 // how far the store's clock is off
	final       bool
	log         [2][]simRecord
	db, replica []*simDB
	lag         []insert
	delayed     []insert
	procs       []*proc
	last        map[int32]*Owner
	finished    []*proc
	seen        [2]Checkpoint
	generations int
	wrong       map[string]bool
	stats       simStats
	variant     variant
	tracing     bool
	cache       map[[2]int64]simDurable
	expired     [2]int64 // offsets below have no fact any more
}

type simStats struct {
	effects                                                                                                                       [numEffects]int
	crashes, zombies, revocations, evictions, torn, delays, repeats, flushes, late, paged, lateCorrections, clockSteps, clockBack int
	failedReads, failedInserts, outlived, survived, frozen, otherLogs                                                             int // errors that the process survived
}

// variant is a trap that lies in the store rather than in the owner.
type variant int

const (
	asDesigned     variant = iota
	halvesApart            // cut and watermark of the checkpoint read each by its own maximum
	laggingReplica         // reads come from a replica that is behind
	additiveDeltas         // panes stored as sums of deltas, each inserted once by its token
)

func simDefinition() *window.Definition {
	return &window.Definition{
		Windows: []window.Spec{{Name: "short", Length: 2 * simPane * time.Millisecond, Slide: simPane * time.Millisecond},
			{Name: "long", Length: 4 * simPane * time.Millisecond, Slide: 2 * simPane * time.Millisecond}},
		Pane: simPane * time.Millisecond, Bands: window.DefaultBands(), Partitions: 2,
	}
}

type randChooser struct{ r *rand.Rand }

func (c randChooser) intn(n int) int { return c.r.IntN(n) }

func seeded(seed uint64) chooser { return randChooser{rand.New(rand.NewPCG(seed, 1))} }

// runSim plays one schedule and returns it with what was wrong.
func runSim(c chooser, fault Fault, v variant, trace ...bool) *sim {
	def := simDefinition()
	s := &sim{c: c, grid: def.Grid(), last: map[int32]*Owner{}, wrong: map[string]bool{}, variant: v, tracing: len(trace) > 0,
		db: []*simDB{newSimDB(), newSimDB()}, replica: []*simDB{newSimDB(), newSimDB()}, cache: map[[2]int64]simDurable{}}
	s.cfg = Config{Topic: simTopic, Grid: s.grid, Bands: def.Bands, Definition: def.Hash(), Lateness: simPane * time.Millisecond, MaxBytes: 1, SweepKeys: 1, Fault: fault}
	s.seen = [2]Checkpoint{{Cut: -1}, {Cut: -1}}
	s.apart = pick[int64](c, 0, 0, 3, 3, -1)
	s.log[0] = makeLog(c, 0, 2+c.intn(8))
	s.log[1] = makeLog(c, 1, pick(c, 0, 1, 4))
	for range 15 + c.intn(75) {
		s.step()
	}
	s.finish()
	if chance(c, 25) {
		s.years()
		for range 15 + c.intn(40) {
			s.step()
		}
		s.finish()
	}
	return s
}

// storeClock is the store's clock, Unix ms.
func (s *sim) storeClock() int64 { return (s.now + s.apart) * simPane }

func (s *sim) step() {
	for len(s.lag) > 0 && chance(s.c, 60) {
		s.store(s.replica, s.lag[0])
		s.lag = s.lag[1:]
	}
	switch x := s.c.intn(100); {
	case x < 14:
		s.now++
	case x < 16:
		s.now += 5 // a quiet night
	}
	if len(s.procs) == 0 || len(s.procs) < 3 && chance(s.c, 8) {
		s.spawn(pick(s.c, []int32{0}, []int32{1}, []int32{0, 1}, []int32{0, 1})...)
	}
	p := s.procs[len(s.procs)-1]
	if chance(s.c, 50) {
		p = pick(s.c, s.procs...)
	}
	if chance(s.c, 3) {
		p.step()
	}
	if in, alive := p.resume(); alive {
		s.mishap(p, in)
	} else {
		s.remove(p)
	}
	if len(s.delayed) > 0 && chance(s.c, 8) {
		i := s.c.intn(len(s.delayed))
		s.do(s.delayed[i])
		s.delayed = append(s.delayed[:i], s.delayed[i+1:]...)
	}
}

// mishap lets the process go on to its insert, or crashes it there, or tears, delays or repeats the insert.
func (s *sim) mishap(p *proc, in insert) {
	switch x := s.c.intn(100); {
	case x < 5:
		s.crash(p, in)
	case in.table == reading && x < 10:
		p.failing = true
	case in.table == reading, in.table == "":
	case x >= 92 && x < 95:
		p.failing = true
		if s.undecided(in) {
			s.stats.outlived++
		}
	case x < 10:
		s.delayed = append(s.delayed, in) // a repeat that arrives later
		s.stats.repeats++
		s.do(in)
	case x >= 95:
		s.do(s.tear(in)) // torn, then retried whole
		s.stats.torn++
		s.do(in)
	default:
		s.do(in)
	}
}

func (s *sim) crash(p *proc, in insert) {
	s.trace("crash of the owner of %v at %s", p.parts, in.table)
	s.remove(p)
	s.stats.crashes++
	if in.table != "" && in.table != reading && s.undecided(in) {
		s.stats.delays++
	}
}

// undecided is an insert of which nobody hears the end: it arrives later, and then undecided returns true, or at once,
// or torn, or never.
func (s *sim) undecided(in insert) bool {
	switch x := s.c.intn(100); {
	case x < 35:
		s.delayed = append(s.delayed, in)
		return true
	case x < 55:
		s.do(in)
	case x < 75:
		s.do(s.tear(in))
		s.stats.torn++
	}
	return false
}

func (s *sim) tear(in insert) insert {
	rows := append([]any(nil), in.rows...)
	for i := range rows {
		j := i + s.c.intn(len(rows)-i)
		rows[i], rows[j] = rows[j], rows[i]
	}
	return insert{in.table, rows[:len(rows)/2]}
}

func (s *sim) remove(p *proc) {
	for i, q := range s.procs {
		if q == p {
			s.procs = append(s.procs[:i:i], s.procs[i+1:]...)
		}
	}
	p.stop()
	s.account(p)
}

// account collects the figures of a process that ended.
func (s *sim) account(p *proc) {
	for _, o := range p.owners {
		s.count(o)
	}
	if p.quiet {
		s.finished = append(s.finished, p)
	}
}

// count adds the figures of an owner, and checks that each offset was counted once.
func (s *sim) count(o *Owner) {
	st := o.stats
	s.stats.late += int(st.Late)
	s.stats.paged += int(st.PagedIn)
	s.stats.evictions += int(st.Evicted)
	s.stats.frozen += int(st.Frozen)
	s.countOwner(o)
	s.stats.lateCorrections += int(min(st.Late, st.Corrections))
	if st.Admitted+st.Rejected != st.Consumed {
		s.wrong["admitted + rejected"] = true
	}
}

// do carries an insert out and checks what must hold at every moment.
func (s *sim) do(in insert) {
	s.store(s.db, in)
	for _, r := range in.rows {
		s.trace("%s: %s", in.table, s.brief(r))
	}
	s.lag = append(s.lag, in)
	if in.table != "windows" && in.table != "ckpt" {
		return
	}
	for p := range s.db {
		s.checkDurable(p)
	}
	if in.table != "ckpt" {
		return
	}
	s.stats.flushes++
	for p, d := range s.db {
		c, ok := d.ckpt[0]
		if ok && (c.Cut < s.seen[p].Cut || c.Cut == s.seen[p].Cut && c.Version(&s.grid) < s.seen[p].Version(&s.grid)) {
			s.wrong["version fell"] = true
		}
		if ok && c.Watermark > (s.now+3)*simPane { // no clock is further ahead
			s.wrong["watermark ahead"] = true
		}
		if ok {
			s.seen[p] = c
		}
	}
}

// finish lets survivors and clean owners read everything, then delivers what is still under way.
func (s *sim) finish() {
	for _, log := range s.log {
		for _, r := range log {
			s.now = max(s.now, r.at)
		}
	}
	s.now += pick[int64](s.c, 0, 3, 6)
	how := s.c.intn(10)
	if how < 4 {
		for len(s.procs) > 0 {
			s.remove(s.procs[0])
		}
	} else if len(s.procs) > 0 {
		s.stats.zombies++
	}
	if how < 7 || len(s.procs) == 0 {
		s.spawn(0, 1)
	} else {
		s.spawn(0)
		s.spawn(1)
	}
	s.final = true
	for turns := 0; len(s.procs) > 0; turns++ {
		if turns > 5000 {
			s.wrong["does not end"] = true
			s.remove(s.procs[0])
			continue
		}
		p := pick(s.c, s.procs...)
		if in, alive := p.resume(); alive {
			s.do(in)
		} else {
			s.remove(p)
		}
	}
	for len(s.delayed) > 0 {
		i := s.c.intn(len(s.delayed))
		s.do(s.delayed[i])
		s.delayed = append(s.delayed[:i], s.delayed[i+1:]...)
	}
	s.check()
	s.checkTopics()
}

func (s *sim) String() string { return fmt.Sprint(s.wrong) }
