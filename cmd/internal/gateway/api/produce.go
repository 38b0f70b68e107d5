package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"satisflow/cmd/internal/gateway/guard"
	"satisflow/cmd/internal/gateway/problem"
	"satisflow/pipeline/source"
)

// retryKafka is after how long a client may try again when Kafka is away.
const retryKafka = 5 * time.Second

// produce waits for Kafka to acknowledge the messages, but not longer than it is allowed to. It returns an error for each
// message that is not known to be in the log, or nil.
func (a *API) produce(ctx context.Context, messages []source.Message) source.ProduceErrors {
	bounded, cancel := context.WithTimeout(ctx, a.Config.ProduceTimeout)
	defer cancel()
	err := a.Producer.Produce(bounded, messages...)
	if err == nil {
		return nil
	}
	if ctx.Err() == nil { // whoever hung up says nothing about Kafka
		a.burst.Warn().Str("request_id", guard.RequestID(ctx)).Int("ratings", len(messages)).Err(err).Msg("kafka did not acknowledge ratings")
	}
	var each source.ProduceErrors
	if !errors.As(err, &each) || len(each) != len(messages) {
		each = make(source.ProduceErrors, len(messages))
		for i := range each {
			each[i] = err
		}
	}
	a.metrics.refused.WithLabelValues(reasonUnavailable).Add(float64(failures(each)))
	return each
}

func failures(each source.ProduceErrors) int { return len(each.Unwrap()) }

// produceWhole produces the ratings of one body; the problem names those that Kafka is not known to have, and those that
// it has under an identity which the gateway made.
func (a *API) produceWhole(ctx context.Context, all []taken) error {
	messages := make([]source.Message, len(all))
	for i := range all {
		messages[i] = all[i].message
	}
	errs := a.produce(ctx, messages)
	if errs == nil {
		return nil
	}
	p := unavailable(len(all) - failures(errs))
	for i := range all {
		all[i].stored.Row = i + 1 // a body on its own is row 1
		p.unacknowledged(&all[i], errs[i])
	}
	return p
}

// unacknowledged lists the rating by what became of it.
func (p *RecordProblem) unacknowledged(t *taken, err error) {
	switch {
	case err != nil:
		p.Ratings = append(p.Ratings, t.stored)
	case t.made:
		p.AcceptedRatings = append(p.AcceptedRatings, t.stored)
	}
}

func unavailable(accepted int) *RecordProblem {
	return &RecordProblem{Accepted: accepted, Problem: *problem.New(http.StatusServiceUnavailable,
		"Kafka did not acknowledge in time: send what is not accepted again, with just the rating_ids and times that are listed; it may be stored already, and is not counted twice then").
		RetryAfter(retryKafka)}
}
