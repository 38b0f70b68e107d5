package guard

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
)

// Config says who may ask, and how often.
type Config struct {
	// Hosts are the names under which the server may be asked, beside the loopback ones; * allows any, which is safe only
	// where callers must sign in.
	Hosts []string `yaml:"hosts" help:"host names that requests may bear, beside the loopback ones; * allows any"`
	// CORSOrigins are the web origins (https://host) whose pages may read and write; none by default.
	CORSOrigins []string `yaml:"cors_origins" help:"web origins whose pages may use the API"`
	// TrustedProxies are the networks of proxies whose X-Forwarded-For is believed.
	TrustedProxies []string `yaml:"trusted_proxies" help:"networks of proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8"`
	// ClientRate and TotalRate are requests to the API per second, of one client address (of an IPv6 /64) and of all together.
	ClientRate float64 `yaml:"client_rate" help:"API requests per second of one client address"`
	TotalRate  float64 `yaml:"total_rate" help:"API requests per second of all clients"`
	// ClientBurst and TotalBurst are how many may come at once.
	ClientBurst int `yaml:"client_burst" help:"API requests that one client address may send at once"`
	TotalBurst  int `yaml:"total_burst" help:"API requests that may come at once"`
	Timeouts    `yaml:",inline"`
}

// DefaultConfig answers on loopback only, pages of no other origin, and 2,000 requests a second of one address.
func DefaultConfig() Config {
	return Config{
		ClientRate: 2000, ClientBurst: 4000, TotalRate: 10_000, TotalBurst: 20_000,
		Timeouts: DefaultTimeouts(),
	}
}

// Validate reports every wrong key, its value and what would be right.
func (c Config) Validate() error {
	var errs []error
	add := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	for i, h := range c.Hosts {
		u, err := url.Parse("//" + h)
		add(h == "*" || err == nil && h != "" && u.Host == h && u.Port() == "", "hosts[%d]: %q: want a host name without scheme and port", i, h)
	}
	for i, o := range c.CORSOrigins {
		u, err := url.Parse(o)
		add(err == nil && u.Host != "" && u.Scheme+"://"+u.Host == o, "cors_origins[%d]: %q: want an origin such as https://panel.example.com", i, o)
	}
	for i, p := range c.TrustedProxies {
		_, err := netip.ParsePrefix(p)
		add(err == nil, "trusted_proxies[%d]: %q: want a network such as 10.0.0.0/8", i, p)
	}
	add(c.ClientRate > 0, "client_rate: %v: want more than 0", c.ClientRate)
	add(c.TotalRate > 0, "total_rate: %v: want more than 0", c.TotalRate)
	add(c.ClientBurst > 0, "client_burst: %d: want at least 1", c.ClientBurst)
	add(c.TotalBurst > 0, "total_burst: %d: want at least 1", c.TotalBurst)
	add(c.HeaderTimeout > 0, "header_timeout: %v: want more than 0", c.HeaderTimeout)
	add(c.IdleTimeout > 0, "idle_timeout: %v: want more than 0", c.IdleTimeout)
	add(c.BodyTimeout > 0, "body_timeout: %v: want more than 0", c.BodyTimeout)
	add(c.AnswerTimeout > 0, "answer_timeout: %v: want more than 0", c.AnswerTimeout)
	return errors.Join(errs...)
}
