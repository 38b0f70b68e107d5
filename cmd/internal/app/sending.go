package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/operate/deliver"
	"satisflow/pipeline/source"
)

// openTopic returns a producer for the topic of the ratings, which must be there. The caller closes it.
func openTopic(ctx context.Context, cfg config.Kafka, producer source.ProducerConfig) (*source.Producer, error) {
	client, err := source.NewClient(cfg.Config)
	if err != nil {
		return nil, usageError(fmt.Errorf("kafka: %w", err))
	}
	defer client.Close()
	if err := client.Ping(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, unavailable(fmt.Errorf("%w: is Kafka running there? kafka.brokers (--brokers) says where", err))
	}
	if _, err := client.Partitions(ctx, cfg.Topic); err != nil {
		return nil, usageError(fmt.Errorf("%w: kafka.topic (--topic) names the topic, which `satisflow processor --migrate` makes", err))
	}
	p, err := source.NewProducer(cfg.Config, producer)
	if err != nil {
		return nil, usageError(fmt.Errorf("kafka: %w", err))
	}
	return p, nil
}

// outages tells a person about the times without Kafka: when one begins, that it lasts, when it is over.
func outages(w io.Writer) deliver.Hooks {
	const every = 30 * time.Second
	var told time.Duration
	return deliver.Hooks{
		Away: func(err error, since time.Duration) {
			switch {
			case since == 0, told == 0:
				fmt.Fprintf(w, "Kafka does not take records, waiting for it (Ctrl-C stops): %v\n", err)
			case since < told+every:
				return
			default:
				fmt.Fprintf(w, "still waiting for Kafka after %s\n", since.Round(time.Second))
			}
			told = max(since, 1)
		},
		Back: func(after time.Duration) {
			fmt.Fprintf(w, "Kafka is back after %s\n", after.Round(time.Second))
			told = 0
		},
	}
}

// sendingError gives an error of sending its exit code.
func sendingError(err error) error {
	if errors.Is(err, deliver.ErrGaveUp) {
		return unavailable(err)
	}
	return err
}

// printSummary prints what was sent.
func (s *shell) printSummary(summary interface{ Write(io.Writer) }, asJSON bool) error {
	if asJSON {
		return s.printJSON(summary)
	}
	var text strings.Builder
	summary.Write(&text)
	_, err := io.WriteString(s.stdout, text.String())
	return err
}
