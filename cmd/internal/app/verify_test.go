package app

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

func TestVerifyNamesWhatDiffers(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	report := clickhouse.Report{
		Epoch: 1, Facts: 1000, PaneRows: 200, WindowRows: 300, Differing: 3, ConflictCount: 1, Unsettled: 2,
		Differences: []clickhouse.Difference{{Table: "satisfaction_windows", Window: "1h", Time: at, Key: window.Key{Dimension: "service", Value: "law"},
			Fields: []clickhouse.FieldDifference{{Name: "ratings", Stored: 7, Recomputed: 6}}}},
	}
	var out bytes.Buffer
	s := newShell(Invocation{Args: []string{"satisflow"}, Stdout: &out, Stderr: new(bytes.Buffer)})
	if err := s.printReport(report, time.Second); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"epoch 1: compared 200 pane rows and 300 window rows with 1000 ratings in 1s\n",
		`difference: satisfaction_windows 1h 2026-03-01T12:00:00Z service="law" partition 0: ratings stored 7, recomputed 6` + "\n",
		"… and 2 rows more that differ (--max lists more)\n", "2 panes and windows were not judged",
		"3 rows differ, 1 rating ids stand at more than one place\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got\n%s\nwant %s", out.String(), want)
		}
	}
	text, err := json.Marshal(reportJSON(report))
	if err != nil || !strings.Contains(string(text), `"fields":{"ratings":{"stored":7,"recomputed":6}}`) || !strings.HasPrefix(string(text), `{"ok":false,`) {
		t.Errorf("got %s, %v", text, err)
	}
}

func TestVerifySaysNoDifferenceOnlyOfAWholeComparison(t *testing.T) {
	for want, r := range map[string]clickhouse.Report{
		"\nno difference\n":      {PaneRows: 1, WindowRows: 1, Moving: 2},
		"\nnothing was compared": {},
		"\nno difference in what was judged, which is not all\n":    {PaneRows: 1, Unsettled: 3},
		"\nnothing of 2 partitions is complete":                     {PaneRows: 1, Unfilled: []int32{0, 1}},
		"\n4 versions of ratings are not in the pane of their time": {PaneRows: 1, Misfiled: 4},
	} {
		var out bytes.Buffer
		s := newShell(Invocation{Args: []string{"satisflow"}, Stdout: &out, Stderr: new(bytes.Buffer)})
		if err := s.printReport(r, time.Second); err != nil || !strings.Contains(out.String(), want) || strings.HasSuffix(out.String(), "\nno difference\n") != r.OK() {
			t.Errorf("%v, %s\nwant %s", err, out.String(), want)
		}
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"verify", "--max", "-1"}, "--max -1: want 0 or more"},
		{[]string{"verify", "--from", "2026-03-01T00:00:00Z", "--to", "2026-02-01T00:00:00Z"}, "--from 2026-03-01T00:00:00Z --to 2026-02-01T00:00:00Z: want a start before the end"},
		{[]string{"verify", "--from", "March"}, `--from "March": want a time`},
	} {
		if code, _, stderr := execute(t, nil, c.args...); code != 2 || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: %d, %s", c.args, code, stderr)
		}
	}
}
