package acceptance

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestTheReadmeIsTrue types what the README shows and compares what comes out.
func TestTheReadmeIsTrue(t *testing.T) {
	readme, err := os.ReadFile("../../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	s := startDev(t)
	local := strings.NewReplacer("http://127.0.0.1:8080", s.url, "2026-11-22", "$DAY")
	anyDay := regexp.MustCompile(`\b20\d\d-\d\d-\d\d`)
	shown := regexp.MustCompile("(?m)^\\$ (curl .*)\n([^$`].*)$").FindAllStringSubmatch(string(readme), -1)
	if len(shown) != 3 {
		t.Fatalf("%d commands with their output in the README", len(shown))
	}
	for i, m := range shown {
		command, want := local.Replace(m[1]), local.Replace(m[2])
		var out []byte
		for range 50 { // the figures follow within about a second
			if out, err = exec.Command("bash", "-c", command).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", command, err, out)
			}
			if out = anyDay.ReplaceAll(bytes.TrimSpace(out), []byte("$$DAY")); string(out) == want {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		if got := string(out); got != want {
			t.Errorf("command %d of the README\n  gives %s\n  it says %s", i+1, got, want)
		}
	}
	if out, code := run(t, s.dir, "verify", "--config", ".satisflow/connect.yaml"); code != 0 {
		t.Errorf("verify: exit code %d\n%s", code, out)
	}
}

func TestEveryLinkOfTheDocsLeadsToAFile(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)\)`)
	for _, page := range []string{"README.md", "deploy/docs/README.zh.md"} {
		text, err := os.ReadFile("../../../../" + page)
		if err != nil {
			t.Fatal(err)
		}
		dir := page[:strings.LastIndex("/"+page, "/")]
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat("../../../../" + dir + m[1]); err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
			}
		}
	}
}
