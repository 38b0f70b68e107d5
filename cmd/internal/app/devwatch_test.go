package app

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/dev/devstack"
	"satisflow/deploy/testkit"
)

// watched starts dev with its watchers and returns their addresses and processes.
func watched(t *testing.T, dir string) (d *dev, prometheus, alerts string, pids []int) {
	t.Helper()
	d = startDev(t, dir, "--watch", "--prometheus-port", "0", "--alertmanager-port", "0", "--time-scale", "60")
	at := func(name string) string {
		m := regexp.MustCompile(name + ` +(http://\S+)`).FindStringSubmatch(d.out.String())
		if m == nil {
			t.Fatalf("dev does not say where %s is:\n%s", name, d.out)
		}
		return m[1]
	}
	prometheus, alerts = at("Prometheus"), at("Alerts")
	awaitPage(t, prometheus+"/-/ready", "")
	awaitPage(t, alerts+"/-/ready", "")
	return d, prometheus, alerts, []int{childOf(t, d.self.PID(), "prometheus"), childOf(t, d.self.PID(), "prometheus-aler")}
}

// awaitPage waits for a page that holds the text.
func awaitPage(t *testing.T, url, text string) {
	t.Helper()
	last := ""
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		response, err := http.Get(url)
		if err != nil {
			last = err.Error()
			continue
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if last = string(body); err == nil && response.StatusCode == http.StatusOK && strings.Contains(last, text) {
			return
		}
	}
	t.Fatalf("%s does not show %s:\n%s", url, text, last)
}

// say runs a command of the page on watching, with this dev's address.
func say(t *testing.T, d *dev, command string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "deploy", "docs", "watching.md"))
	if err != nil {
		t.Fatal(err)
	}
	var script []string
	for _, m := range regexp.MustCompile(`(?m)^\$ ((?:url=|say).*)$`).FindAllStringSubmatch(string(page), -1) {
		if strings.HasPrefix(m[1], command) || !strings.HasPrefix(m[1], "say ") {
			script = append(script, m[1])
		}
	}
	text := strings.ReplaceAll(strings.Join(script, "\n"), "http://127.0.0.1:8080", d.url(""))
	out, err := exec.Command("bash", "-c", text).CombinedOutput()
	if err != nil || len(script) != 3 || !strings.Contains(string(out), `"accepted":20`) {
		t.Fatalf("%s: %v\n%s", text, err, out)
	}
}

func TestDevAlertsOnItsRatingsAndTakesTheWatchersAlong(t *testing.T) {
	testkit.Require(t, "prometheus", "apt-get install prometheus")
	testkit.Require(t, "prometheus-alertmanager", "apt-get install prometheus-alertmanager")
	dir := filepath.Join(t.TempDir(), "data")
	d, prometheus, alerts, pids := watched(t, dir)
	awaitPage(t, prometheus+"/api/v1/targets", `"job":"satisflow-processor"`)
	awaitPage(t, prometheus+"/api/v1/alertmanagers", strings.TrimPrefix(alerts, "http://"))
	say(t, d, "say 0 2")
	const page = "/api/v2/alerts?active=true&silenced=false&inhibited=false&receiver=pager"
	awaitPage(t, alerts+page, "of 20 ratings in the last hour were below 4")
	awaitPage(t, alerts+page, `"runbook_url":"`+d.url("/runbooks/SatisfactionSharpDrop.md"))
	awaitPage(t, d.url("/services/data_analysis?lang=en"), `href="/runbooks/SatisfactionSharpDrop?lang=en"`)
	awaitPage(t, d.url("/runbooks/SatisfactionSharpDrop.md"), "A service has fallen sharply within the hour.")
	d.stop()
	for _, pid := range pids {
		if alive(pid) {
			t.Errorf("process %d is still there after dev has ended", pid)
		}
	}

	d, prometheus, _, pids = watched(t, dir)
	awaitPage(t, prometheus+"/api/v1/query?query=last_over_time(satisflow:window_bad:sum[10m])", "data_analysis")
	d.kill()
	for _, pid := range pids {
		awaitGone(t, pid)
	}
}

func TestDevGoesOnWithoutWatchersUnlessTheirPortWasChosen(t *testing.T) {
	inUse := fmt.Errorf("start Prometheus: %w", devstack.PortInUse("127.0.0.1:9090", "--prometheus-port"))
	broken := errors.New("broken")
	for _, c := range []struct {
		name  string
		err   error
		given bool
		fatal bool
		says  string
	}{
		{"all is well", nil, false, false, ""},
		{"not installed", fmt.Errorf("Prometheus: %w", devstack.ErrNotInstalled), true, false, "apt-get install prometheus prometheus-alertmanager"},
		{"the usual port is taken", inUse, false, false, "port 9090 is in use"},
		{"the chosen port is taken", inUse, true, true, ""},
		{"another error", broken, false, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var where places
			o := watchOptions{changed: func(string) bool { return c.given }}
			err := o.without(c.err, prometheusFlag, &where)
			if (err != nil) != c.fatal || c.says == "" && where.unwatched != "" || !strings.Contains(where.unwatched, c.says) {
				t.Errorf("got %v and %q", err, where.unwatched)
			}
		})
	}
	if !errors.Is(inUse, syscall.EADDRINUSE) {
		t.Error("a port in use is not told apart")
	}
}

func TestTheAlertsAreScaledWithTheRulesThatWatchThem(t *testing.T) {
	loaded, err := config.Load(config.Sources{Flags: []config.Setting{{Key: "alerts.poll", Text: "7s", From: "flag --alerts.poll"}}})
	if err != nil {
		t.Fatal(err)
	}
	scaleAlerts(&loaded, 60)
	if a := loaded.Config.Alerts; a.Resend != time.Second || a.Recheck != time.Second || a.Poll != 7*time.Second {
		t.Errorf("%s, %s, %s", a.Resend, a.Recheck, a.Poll)
	}
	if loaded, err = config.Load(config.Sources{}); err != nil {
		t.Fatal(err)
	}
	before := loaded.Config.Alerts
	if scaleAlerts(&loaded, 1); loaded.Config.Alerts.Resend != before.Resend || loaded.Config.Alerts.Poll != before.Poll {
		t.Error("a scale of 1 changes something")
	}
	if scaleAlerts(&loaded, 1000); loaded.Config.Alerts.Validate() != nil {
		t.Error("the greatest scale makes values that are refused")
	}
}

func TestDevRefusesATimeScaleThatIsNone(t *testing.T) {
	wantError(t, command(t, t.TempDir(), "--watch", "--prometheus-port", "0", "--alertmanager-port", "0", "--time-scale", "0"), exitUsage, "time scale: 0: want 1 to 1000")
}
