package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"
)

func (k *striker) killBroker(ctx context.Context, draw *rand.Rand) error {
	away := upTo(draw, min(3*time.Second, k.cfg.Session))
	k.hit(KillBroker, k.victim(draw).step(), "started again after %s", brief(away))
	if err := k.broker.kill(); err != nil {
		return err
	}
	sleep(ctx, away)
	return k.broker.start(context.WithoutCancel(ctx))
}

func (k *striker) killEngine(ctx context.Context, draw *rand.Rand) error {
	away := upTo(draw, min(3*time.Second, k.cfg.Session))
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
	while, step, before := time.Second+upTo(draw, k.cfg.Session), k.victim(draw).step(), k.moodHits()
	for _, p := range k.processors {
		p.front.set(m)
		defer p.front.set(passing)
	}
	sleep(ctx, while)
	if n := k.moodHits() - before; n > 0 {
		k.hit(kind, step, "%d inserts in %s", n, brief(while))
	}
	return nil
}

// moodHits is how many inserts were refused or left without an answer so far.
func (k *striker) moodHits() (n int64) {
	for _, p := range k.processors {
		n += p.front.hits.Load()
	}
	return n
}

// network spoils the connections of one processor, or of all. It counts only when it met what they sent.
func (k *striker) network(ctx context.Context, kind Kind, draw *rand.Rand) (err error) {
	while, by, after := time.Second+upTo(draw, 3*k.cfg.Session/2), 20*time.Millisecond+upTo(draw, time.Second), 1+draw.IntN(64<<10)
	whom, victims := "all", k.processors
	if one := draw.IntN(2 * len(k.processors)); one < len(k.processors) {
		whom, victims = fmt.Sprintf("processor %d", one), k.processors[one:one+1]
	}
	step, links := k.victim(draw).step(), linksOf(victims, kind == DelayKafka || kind == CutKafka || kind == HalfOpenKafka)
	before := hitsOf(links)
	for _, l := range links {
		defer func() { err = errors.Join(err, l.heal()) }()
		switch kind {
		case DelayKafka, DelayStore:
			l.delay(by)
		case HalfOpenKafka, HalfOpenStore:
			l.halfOpen()
		case TearInserts:
			l.tear(after)
		case CutKafka, CutStore:
			l.cut()
		}
	}
	sleep(ctx, while)
	if n := hitsOf(links) - before; n > 0 {
		k.hit(kind, step, "%s for %s, %d hits", whom, brief(while), n)
	}
	return nil
}

func hitsOf(links []*link) (n int64) {
	for _, l := range links {
		n += l.hits()
	}
	return n
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

// pause lets a process of a part stand still for a while.
func pause(ctx context.Context, signal func(syscall.Signal) error, while time.Duration) (err error) {
	defer func() { err = errors.Join(err, signal(syscall.SIGCONT)) }()
	if err := signal(syscall.SIGSTOP); err != nil {
		return err
	}
	sleep(ctx, while)
	return nil
}

// sleep returns after the time, or when ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
