package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"satisflow/pipeline"
	"satisflow/pipeline/logid"
	"satisflow/pipeline/source"
)

// silent is a reader whose first fetch has not come back.
type silent struct{}

func (silent) Continue(ctx context.Context, _ logid.Position, _ source.Handler) error {
	<-ctx.Done()
	return nil
}

func TestAPartitionThatWasNeverReadHasNoCheckpoint(t *testing.T) {
	r := newRig(t)
	r.cfg.BeatInterval = 20 * time.Millisecond
	read := r.parts.Reader
	r.parts.Reader = func(p int32) pipeline.Reader {
		if p == 0 {
			return silent{}
		}
		return read(p)
	}
	r.log.runs <- []int32{0, 1}
	_, stop := r.start(t)
	checkpoint := func(p int32) bool {
		found, err := r.memory.Checkpoints(t.Context(), []int32{p})
		return err == nil && len(found) == 1
	}
	eventually(t, "the checkpoint of an empty partition that was read", func() bool { return checkpoint(1) })
	time.Sleep(100 * time.Millisecond)
	if checkpoint(0) {
		t.Error("a partition that was never read has a checkpoint: on a log that begins later a restart would report records lost")
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

func TestAnAssignmentOfAnotherTopicEndsWithBothNames(t *testing.T) {
	r := newRig(t)
	r.parts.Topic = logid.ID{Cluster: "k", Topic: "ratings", TopicID: "01"}
	r.log.topic = logid.ID{Cluster: "k", Topic: "ratings", TopicID: "02"}
	r.log.runs <- []int32{0}
	err := pipeline.New(r.cfg, r.parts).Run(t.Context())
	if !errors.Is(err, logid.ErrAnother) || !source.IsPermanent(err) || !strings.Contains(err.Error(), "id 01") || !strings.Contains(err.Error(), "id 02") || !strings.Contains(err.Error(), "satisflow rebuild") {
		t.Errorf("%v", err)
	}
}

func TestACheckpointOfAnotherTopicIsNotContinued(t *testing.T) {
	r := newRig(t)
	now := time.Now()
	r.log.add(0, 10, now, ratingJSON("a", now.Add(-time.Hour)))
	r.parts.Topic = logid.ID{Cluster: "k", Topic: "ratings", TopicID: "01"}
	r.log.topic = r.parts.Topic
	r.log.runs <- []int32{0}
	_, stop := r.start(t)
	eventually(t, "a commit", func() bool { return r.log.committed(0) == 10 })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	r.parts.Topic = logid.ID{Cluster: "k", Topic: "ratings", TopicID: "02"}
	r.log.topic = r.parts.Topic
	r.log.runs <- []int32{0}
	if err := pipeline.New(r.cfg, r.parts).Run(t.Context()); !errors.Is(err, logid.ErrAnother) {
		t.Errorf("%v", err)
	}
}

func TestWhatAClockRejectedIsRejectedWhenItIsReadAgain(t *testing.T) {
	r := newRig(t)
	now := time.Now()
	ahead := now.Add(20 * time.Minute)
	r.log.add(0, 1, ahead, ratingJSON("ahead", ahead))
	var clock = now
	r.parts.Now = func() time.Time { return clock }
	crashed := false
	r.memory.Fault = func(call string, rows int) (int, error) { // the dead letter is stored, its checkpoint is not
		if call == "checkpoints" && !crashed {
			crashed = true
			return 0, errRefused
		}
		return rows, nil
	}
	r.log.runs <- []int32{0}
	if err := pipeline.New(r.cfg, r.parts).Run(t.Context()); !errors.Is(err, errRefused) {
		t.Fatal(err)
	}
	clock = now.Add(time.Hour) // the record is not ahead any more
	r.log.runs <- []int32{0}
	_, stop := r.start(t)
	eventually(t, "a commit", func() bool { return r.log.committed(0) == 1 })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	letters := r.memory.DeadLetters()
	if len(letters) != 1 || letters[0].Reason != "in_future" || letters[0].Arrived != now.UnixMilli() || r.overall().Ratings != 0 {
		t.Errorf("letters %+v, ratings %d: want the first decision, as of %d", letters, r.overall().Ratings, now.UnixMilli())
	}
	if r.counts.ahead.Load() != 2 {
		t.Errorf("%d counted as ahead, want 2: one for each reading", r.counts.ahead.Load())
	}
}

func TestMisroutedIsWhatIsNotInItsCustomersPartition(t *testing.T) {
	r := newRig(t)
	now := time.Now()
	at := now.UTC().Format(time.RFC3339)
	mine, other := "", ""
	for i := 0; mine == "" || other == ""; i++ {
		if c := fmt.Sprint("c-", i); source.PartitionOf([]byte(c), 2) == 0 {
			mine = c
		} else {
			other = c
		}
	}
	for _, customer := range []string{mine, other, mine} {
		r.log.add(0, 1, now, func(int) string {
			return fmt.Sprintf(`{"rating_id":"r","occurred_at":%q,"customer_id":%q,"service":"legal_consulting","rating":4}`, at, customer)
		})
	}
	r.log.records[0][0].Key, r.log.records[0][1].Key, r.log.records[0][2].Key = []byte(other), []byte(mine), nil // keys say nothing
	r.log.runs <- []int32{0}
	_, stop := r.start(t)
	eventually(t, "a commit", func() bool { return r.log.committed(0) == 3 })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if n := r.counts.misrouted.Load(); n != 1 {
		t.Errorf("%d misrouted, want the one of a customer of partition 1", n)
	}
}
