package source

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"satisflow/pipeline/logid"
)

// Assignment is what one owner reads until its context ends.
type Assignment struct {
	// Generation is the consumer group's; -1 for a static assignment.
	Generation int32
	// Member names this process in the group; empty for a static assignment.
	Member string
	// Partitions may be empty: a group can have more members than there are partitions.
	Partitions []PartitionOffset
	// Topic is the identity of the topic's log when the assignment began.
	Topic logid.ID
	// TopicPartitions is the number of partitions of the topic. A change ends the
	// assignment and makes a new one.
	TopicPartitions int
}

// PartitionOffset is a partition and the offset committed for it, -1 for none.
type PartitionOffset struct {
	Partition int32
	Committed int64
}

// Commit tells Kafka the next offset to read of each partition, for lag tools. It may be
// called until the owner returns, also while it drains, and fails once another
// generation has begun.
type Commit func(ctx context.Context, next map[int32]int64) error

// Owner reads an assignment until ctx ends, then drains and returns in bounded time: no
// heartbeats are sent after a rebalance has begun, and the next assignment waits for it.
// Run returns its error when that is marked Permanent, or when Run is ending; after any
// other return, the assignment is asked for again.
type Owner func(ctx context.Context, a Assignment, commit Commit) error

var errReturnedEarly = errors.New("the owner returned before its assignment ended")

// outcome is what a turn ends with after own returned err and ctx was its context.
func outcome(ctx context.Context, err error) error {
	switch {
	case ctx.Err() == nil && err == nil:
		return errReturnedEarly
	case err == nil, ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return nil
	default:
		return ownerError{err}
	}
}

// ownerError tells the owner's errors from Kafka's: the last one is the caller's.
type ownerError struct{ error }

func (e ownerError) Unwrap() error { return e.error }

// turns makes one assignment after the other until ctx ends or an error is permanent.
type turns struct {
	hooks       Hooks
	log         zerolog.Logger
	least, most time.Duration
}

func (t turns) run(ctx context.Context, turn func() error) error {
	retry := backoff{least: t.least, most: t.most}
	complaints := complaints{log: t.log}
	for {
		err := turn()
		var own ownerError
		switch {
		case IsPermanent(err), ctx.Err() != nil && errors.As(err, &own):
			return err
		case ctx.Err() != nil:
			return nil
		case err == nil:
			retry.reset()
			complaints.clear("assigned again")
			continue
		}
		t.hooks.groupError(err)
		complaints.add(err, "no assignment, retrying")
		retry.wait(ctx)
	}
}
