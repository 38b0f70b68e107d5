package source

import (
	"errors"
	"fmt"
	"strings"

	"github.com/segmentio/kafka-go"
)

// Errors of single messages.
var (
	// ErrUnavailable says that Kafka did not acknowledge the message in time. It may be in
	// the log all the same; producing it again is safe, rating_id absorbs duplicates.
	ErrUnavailable = errors.New("Kafka is not available")
	// ErrTooLarge says that the message is larger than ProducerConfig.MaxMessageBytes or
	// than the topic takes.
	ErrTooLarge = errors.New("message is too large")
	// ErrNoKey says that the message has no key: it would land on any partition, and the
	// order of its customer's ratings would be lost.
	ErrNoKey = errors.New("message has no key")
)

func (p *Producer) classify(err error) error {
	var code kafka.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, kafka.MessageSizeTooLarge), errors.Is(err, kafka.RecordListTooLarge):
		return fmt.Errorf("produce to %s: %w: %w", p.writer.Topic, ErrTooLarge, err)
	case errors.As(err, &code) && !code.Temporary():
		return fmt.Errorf("produce to %s: %w", p.writer.Topic, err)
	default:
		return fmt.Errorf("produce to %s: %w: %w", p.writer.Topic, ErrUnavailable, err)
	}
}

// ProduceErrors has an entry for each message given to Produce, nil for those that are
// in the log. errors.Is finds what any of them wraps.
type ProduceErrors []error

// Error names the number of failures and the first of each kind.
func (e ProduceErrors) Error() string {
	var texts []string
	seen := map[string]bool{}
	failed := 0
	for _, err := range e {
		if err == nil {
			continue
		}
		failed++
		if text := err.Error(); !seen[text] && len(texts) < 3 {
			seen[text] = true
			texts = append(texts, text)
		}
	}
	return fmt.Sprintf("%d of %d messages failed: %s", failed, len(e), strings.Join(texts, "; "))
}

// Unwrap gives the errors that there are.
func (e ProduceErrors) Unwrap() []error {
	var out []error
	for _, err := range e {
		if err != nil {
			out = append(out, err)
		}
	}
	return out
}
