package app

import (
	"context"
	"time"

	"satisflow/cmd/internal/api"
	metrics "satisflow/sinks/prometheus"
)

// healthEvery is how often the parts that a process needs are asked, and half of it how long they have to answer.
const healthEvery = 5 * time.Second

// healthPart shows in the metrics which checks pass.
func healthPart(health *metrics.Health, checks []api.Check) part {
	return part{"health", func(ctx context.Context) error {
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
