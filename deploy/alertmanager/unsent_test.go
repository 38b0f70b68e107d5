package alertmanager

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"satisflow/deploy/testkit"
)

func TestTheUnsentConfigurationRoutesAndSendsNothing(t *testing.T) {
	content, err := Unsent()
	if err != nil {
		t.Fatal(err)
	}
	if text := string(content); strings.Contains(text, "_configs") || strings.Contains(text, "example.org") {
		t.Errorf("it sends:\n%s", text)
	}
	amtool := testkit.Require(t, "amtool", hint)
	file := filepath.Join(t.TempDir(), "alertmanager.yml")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(amtool, "check-config", file).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(amtool, "config", "routes", "test", "--config.file="+file, "severity=page", "class=target").Output()
	if got := strings.TrimSpace(string(out)); err != nil || got != "pager" {
		t.Errorf("a page goes to %q (%v)", got, err)
	}
}
