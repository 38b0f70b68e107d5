package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"
)

// striker makes faults.
type striker struct {
	*stack
	mu   sync.Mutex
	hits tally
}

// patience is how long a strike waits for the step that it is aimed at.
const patience = 8 * time.Second

// loop draws faults from a deck, the next shuffled when it is used up, until the time is over and none of its faults is
// missing. A fault that missed its step is tried again at once, a few times.
func (k *striker) loop(ctx context.Context, until time.Time, faults []Fault, seed uint64) error {
	draw := rand.New(rand.NewPCG(k.cfg.Seed, seed))
	var deck []Fault
	for {
		if len(deck) == 0 {
			deck = append(deck, faults...)
			draw.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		}
		over := time.Now().After(until)
		missing := k.missing(faults)
		switch {
		case ctx.Err() != nil, over && len(missing) == 0, time.Now().After(until.Add(overtime)):
			return nil
		case over:
			deck = missing
		}
		f := deck[0]
		deck = deck[1:]
		if err := k.make(ctx, f, draw); err != nil {
			return fmt.Errorf("%s: %w", f.Kind, err)
		}
		sleep(ctx, upTo(draw, k.cfg.Calm))
	}
}

// overtime is for how long faults may go on because one of them was not hit.
const overtime = 5 * time.Minute

func (k *striker) missing(of []Fault) []Fault {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.hits.missing(of)
}

// hit counts what was hit, and says so.
func (k *striker) hit(kind Kind, step Step, format string, args ...any) {
	k.mu.Lock()
	k.hits[Fault{kind, step}]++
	k.mu.Unlock()
	k.say("%s: %s (%s)", kind, fmt.Sprintf(format, args...), step)
}

// make makes one fault and undoes it.
func (k *striker) make(ctx context.Context, f Fault, draw *rand.Rand) error {
	switch f.Kind {
	case KillProcessor:
		return k.killProcessor(ctx, f.Aim, draw)
	case Zombie:
		return k.zombie(ctx, f.Aim, draw)
	case Leave:
		return k.leave(ctx, draw)
	case Join:
		return k.join(ctx, draw)
	case KillBroker:
		return k.killBroker(ctx, draw)
	case StopBroker:
		return k.stopPart(ctx, f.Kind, k.broker.signal, draw)
	case KillEngine:
		return k.killEngine(ctx, draw)
	case StopEngine:
		return k.stopPart(ctx, f.Kind, func(s syscall.Signal) error { return k.engine.Signal(s) }, draw)
	case RefuseInserts:
		return k.mood(ctx, f.Kind, refusing, draw)
	case LoseAnswers:
		return k.mood(ctx, f.Kind, losing, draw)
	default:
		return k.network(ctx, f.Kind, draw)
	}
}

// victim is one of the processors that share the partitions, at random.
func (k *striker) victim(draw *rand.Rand) *processor {
	return k.processors[draw.IntN(k.cfg.Processors)]
}

// alive is a victim that runs and, if one does, has work to be struck at. One that has ended by itself is started again.
func (k *striker) alive(draw *rand.Rand) (*processor, error) {
	p := k.victim(draw)
	for _, other := range k.processors[:k.cfg.Processors] {
		if step := p.step(); step == Starting || step == Absent {
			p = other
		}
	}
	if p.running() == nil {
		return p, p.start()
	}
	return p, nil
}

func (k *striker) killProcessor(ctx context.Context, aim Step, draw *rand.Rand) error {
	p, err := k.alive(draw)
	if err != nil {
		return err
	}
	away := upTo(draw, 2*time.Second)
	step, err := k.killAt(ctx, p, aim)
	if err != nil {
		return err
	}
	k.hit(KillProcessor, step, "processor %d, started again after %s", p.number, brief(away))
	sleep(ctx, away)
	return p.start()
}

// killAt kills at a step.
func (k *striker) killAt(ctx context.Context, p *processor, aim Step) (step Step, err error) {
	err = k.aimed(ctx, p, aim, (*link).drop, func(aiming context.Context) error {
		step, err = p.kill(aiming, aim)
		return err
	})
	return step, err
}

// aimed makes room for a strike at a step: while strike runs, what the processor sends next after the step is held up for
// longer than the strike takes. Then it is let go, or dropped.
func (k *striker) aimed(ctx context.Context, p *processor, aim Step, then func(*link) error, strike func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	proc := p.running()
	if aim == "" || proc == nil {
		return strike(ctx)
	}
	way, by := p.store, 30*time.Millisecond
	if aim == BeforeCommit {
		way, by = p.kafka, 250*time.Millisecond
		proc.watcher.hold(by)
		defer proc.watcher.hold(0)
	}
	if err := way.hold(by); err != nil {
		return err
	}
	return errors.Join(strike(ctx), then(way))
}

