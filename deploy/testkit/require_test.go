package testkit

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"satisflow/deploy/testkit/realkafka"
)

func TestAMissingProgramSkipsAtHomeAndFailsInCI(t *testing.T) {
	for name, c := range map[string]struct{ ci, want string }{
		"at home": {"", "--- SKIP"},
		"in CI":   {"true", "--- FAIL"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(selfExecutable(), "-test.v", "-test.run=^TestATopicTakesAndGivesRecords$")
			cmd.Env = append(os.Environ(), "PATH="+t.TempDir(), "CI="+c.ci)
			out, _ := cmd.CombinedOutput() // its exit code says no more than its text
			if text := string(out); !strings.Contains(text, c.want) || !strings.Contains(text, "java is missing: "+realkafka.JavaHint) {
				t.Errorf("got %s\nwant %s with the hint", text, c.want)
			}
		})
	}
}
