package alert

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

func TestTheDefaultsAreValid(t *testing.T) {
	c := DefaultConfig()
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

func TestAWrongFieldIsSaidWithItsValueAndWhatIsRight(t *testing.T) {
	for want, change := range map[string]func(c *Config){
		"window: 23h0m0s: want 24h0m0s to 8784h0m0s":                                                 func(c *Config) { c.Window, c.FreshAge = 23*hour, hour },
		"min_ratings: 0: want 1 to 1000000":                                                          func(c *Config) { c.MinRatings = 0 },
		"fall_ratings: 1: want 2 to 1000000":                                                         func(c *Config) { c.FallRatings = 1 },
		"fall_drop: 0: want more than 0, at most 1":                                                  func(c *Config) { c.FallDrop = 0 },
		"fall_drop: NaN: want more than 0, at most 1":                                                func(c *Config) { c.FallDrop = math.NaN() },
		`group_window: " ": want the name of a rolling window, such as 7d`:                           func(c *Config) { c.GroupWindow = " " },
		"group_ratings: 1: want 2 to 1000000":                                                        func(c *Config) { c.GroupRatings = 1 },
		"group_drop: 1.5: want more than 0, at most 1":                                               func(c *Config) { c.GroupDrop = 1.5 },
		"fresh_for: 25h0m0s: want 1m0s to 24h0m0s":                                                   func(c *Config) { c.FreshFor = 25 * hour },
		"fresh_age: 673h0m0s: want 1m0s to the window, 672h0m0s":                                     func(c *Config) { c.FreshAge = 673 * hour },
		"major: -1: want more than 0, at most 40":                                                    func(c *Config) { c.Major = -1 },
		"critical: 1.5: want more than major, 1.5, at most 40":                                       func(c *Config) { c.Critical = 1.5 },
		"contact_in.critical: 0s: want 1s to 8784h0m0s":                                              func(c *Config) { c.ContactIn.Critical = 0 },
		"contact_in.major: 3h0m0s: want 4h0m0s to 8784h0m0s":                                         func(c *Config) { c.ContactIn.Major = 3 * hour },
		"contact_in.minor: 23h0m0s: want 24h0m0s to 8784h0m0s":                                       func(c *Config) { c.ContactIn.Minor = 23 * hour },
		"resolve_in.critical: 3h0m0s: want 4h0m0s to 8784h0m0s":                                      func(c *Config) { c.ResolveIn.Critical = 3 * hour },
		`weights[0]: "vip=2": want segment:NAME=WEIGHT or customer:ID=WEIGHT, WEIGHT from 0.1 to 10`: func(c *Config) { c.Weights = []string{"vip=2"} },
	} {
		t.Run(want, func(t *testing.T) {
			c := DefaultConfig()
			change(&c)
			err := c.Validate()
			equal(t, "error", fmt.Sprint(err), want)
			if _, err := NewRules(c, 350, 400); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("NewRules says %v", err)
			}
		})
	}
}

func TestAllThatIsWrongIsSaid(t *testing.T) {
	c := DefaultConfig()
	c.MinRatings, c.FallDrop, c.Weights = 0, 2, []string{"segment:vip=11", "customer:c=2", "customer:c=3"}
	equal(t, "error", c.Validate().Error(), `min_ratings: 0: want 1 to 1000000
fall_drop: 2: want more than 0, at most 1
weights[0]: "segment:vip=11": want segment:NAME=WEIGHT or customer:ID=WEIGHT, WEIGHT from 0.1 to 10
weights[2]: "customer:c=3": given before: want each customer once`)
}

func TestThresholdsAreOfTheScale(t *testing.T) {
	_, err := NewRules(DefaultConfig(), 100, 501)
	equal(t, "error", err.Error(), "rules of alerts: threshold: 100: want 101 to 500 hundredths of a point\nsatisfied: 501: want 101 to 500 hundredths of a point")
}

func TestTheWeightOfTheCustomerStandsBeforeThatOfItsSegment(t *testing.T) {
	d := newDesk(t, func(c *Config) {
		c.Weights = []string{"segment:vip=2", "customer:c-1=0.1", "segment:a=b:c=10", "customer:=x=3"}
	})
	for name, c := range map[string]struct {
		customer, segment string
		want              float64
	}{
		"its own":                         {"c-1", "vip", 0.1},
		"of its segment":                  {"c-2", "vip", 2},
		"none":                            {"c-2", "basic", 1},
		"without a segment":               {"c-2", "", 1},
		"of a segment with signs":         {"c-2", "a=b:c", 10},
		"of a customer that is a sign":    {"=x", "", 3},
		"a customer named like a segment": {"vip", "", 1},
	} {
		t.Run(name, func(t *testing.T) { equal(t, "weight", d.rules.Weight(c.customer, c.segment), c.want) })
	}
}

func TestWrongWeightsAreRefused(t *testing.T) {
	for _, text := range []string{"", "segment:", "segment:vip", "segment:vip=", "segment:=2", "vip=2", "service:a=2", "segment:vip=0.09", "segment:vip=10.1",
		"segment:vip=NaN", "segment:vip=Inf", "segment:vip=-1", "segment:vip=2x"} {
		if _, err := parseWeights([]string{text}); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}

func TestTheSeverityIsByPointsTimesWeightWhateverFloatsMakeOfIt(t *testing.T) {
	d := newDesk(t, nil)
	for name, c := range map[string]struct {
		points, weight float64
		want           Severity
	}{
		"1.49":              {1.49, 1, Minor},
		"1.5":               {3.5 - 2.0, 1, Major},
		"0.3 times 5":       {3.5 - 3.2, 5, Major},
		"2.99":              {2.99, 1, Major},
		"3":                 {3, 1, Critical},
		"0.6 times 5":       {3.5 - 2.9, 5, Critical},
		"2.5 times a tenth": {2.5, 0.1, Minor},
	} {
		t.Run(name, func(t *testing.T) {
			equal(t, "severity", d.rules.severity(&finding{points: c.points, weight: c.weight}), c.want)
		})
	}
}

func TestWhatIsReadReachesBackToWhatFreshRatingsNeed(t *testing.T) {
	c := DefaultConfig()
	equal(t, "ratings", c.RatingsSince(noon), noon.Add(-2*28*24*hour-hour))
	equal(t, "alerts", c.AlertsSince(noon), noon.Add(-26*time.Hour))
}
