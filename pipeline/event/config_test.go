package event

import (
	"math"
	"strings"
	"testing"
)

func TestAConfigThatCannotWorkIsRefused(t *testing.T) {
	if err := testConfig().Validate(); err != nil {
		t.Error(err)
	}
	metric := func(change func(*Metric)) func(*Config) { return func(c *Config) { change(&c.Quality[0]) } }
	for name, tc := range map[string]struct {
		change func(*Config)
		says   string
	}{
		"no service":                        {func(c *Config) { c.Services = nil }, "services"},
		"any and another":                   {func(c *Config) { c.Services = []string{"any", "x"} }, `"any"`},
		"a reserved attribute":              {func(c *Config) { c.Attributes = []string{"service"} }, "reserved"},
		"an attribute twice":                {func(c *Config) { c.Attributes = []string{"a", "a"} }, "twice"},
		"an attribute in upper case":        {func(c *Config) { c.Attributes = []string{"Region"} }, `"Region"`},
		"a metric that is built in":         {metric(func(m *Metric) { m.Name = "accuracy" }), "twice"},
		"an empty range":                    {metric(func(m *Metric) { m.Max = m.Min }), "not above"},
		"a range that is no number":         {metric(func(m *Metric) { m.Max = math.NaN() }), "not above"},
		"an endless range":                  {metric(func(m *Metric) { m.Max = math.Inf(1) }), "finite"},
		"a bound finer than the decimals":   {metric(func(m *Metric) { m.Max = 40.55 }), "at most 1 decimals"},
		"a range whose sums could overflow": {metric(func(m *Metric) { m.Max = 1e12 }), "12 digits"},
		"seven decimals":                    {metric(func(m *Metric) { m.Decimals = 7 }), "decimals"},
		"no direction":                      {metric(func(m *Metric) { m.Better = "" }), "better"},
		"too many metrics":                  {func(c *Config) { c.Quality = make([]Metric, 4) }, "at most 3"},
		"hmac without a key":                {func(c *Config) { c.CustomerIDs = "hmac" }, "customer_key_file"},
		"unknown fields that are kept":      {func(c *Config) { c.UnknownFields = "keep" }, "reject or ignore"},
		"another treatment":                 {func(c *Config) { c.CustomerIDs = "md5" }, "plain or hmac"},
	} {
		cfg := testConfig()
		tc.change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v does not say %q", name, err, tc.says)
		}
	}
}
