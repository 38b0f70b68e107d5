package app

import (
	"bytes"
	"strings"
	"testing"

	"satisflow/sinks/clickhouse"
)

func TestAListThatHoldsMoreThanWasCountedSaysNothingOfMore(t *testing.T) {
	for _, c := range []struct {
		counted uint64
		listed  int
		want    string // empty for none
	}{{2, 3, ""}, {3, 3, ""}, {5, 3, "… and 2 more (--limit)"}} {
		var out bytes.Buffer
		s := &shell{stdout: &out}
		err := s.printLetters([]clickhouse.DeadLetterReason{{Reason: "bad_json", Letters: c.counted}}, make([]clickhouse.DeadLetter, c.listed))
		if err != nil || strings.Contains(out.String(), "more") != (c.want != "") || !strings.Contains(out.String(), c.want) {
			t.Errorf("%d counted, %d listed: %v, %s", c.counted, c.listed, err, out.String())
		}
	}
}
