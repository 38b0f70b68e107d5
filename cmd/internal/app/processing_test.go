package app

import (
	"testing"
	"time"

	"satisflow/pipeline"
	"satisflow/pipeline/owner"
)

func TestReadinessNamesAPartitionThatHasStalledOrIsFarBehind(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	text := func(err error) string {
		if err == nil {
			return ""
		}
		return err.Error()
	}
	for _, c := range []struct {
		what            string
		view            pipeline.PartitionView
		stalled, behind string
	}{
		{"one that keeps up", pipeline.PartitionView{Progress: owner.Progress{FreshAt: now.UnixMilli()}, Lag: 3, Stalled: 59 * time.Second}, "", ""},
		{"one that never showed anything", pipeline.PartitionView{}, "", ""},
		{"a stalled one", pipeline.PartitionView{Partition: 3, Progress: owner.Progress{Cut: 41, FreshAt: now.UnixMilli()}, Stalled: 61 * time.Second},
			"partition 3 has stalled: records wait behind offset 41, and for 1m1s no checkpoint took them on", ""},
		{"one far behind", pipeline.PartitionView{Partition: 2, Progress: owner.Progress{FreshAt: now.Add(-time.Second).UnixMilli()}, Lag: 2_800_000, Reached: now.Add(-6 * time.Minute)},
			"", "partition 2 is far behind: its figures are as of 6m0s ago, 2800000 records wait"},
	} {
		view := pipeline.View{Partitions: []pipeline.PartitionView{{}, c.view}}
		if got := text(stalled(view)); got != c.stalled {
			t.Errorf("%s: stalled: %q, want %q", c.what, got, c.stalled)
		}
		if got := text(behind(view, now)); got != c.behind {
			t.Errorf("%s: behind: %q, want %q", c.what, got, c.behind)
		}
	}
}