// zombie stops a processor for longer than its session, so that others own its partitions when it goes on.
func (k *striker) zombie(ctx context.Context, aim Step, draw *rand.Rand) error {
	p, err := k.alive(draw)
	if err != nil {
		return err
	}
	while := k.cfg.Session + time.Second + upTo(draw, k.cfg.Session)
	var step Step
	var resume func() error
	err = k.aimed(ctx, p, aim, (*link).release, func(aiming context.Context) error {
		step, resume, err = p.stop(aiming, aim)
		return err
	})
	if err != nil {
		return err
	}
	k.hit(Zombie, step, "processor %d for %s", p.number, brief(while))
	sleep(ctx, while)
	return resume()
}

func (k *striker) leave(ctx context.Context, draw *rand.Rand) error {
	p, err := k.alive(draw)
	if err != nil {
		return err
	}
	away := upTo(draw, 4*time.Second)
	k.hit(Leave, p.step(), "processor %d for %s", p.number, brief(away))
	if err := p.end(endTime); err != nil {
		return err
	}
	sleep(ctx, away)
	return p.start()
}

// endTime is how long a processor may take to end in order: what the role allows itself, and what faults add to it.
const endTime = 45 * time.Second

func (k *striker) join(ctx context.Context, draw *rand.Rand) error {
	p, while := k.processors[k.cfg.Processors], 2*time.Second+upTo(draw, k.cfg.Session)
	k.hit(Join, k.processors[0].step(), "processor %d for %s", p.number, brief(while))
	if err := p.start(); err != nil {
		return err
	}
	sleep(ctx, while)
	return p.end(endTime)
}

func (k *striker) killBroker(ctx context.Context, draw *rand.Rand) error {
	away := upTo(draw, 3*time.Second)
	k.hit(KillBroker, k.victim(draw).step(), "started again after %s", brief(away))
	if err := k.broker.kill(); err != nil {
		return err
	}
	sleep(ctx, away)
	return k.broker.start(context.WithoutCancel(ctx))
}

func (k *striker) killEngine(ctx context.Context, draw *rand.Rand) error {
	away := upTo(draw, 3*time.Second)
	k.hit(KillEngine, k.victim(draw).step(), "started again after %s", brief(away))
	if err := k.engine.Kill(); err != nil {
		return err
	}
	sleep(ctx, away)
	return k.startEngine(context.WithoutCancel(ctx))
}

func (k *striker) stopPart(ctx context.Context, kind Kind, signal func(syscall.Signal) error, draw *rand.Rand) error {
	while := time.Second + upTo(draw, k.cfg.Session+2*time.Second)
	k.hit(kind, k.victim(draw).step(), "for %s", brief(while))
	return pause(ctx, signal, while)
}

// mood counts only when it met inserts.
func (k *striker) mood(ctx context.Context, kind Kind, m mood, draw *rand.Rand) error {
	while, before, step := time.Second+upTo(draw, k.cfg.Session), k.front.hits.Load(), k.victim(draw).step()
	k.front.set(m)
	sleep(ctx, while)
	k.front.set(passing)
	if n := k.front.hits.Load() - before; n > 0 {
		k.hit(kind, step, "%d inserts in %s", n, brief(while))
	}
	return nil
}

// network spoils the connections of one processor, or of all.
func (k *striker) network(ctx context.Context, kind Kind, draw *rand.Rand) error {
	while, by, after := time.Second+upTo(draw, 3*k.cfg.Session/2), 20*time.Millisecond+upTo(draw, time.Second), 1+draw.IntN(64<<10)
	whom, victims := "all", k.processors
	if one := draw.IntN(2 * len(k.processors)); one < len(k.processors) {
		whom, victims = fmt.Sprintf("processor %d", one), k.processors[one:one+1]
	}
	k.hit(kind, k.victim(draw).step(), "%s for %s", whom, brief(while))
	undo := (*link).heal
	links := linksOf(victims, kind == DelayKafka || kind == CutKafka || kind == HalfOpenKafka)
	for _, l := range links {
		var err error
		switch kind {
		case DelayKafka, DelayStore:
			err = l.delay(by)
		case HalfOpenKafka, HalfOpenStore:
			err = l.halfOpen()
		case TearInserts:
			err = l.tear(after)
		case CutKafka, CutStore:
			undo, err = (*link).mend, l.cut()
		}
		if err != nil {
			return err
		}
	}
	sleep(ctx, while)
	for _, l := range links {
		if err := undo(l); err != nil {
			return err
		}
	}
	return nil
}

// linksOf are the ways of the processors, each once.
func linksOf(of []*processor, kafka bool) (links []*link) {
	seen := map[*link]bool{}
	for _, p := range of {
		l := choose(kafka, p.kafka, p.store)
		if !seen[l] {
			seen[l] = true
			links = append(links, l)
		}
	}
	return links
}

func upTo(draw *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(draw.Float64() * float64(d))
}

func brief(d time.Duration) string { return d.Round(100 * time.Millisecond).String() }
