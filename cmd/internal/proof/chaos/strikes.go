package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
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

// patience is how long a strike waits for a processor at work, and then for the step that it is aimed at: faults of the
// other loop come between, and a flush of a backlog is long.
const patience = 45 * time.Second

// loop draws faults from a deck, the next shuffled when it is used up, until the time is over and none of its faults is
// missing.
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

// make makes one fault and undoes it, in every way out.
func (k *striker) make(ctx context.Context, f Fault, draw *rand.Rand) error {
	k.faults.begin()
	defer k.faults.end()
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

func upTo(draw *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(draw.Float64() * float64(d))
}

func brief(d time.Duration) string { return d.Round(100 * time.Millisecond).String() }

func briefs(all []time.Duration) string {
	texts := make([]string, len(all))
	for i, d := range all {
		texts[i] = brief(d)
	}
	return strings.Join(texts, ", ")
}
