package acceptance

import (
	"encoding/json"
	"strings"
	"testing"

	"satisflow/deploy/testkit"
)

// What is promised (median < 1 s, p99 < 2 s at 1,000 ratings a second) is for satisflow bench latency on a quiet machine to
// show; this keeps the command and the order of the figures.
func TestARatingIsSeenWithinSeconds(t *testing.T) {
	t.Setenv("SATISFLOW_CHDB_LIB", testkit.EngineLibrary(t))
	out, code := run(t, t.TempDir(), "bench", "latency", "--rate", "100", "--for", "5s", "--json")
	var l struct {
		Sent               int
		ClickHouse, Gauges struct{ Median, P99 float64 }
	}
	if err := json.Unmarshal([]byte(out[strings.Index(out, "{"):]), &l); err != nil || code != 0 {
		t.Fatalf("exit code %d: %v\n%s", code, err, out)
	}
	if l.Sent != 500 || l.ClickHouse.Median <= 0 || l.ClickHouse.Median > 5 || l.Gauges.Median <= 0 || l.Gauges.Median > 5 {
		t.Errorf("%s", out)
	}
}
