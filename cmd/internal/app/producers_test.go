package app

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/source"
)

func TestTheProducersPageSaysWhatHolds(t *testing.T) {
	page, err := os.ReadFile("../../../deploy/docs/producers.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(page)), " ")
	cfg := admit.DefaultConfig()
	for _, want := range []string{
		fmt.Sprintf("`customer-1` to a topic of seven partitions. It belongs on partition %d; `客户-42` on %d.",
			source.PartitionOf([]byte("customer-1"), 7), source.PartitionOf([]byte("客户-42"), 7)),
		fmt.Sprintf("at most %.0f days old when it is sent, and %.0f minutes ahead of the timestamp", cfg.Horizon.Hours()/24, cfg.Future.Minutes()),
		fmt.Sprintf("at most %d,%03d bytes", cfg.MaxBytes/1000, cfg.MaxBytes%1000),
		fmt.Sprintf("`%s: 1`", admit.HeaderHistory),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks: %s", want)
		}
	}
}
