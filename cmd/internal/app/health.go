package app

import (
	"context"
	"time"

	"satisflow/cmd/internal/gateway/api"
	metrics "satisflow/sinks/prometheus"
)

// healthEvery is how often the parts that a process needs are asked, and half of it how long they have to answer.
const healthEvery = 5 * time.Second

// healthPart shows in the metrics which checks pass.
func healthPart(health *metrics.Health, checks []api.Check) part {
	return part{name: "health", run: func(ctx context.Context) error {
		for {
			for _, c := range checks {
				asked, cancel := context.WithTimeout(ctx, healthEvery/2)
				health.Set(c.Name, c.Check(asked) == nil)
				cancel()
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(healthEvery):
			}
		}
	}}
}

// Answers of a check that costs the other side something are kept for so long.
const (
	keepGood = 5 * time.Minute
	keepBad  = 30 * time.Second
)

// seldom asks a check again only when its last answer is old: a mail server would tire of a sign-in with every probe. A
// caller that goes away leaves the answer to the next one.
func seldom(check func(context.Context) error, now func() time.Time) func(context.Context) error {
	running := make(chan struct{}, 1) // filled while the check runs
	var err error
	var until time.Time
	return func(ctx context.Context) error {
		answer := make(chan error, 1)
		go func() {
			running <- struct{}{}
			defer func() { <-running }()
			if !now().Before(until) {
				err = check(context.WithoutCancel(ctx)) // it has a timeout of its own
				until = now().Add(keepGood)
				if err != nil {
					until = now().Add(keepBad)
				}
			}
			answer <- err
		}()
		select {
		case err := <-answer:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
