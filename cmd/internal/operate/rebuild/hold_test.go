package rebuild

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/deploy/testkit"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// pausing calls at, once, after so many facts were read.
type pausing struct {
	driver.Conn
	after int
	at    func()
}

func (p *pausing) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	rows, err := p.Conn.Query(ctx, query, args...)
	if err != nil || !strings.Contains(query, "record_timestamp") {
		return rows, err
	}
	return &pausingRows{rows, p}, nil
}

type pausingRows struct {
	driver.Rows
	of *pausing
}

func (r *pausingRows) Next() bool {
	if r.of.after--; r.of.after == 0 {
		r.of.at()
	}
	return r.Rows.Next()
}

func TestWhileAnEpochIsFilledNobodyElseFillsDropsOrSwitchesToIt(t *testing.T) {
	conn, now := testkit.ClickHouse(t).Open(), time.Now()
	from, to := running(t, conn, now)
	var log bytes.Buffer
	refused := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "process ") || !strings.Contains(err.Error(), "since ") {
			t.Errorf("%s beside a copy: %v; want it refused, with who has the epoch", what, err)
		}
	}
	p := &pausing{Conn: conn, after: facts / 2, at: func() {
		refused("a second copy", FromFacts(t.Context(), partsOf(conn, &log), &from, &to, false, func(Progress) {}))
		_, err := FromTopic(t.Context(), partsOf(conn, &log), &from, &to, func(Progress) {})
		refused("a replay", err)
		refused("a drop", Drop(t.Context(), conn, "", 2, true, now))
		_, err = Switch(t.Context(), conn, 2, SwitchOptions{Force: true, Missing: facts}, now)
		refused("a switch", err)
	}}
	if err := FromFacts(t.Context(), partsOf(p, &log), &from, &to, false, func(Progress) {}); err != nil || p.after >= 0 {
		t.Fatalf("%v, %d facts before the pause", err, p.after)
	}
	wantWhole(t, conn, now)
	if was, err := Switch(t.Context(), conn, 2, SwitchOptions{}, now); err != nil || was != 1 {
		t.Errorf("then: %d, %v", was, err)
	}
	if e, _, err := clickhouse.CurrentEpoch(t.Context(), conn); err != nil || e.Number != 2 {
		t.Errorf("readers follow %d, %v", e.Number, err)
	}
}

func TestAnEpochThatIsNotWhatWasBegunIsNotFilled(t *testing.T) {
	conn, now := testkit.ClickHouse(t).Open(), time.Now()
	from, to := running(t, conn, now)
	var log bytes.Buffer
	other := to
	other.Definition.Bands.Satisfied = 450
	if err := FromFacts(t.Context(), partsOf(conn, &log), &from, &other, false, func(Progress) {}); !errors.Is(err, ErrRefused) {
		t.Errorf("begun for something else: %v", err)
	}
	if err := Drop(t.Context(), conn, "", 2, false, now); err != nil {
		t.Fatal(err)
	}
	if err := FromFacts(t.Context(), partsOf(conn, &log), &from, &to, false, func(Progress) {}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "retired by now") {
		t.Errorf("dropped meanwhile: %v", err)
	}
}

// partly gives epoch 2 what a replay has stored that was killed: facts below the cut, and checkpoints.
func partly(t *testing.T, conn driver.Conn, def *window.Definition, cut int64, watermark time.Time) {
	t.Helper()
	if err := conn.Exec(t.Context(), fmt.Sprintf("INSERT INTO enterprise_customer_satisfaction SELECT * REPLACE (toUInt32(2) AS epoch) FROM (SELECT * FROM enterprise_customer_satisfaction WHERE epoch = 1 AND `offset` < %d)", cut)); err != nil {
		t.Fatal(err)
	}
	var all []owner.Checkpoint
	for p := range def.Partitions {
		c := owner.Checkpoint{Partition: int32(p), Cut: cut, Definition: def.Hash()}
		if !watermark.IsZero() {
			c.Watermark = watermark.UnixMilli()
		}
		all = append(all, c)
	}
	if err := clickhouse.NewSink(conn, 2, def).InsertCheckpoints(t.Context(), all); err != nil {
		t.Fatal(err)
	}
}

