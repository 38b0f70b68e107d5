package rules

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestTheWatchingPagesListEveryAlert(t *testing.T) {
	file, err := Build(DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"watching.md", "watching.zh.md"} {
		content, err := os.ReadFile("../../deploy/docs/" + page)
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		for _, a := range file.Alerts() {
			names[a.Alert] = true
			row := fmt.Sprintf("\n| [%[1]s](../../dashboards/runbooks/%[1]s.md) | %[2]s | %[3]s | ", a.Alert, a.Labels["severity"], cmp.Or(a.For, "–"))
			if strings.Count(string(content), row) != 1 {
				t.Errorf("%s does not say once:%s", page, row)
			}
		}
		if got := strings.Count(string(content), "dashboards/runbooks/"); got != len(names) {
			t.Errorf("%s lists %d alerts, there are %d", page, got, len(names))
		}
	}
}
