package rules

import (
	"math"
	"regexp"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

var (
	inExpr    = regexp.MustCompile(`(?:\[|:|offset )((?:[0-9]+[a-z]+)+)`)
	ageInExpr = regexp.MustCompile(`(?:>|time\(\) -) ([0-9.]+)(?:\n|$)`)
)

// Every duration in the rules, and every age, is divided; nothing else is. How often sums are compared is the processors'.
func TestTheTimeScaleDividesEveryDuration(t *testing.T) {
	const scale = 60
	cfg := DefaultConfig()
	plain, err := Build(cfg)
	if err != nil {
		t.Fatal(err)
	}
	cfg.TimeScale = scale
	scaled, err := Build(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for g, group := range plain.Groups {
		compare(t, group.Name, group.Interval, scaled.Groups[g].Interval, scale)
		for r, rule := range group.Rules {
			other, name := scaled.Groups[g].Rules[r], rule.Alert+rule.Record
			compare(t, name+" for", rule.For, other.For, scale)
			compare(t, name+" keep_firing_for", rule.KeepFiringFor, other.KeepFiringFor, scale)
			if rule.Alert == "SatisflowVerifyStopped" {
				if rule.Expr != other.Expr {
					t.Errorf("%s: the scale changed the expression to %s", name, other.Expr)
				}
				continue
			}
			found := inExpr.FindAllStringSubmatch(other.Expr, -1)
			for i, m := range inExpr.FindAllStringSubmatch(rule.Expr, -1) {
				compare(t, name+" expr", m[1], found[i][1], scale)
			}
			// What is left when durations and ages are taken out is the same.
			if a, b := withoutTimes(rule.Expr), withoutTimes(other.Expr); a != b {
				t.Errorf("%s: the scale changed more than durations:\n%s\n%s", name, a, b)
			}
		}
	}
	for _, alert := range scaled.Alerts() {
		if alert.Alert == "SatisflowInsertsStalled" && !regexp.MustCompile(`> 10\n$`).MatchString(alert.Expr) {
			t.Errorf("an age is not scaled: %s", alert.Expr)
		}
	}
}

func withoutTimes(expr string) string {
	return ageInExpr.ReplaceAllString(inExpr.ReplaceAllString(expr, "T"), "A")
}

func compare(t *testing.T, what, plain, scaled string, scale float64) {
	t.Helper()
	if plain == "" && scaled == "" {
		return
	}
	a, errA := model.ParseDuration(plain)
	b, errB := model.ParseDuration(scaled)
	if errA != nil || errB != nil || math.Abs(float64(a)/float64(b)-scale) > 0.01*scale && time.Duration(b) > time.Millisecond {
		t.Errorf("%s: %q became %q, want a %v th of it", what, plain, scaled, scale)
	}
}
