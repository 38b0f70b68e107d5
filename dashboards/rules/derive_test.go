package rules

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"satisflow/deploy/testkit"
	"satisflow/pipeline/window"
)

// windows makes windows from their names, such as 36h or 14d.
func windows(t *testing.T, names ...string) []window.Spec {
	t.Helper()
	var all []window.Spec
	for _, name := range names {
		text, unit := name, time.Duration(1)
		if days, ok := strings.CutSuffix(name, "d"); ok {
			text, unit = days+"h", 24
		}
		length, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, window.Spec{Name: name, Length: unit * length, Slide: unit * length})
	}
	return all
}

func TestTheAlertsOfOtherWindowsAreThoseOfTheNearest(t *testing.T) {
	for _, c := range []struct {
		name    string
		windows []string
		burns   string // alert=long/short each
		silence string
		leading string
	}{
		{"the default windows", []string{"1h", "6h", "24h", "7d", "28d"},
			"SharpDrop=1h/ BurnFast=6h/1h BurnSteady=24h/6h BurnMild=24h/6h BurnSlow=7d/24h TargetMissed=28d/", "6h", "24h/6h"},
		{"more than the default windows", []string{"90d", "28d", "7d", "24h", "6h", "1h", "30m"},
			"SharpDrop=1h/ BurnFast=6h/1h BurnSteady=24h/6h BurnMild=24h/6h BurnSlow=7d/24h TargetMissed=90d/", "6h", "24h/6h"},
		{"all of them longer", []string{"2h", "12h", "2d", "14d", "30d"},
			"SharpDrop=2h/ BurnFast=12h/2h BurnSteady=2d/12h BurnMild=2d/12h BurnSlow=14d/2d TargetMissed=30d/", "12h", "12h/2h"},
		{"the example of the docs", []string{"2h", "12h", "2d", "30d"},
			"SharpDrop=2h/ BurnFast=12h/2h BurnSteady=2d/12h BurnMild=2d/12h TargetMissed=30d/", "12h", "12h/2h"},
		{"no short ones", []string{"24h", "7d", "28d"},
			"BurnSteady=24h/ BurnMild=24h/ BurnSlow=7d/24h TargetMissed=28d/", "24h", "24h/"},
		{"a window that two could stand on", []string{"1h", "3h", "28d"},
			"SharpDrop=1h/ BurnFast=3h/1h TargetMissed=28d/", "3h", "3h/1h"},
		{"one window", []string{"7d"}, "BurnSlow=7d/ TargetMissed=7d/", "7d", "7d/"},
		{"one that is like none", []string{"10m"}, "TargetMissed=10m/", "10m", "10m/"},
		{"the longest is that of a page", []string{"1h", "6h"},
			"SharpDrop=1h/ BurnFast=6h/1h TargetMissed=6h/", "1h", "6h/1h"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := DefaultConfig().WithWindows(windows(t, c.windows...))
			var burns []string
			for _, b := range cfg.Burns {
				burns = append(burns, fmt.Sprintf("%s=%s/%s", strings.TrimPrefix(b.Alert, "Satisfaction"), b.Long, b.Short))
			}
			if got := strings.Join(burns, " "); got != c.burns {
				t.Errorf("alerts\n%s\nwant\n%s", got, c.burns)
			}
			if got := cfg.Leading.Long + "/" + cfg.Leading.Short; cfg.Silence.Window != c.silence || got != c.leading {
				t.Errorf("silence in %s, leading in %s; want %s and %s", cfg.Silence.Window, got, c.silence, c.leading)
			}
			if err := cfg.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTheDefaultWindowsChangeNothing(t *testing.T) {
	if got, want := DefaultConfig().WithWindows(window.DefaultWindows()), DefaultConfig(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

// What is expected of the alerts of the default windows holds for those of windows that stand for them.
func TestScenariosHoldForOtherWindows(t *testing.T) {
	promtool := testkit.Require(t, "promtool", promtoolHint)
	cfg := DefaultConfig().WithWindows(windows(t, "2h", "12h", "2d", "14d", "30d"))
	content, err := Generate(cfg)
	if err != nil {
		t.Fatal(err)
	}
	stands := strings.NewReplacer(`window="1h"`, `window="2h"`, `window="6h"`, `window="12h"`, `window="24h"`, `window="2d"`, `window="7d"`, `window="14d"`, `window="28d"`, `window="30d"`)
	texts := regexp.MustCompile(`(?s)\n    alert_rule_test:\n.*?(\n  - |$)`) // they name the windows
	for _, scenario := range []string{"sparse-noise", "sharp-drop", "restart", "two-owners"} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			test, err := os.ReadFile(filepath.Join("testdata", scenario+".yml"))
			if err != nil {
				t.Fatal(err)
			}
			text := texts.ReplaceAllString(strings.ReplaceAll(string(test), "../"+committed, committed), "$1")
			dir := t.TempDir()
			for name, content := range map[string]string{committed: string(content), "scenario.yml": stands.Replace(text)} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			out, err := exec.Command(promtool, "test", "rules", filepath.Join(dir, "scenario.yml")).CombinedOutput()
			if err != nil || !strings.Contains(text, "exp_samples") {
				t.Errorf("%v\n%s\n%s", err, out, text)
			}
		})
	}
}
