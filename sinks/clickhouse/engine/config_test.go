package engine

import (
	"strings"
	"testing"
)

func TestAConfigurationThatIsUnsafeOrIncompleteIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		want   string // empty: accepted
	}{
		"a complete one":         {func(*Config) {}, ""},
		"any loopback address":   {func(c *Config) { c.Listen = "[::1]:8123" }, ""},
		"every interface":        {func(c *Config) { c.Listen = ":8123" }, `listen ":8123" is not a loopback address`},
		"another machine's":      {func(c *Config) { c.Listen = "192.0.2.1:8123" }, "not a loopback address"},
		"no port":                {func(c *Config) { c.Listen = "127.0.0.1" }, "not host:port"},
		"a short token":          {func(c *Config) { c.Token = "secret" }, "token length is 6, must be at least 16"},
		"a relative data folder": {func(c *Config) { c.Dir = "data" }, `dir "data" is not an absolute path`},
		"no statements":          {func(c *Config) { c.MaxStatements = 0 }, "max_statements is 0"},
		"no body":                {func(c *Config) { c.MaxBodyBytes = 0 }, "max_body_bytes is 0"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := DefaultConfig()
			cfg.Library, cfg.Dir, cfg.Token = "/lib/libchdb.so", "/data", "0123456789abcdef"
			c.change(&cfg)
			err := cfg.Validate()
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got error %v, want %q", err, c.want)
			}
		})
	}
}
