package chaos

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// victim is one of the processors that share the partitions, at random.
func (k *striker) victim(draw *rand.Rand) *processor {
	return k.processors[draw.IntN(k.cfg.Processors)]
}

// running is a victim that runs, nil when none does. Whoever ended by itself is being started again.
func (k *striker) running(draw *rand.Rand) *processor {
	return k.first(draw.IntN(k.cfg.Processors), func(s Step) bool { return s != Absent })
}

// working is a victim that has flushed something, as soon as one has; one that just runs when none has in time.
func (k *striker) working(ctx context.Context, draw *rand.Rand) *processor {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	from := draw.IntN(k.cfg.Processors)
	for ctx.Err() == nil {
		if p := k.first(from, func(s Step) bool { return s != Absent && s != Starting }); p != nil {
			return p
		}
		sleep(ctx, 20*time.Millisecond)
	}
	return k.first(from, func(s Step) bool { return s != Absent })
}

// first is the first processor from a number on that is at such a step.
func (k *striker) first(from int, at func(Step) bool) *processor {
	for i := range k.cfg.Processors {
		if p := k.processors[(from+i)%k.cfg.Processors]; at(p.step()) {
			return p
		}
	}
	return nil
}

// victimFor is whom to strike at a step, or at any.
func (k *striker) victimFor(ctx context.Context, aim Step, draw *rand.Rand) *processor {
	if aim == "" {
		return k.running(draw)
	}
	return k.working(ctx, draw)
}

func (k *striker) killProcessor(ctx context.Context, aim Step, draw *rand.Rand) error {
	p, away := k.victimFor(ctx, aim, draw), upTo(draw, min(2*time.Second, k.cfg.Session))
	if p == nil {
		return nil
	}
	var step Step
	err := k.aimed(ctx, p, aim, false, func() (err error) {
		step, err = p.kill()
		return err
	})
	if err == nil && step != Absent {
		k.hit(KillProcessor, step, "processor %d, started again after %s", p.number, brief(away))
		sleep(ctx, away)
	}
	return errors.Join(err, p.start())
}

// standing is for how long a processor is kept at a step at most, until its log tells of it.
const standing = time.Second

// aimed brings a processor to a step and keeps it there during the strike. What it sends next is held up meanwhile, and
// then passed on or lost. A processor that does not come there in time is struck wherever it is.
func (k *striker) aimed(ctx context.Context, p *processor, aim Step, pass bool, strike func() error) error {
	if aim == "" {
		return strike()
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for waiting.Err() == nil {
		if struck, err := k.strikeNext(waiting, p, aim, pass, strike); struck || err != nil {
			return err
		}
	}
	return strike()
}

// strikeNext strikes at the next insert that looks like that after the step, if the processor's log tells of the step too: it
// does not when a flush was given up and what comes is the beginning of another.
func (k *striker) strikeNext(ctx context.Context, p *processor, aim Step, pass bool, strike func() error) (struck bool, err error) {
	goesOn := true
	next := p.front.catch(aim)
	defer func() { next.lift(goesOn) }()
	came, proc := next.wait(ctx), p.running()
	if !came || proc == nil {
		return false, nil
	}
	if aim == BeforeCommit {
		p.kafka.hold()
		defer func() { err = errors.Join(err, choose(goesOn, p.kafka.release, p.kafka.drop)()) }()
		proc.watcher.hold(true)
		defer proc.watcher.hold(false)
		next.lift(true)
	}
	telling, cancel := context.WithTimeout(ctx, standing)
	defer cancel()
	if !proc.watcher.await(telling, aim) {
		return false, nil
	}
	goesOn = pass
	return true, strike()
}

// zombie stops a processor for longer than its session, so that others own its partitions when it goes on.
func (k *striker) zombie(ctx context.Context, aim Step, draw *rand.Rand) (err error) {
	p, while := k.victimFor(ctx, aim, draw), k.cfg.Session+time.Second+upTo(draw, k.cfg.Session)
	if p == nil {
		return nil
	}
	var step Step
	resume := func() error { return nil }
	defer func() { err = errors.Join(err, resume()) }()
	err = k.aimed(ctx, p, aim, true, func() (err error) {
		step, resume, err = p.stop()
		return err
	})
	if err == nil && step != Absent {
		k.hit(Zombie, step, "processor %d for %s", p.number, brief(while))
		sleep(ctx, while)
	}
	return err
}

func (k *striker) leave(ctx context.Context, draw *rand.Rand) error {
	p, away := k.running(draw), upTo(draw, min(4*time.Second, k.cfg.Session))
	if p == nil {
		return nil
	}
	k.hit(Leave, p.step(), "processor %d for %s", p.number, brief(away))
	if err := p.end(); err != nil {
		return err
	}
	sleep(ctx, away)
	return p.start()
}

func (k *striker) join(ctx context.Context, draw *rand.Rand) error {
	p, while := k.processors[k.cfg.Processors], 2*time.Second+upTo(draw, k.cfg.Session)
	k.hit(Join, k.processors[0].step(), "processor %d for %s", p.number, brief(while))
	if err := p.start(); err != nil {
		return err
	}
	sleep(ctx, while)
	return p.end()
}
