package load

import (
	"context"
	"strconv"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/eventgen"
	"satisflow/pipeline/source"
)

// Sender delivers messages, as deliver.Sender does.
type Sender interface {
	Send(ctx context.Context, messages []source.Message) (refused map[int]error, err error)
}

// Kafka is the target that writes to the topic, past every check: what is bad is the processor's to reject.
type Kafka struct {
	Sender Sender
	// Replayed makes the records arrive now, with the time of their first arrival in a header.
	Replayed bool
}

// Send implements Target.
func (k *Kafka) Send(ctx context.Context, items []eventgen.Item) (wrong int, err error) {
	messages := make([]source.Message, len(items))
	for i := range items {
		messages[i] = k.message(&items[i])
	}
	refused, err := k.Sender.Send(ctx, messages)
	return len(refused), err
}

func (k *Kafka) message(it *eventgen.Item) source.Message {
	m := source.Message{Key: it.Key, Value: it.JSON}
	if k.Replayed {
		at := strconv.AppendInt(nil, it.At.UnixMilli(), 10)
		m.Headers = []source.Header{{Key: admit.HeaderTimestamp, Value: at}}
	} else {
		m.Time = it.At
	}
	return m
}