func TestASwitchToAnEpochThatLacksRatingsSaysHowManyAndWantsThemNamed(t *testing.T) {
	live := uint64(facts - facts/20) // the others are erased
	for _, c := range []struct {
		name      string
		cut       int64
		watermark time.Duration // before now; less than 0 is never
		missing   uint64
		force     bool // whether it needs it
		want      string
	}{
		{"killed before anything was complete", 0, -1, live, true, "complete at no time yet"},
		{"killed half filled", facts / 2, 24 * time.Hour, live / 2, true, "epoch 2 is complete to "},
		{"what it read has reached the end, but the topic had lost its first half", facts, time.Minute, live / 2, false, "epoch 2 has read what epoch 1 has"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, now := testkit.ClickHouse(t).Open(), time.Now()
			_, to := running(t, conn, now)
			var mark time.Time
			if c.watermark >= 0 {
				mark = now.Add(-c.watermark)
			}
			partly(t, conn, &to.Definition, c.cut, mark)
			if c.cut == facts {
				if err := conn.Exec(t.Context(), fmt.Sprintf("ALTER TABLE enterprise_customer_satisfaction DELETE WHERE epoch = 2 AND `offset` < %d SETTINGS mutations_sync = 2", facts/2)); err != nil {
					t.Fatal(err)
				}
			}
			lacks := fmt.Sprintf("it lacks %d of the %d ratings of epoch 1", c.missing, live)
			try := func(o SwitchOptions) error {
				_, err := Switch(t.Context(), conn, 2, o, now)
				return err
			}
			for _, o := range []SwitchOptions{{}, {Force: true}, {Force: true, Missing: c.missing - 1}, {Missing: c.missing - 1}} {
				if err := try(o); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), lacks) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), fmt.Sprint("--missing ", c.missing)) || strings.Contains(err.Error(), "1970") {
					t.Errorf("%+v: %v\nwant %s, %s", o, err, c.want, lacks)
				}
			}
			if err := try(SwitchOptions{Missing: c.missing}); (err != nil) != c.force {
				t.Errorf("without force: %v", err)
			}
			if c.force {
				if err := try(SwitchOptions{Force: true, Missing: c.missing}); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestWhatAProcessorHasNotReadYetIsNotMissing(t *testing.T) {
	conn, now := testkit.ClickHouse(t).Open(), time.Now()
	_, to := running(t, conn, now)
	partly(t, conn, &to.Definition, facts-10, now.Add(-time.Minute))
	if was, err := Switch(t.Context(), conn, 2, SwitchOptions{}, now); err != nil || was != 1 {
		t.Errorf("%d, %v", was, err)
	}
}

func TestWhichDeadLettersWereReplayedGoesWithThem(t *testing.T) {
	conn, now := testkit.ClickHouse(t).Open(), time.Now()
	from, to := running(t, conn, now)
	sink, letters := clickhouse.NewSink(conn, 1, &from.Definition), []owner.DeadLetter{{Partition: 1, Offset: 5, Reason: "bad_json", Timestamp: now.UnixMilli()}, {Partition: 1, Offset: 6, Reason: "bad_json", Timestamp: now.UnixMilli()}}
	if err := sink.InsertDeadLetters(t.Context(), letters); err != nil {
		t.Fatal(err)
	}
	if err := clickhouse.NewDeadLetters(conn, 1).MarkReplayed(t.Context(), []clickhouse.Position{{Partition: 1, Offset: 5}}, now, "ann"); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	if err := FromFacts(t.Context(), partsOf(conn, &log), &from, &to, false, func(Progress) {}); err != nil {
		t.Fatal(err)
	}
	open, err := clickhouse.NewDeadLetters(conn, 2).List(t.Context(), clickhouse.DeadLetterFilter{Open: true})
	if err != nil || len(open) != 1 || open[0].Offset != 6 {
		t.Errorf("open in the new epoch: %+v, %v; want 1:6", open, err)
	}
}

func TestARetiredEpochThatIsFilledCanBeKeptUpByItsNumber(t *testing.T) {
	conn, now := testkit.ClickHouse(t).Open(), time.Now()
	from, to := running(t, conn, now)
	var log bytes.Buffer
	if err := FromFacts(t.Context(), partsOf(conn, &log), &from, &to, false, func(Progress) {}); err != nil {
		t.Fatal(err)
	}
	if e, err := clickhouse.EnsureEpoch(t.Context(), conn, &to.Definition, now); err != nil || e.Number != 1 {
		t.Errorf("before the switch a processor of the one configuration takes epoch %d, %v", e.Number, err)
	}
	if _, err := Switch(t.Context(), conn, 2, SwitchOptions{}, now); err != nil {
		t.Fatal(err)
	}
	if e, err := clickhouse.EnsureEpoch(t.Context(), conn, &to.Definition, now); err != nil || e.Number != 2 {
		t.Errorf("after it epoch %d, %v", e.Number, err)
	}
	if e, err := clickhouse.UseEpoch(t.Context(), conn, 1, &from.Definition); err != nil || e.State != clickhouse.Retired {
		t.Errorf("by its number: %+v, %v", e, err)
	}
	if err := Drop(t.Context(), conn, "", 1, true, now); err != nil {
		t.Fatal(err)
	}
	if _, err := clickhouse.UseEpoch(t.Context(), conn, 1, &from.Definition); err == nil {
		t.Error("a dropped epoch is used")
	}
}
