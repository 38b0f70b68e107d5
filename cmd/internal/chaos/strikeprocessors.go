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
		step, resume = p.stop(aiming, aim)
		return nil
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
