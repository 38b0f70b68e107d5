package api

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"satisflow/deploy/testkit"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

// The validators that people use must accept what the doors accept: every score, however it is written.
func TestCommonValidatorsJudgeRatingsAsTheGatewayDoes(t *testing.T) {
	py, node := pythonWithTools(t), testkit.Require(t, "node", "install Debian's package npm")
	tools, w, dir := nodeWithTools(t), newWorld(t), t.TempDir()
	event := func(members string) string {
		return `{"rating_id":"r-1","occurred_at":"2026-11-20T12:30:00Z","customer_id":"c-1","service":"data_analysis",` + members + `}`
	}
	var lines []string
	for hundredths := 100; hundredths <= 500; hundredths++ {
		lines = append(lines, event(fmt.Sprintf(`"rating":%d.%02d`, hundredths/100, hundredths%100)))
	}
	all := len(lines)
	lines = append(lines, event(`"rating":0.99`), event(`"rating":5.01`), event(`"rating":"4"`), event(`"rating":4,"mood":1`), event(`"rating":4,"Comment":"x"`),
		event(`"rating":4,"quality":{"mood":1}`), event(`"rating":4,"attributes":{"store":"x"}`), event(`"rating":4,"attributes":{"region":"x"}`), event(`"rating":null`),
		event(`"comment":""`), event(`"comment":"x"`), event(`"rating":4,"comment":"`+strings.Repeat("x", 5000)+`"`), event(`"answers":{"q":"`+strings.Repeat("x", 5000)+`"}`),
		event(`"rating":4,"op":"delete"`), event(`"rating":4,"op":null`), event(`"rating":4,"revision":8388608`), event(`"rating":4,"comment_truncated":"yes"`),
		strings.Replace(event(`"rating":4`), "2026-11-20", "2026-11-31", 1), strings.Replace(event(`"rating":4`), "2026-11-20T12", "2026-11-20T24", 1),
		strings.Replace(event(`"rating":4`), "2026-11-20", "2099-11-20", 1), strings.Replace(event(`"rating":4`), "2026-11-20", "2100-02-28", 1),
		strings.Replace(event(`"rating":4`), "c-1", " c-1", 1), strings.Replace(event(`"rating":4`), "c-1", "客户 1", 1), strings.Replace(event(`"rating":4`), `"c-1"`, "17", 1))
	schema := filepath.Join(dir, "schema.json")
	putFile(t, schema, string(w.api.schema))
	for _, name := range []string{"validate.py", "validate.mjs"} {
		putFile(t, filepath.Join(dir, name), fixture(t, name))
	}
	if err := os.Symlink(filepath.Join(tools, "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(lines, "\n") + "\n"
	verdicts := map[string][]string{
		"jsonschema": strings.Fields(py.run(t, dir, text, "validate.py", schema)),
		"ajv":        strings.Fields(run(t, dir, nil, text, node, "validate.mjs", schema)),
	}
	for i, line := range lines {
		a := w.post("application/json", line)
		want := "no"
		if a.status == 200 || contains(string(a.body), "in_future") { // no schema knows what time it is
			want = "yes"
		}
		if i < all && want != "yes" {
			t.Errorf("the gateway refuses %s: %s", line, a.body)
		}
		for name, got := range verdicts {
			if len(got) != len(lines) || got[i] != want {
				t.Errorf("%s says %s to %.150s, the gateway %s: %.200s", name, got[i], line, want, a.body)
			}
		}
	}
}
