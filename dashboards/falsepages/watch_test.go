package falsepages

import (
	"strings"
	"testing"
)

func TestAnAlertWaitsAndStaysAsInPrometheus(t *testing.T) {
	for _, c := range []struct {
		name       string
		wait, keep int
		holds      string // x where the expression holds
		fires      string
	}{
		{"at once", 0, 0, "..xx..", "..xx.."},
		{"after a wait", 2, 0, ".xxxx.", "...xx."},
		{"not when it ends before", 2, 0, ".xx.xx.", "......."},
		{"a while longer", 0, 2, ".x.....", ".xxx..."},
		{"without a new wait while it stays", 2, 2, "xxx..x....", "..xxxxxx.."},
		{"with a new wait afterwards", 1, 1, "xx...xx.", ".xx...xx"},
	} {
		t.Run(c.name, func(t *testing.T) {
			course := newCounts(len(c.holds))
			out := make([]bool, len(c.holds))
			watch{holds: func(_ counts, t int) bool { return c.holds[t] == 'x' }, wait: c.wait, keep: c.keep}.firing(course, 0, out)
			if got := marks(out); got != c.fires {
				t.Errorf("holds %s, fires %s, want %s", c.holds, got, c.fires)
			}
		})
	}
}

func marks(out []bool) string {
	var b strings.Builder
	for _, on := range out {
		b.WriteByte(".x"[map[bool]int{true: 1}[on]])
	}
	return b.String()
}
