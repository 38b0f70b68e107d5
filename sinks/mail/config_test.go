package mail

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func TestWhichConfigurationsAreRight(t *testing.T) {
	right := func(change func(*Config)) Config {
		c := DefaultConfig()
		c.Host, c.From = "smtp.example.org:587", "satisflow@example.org"
		change(&c)
		return c
	}
	for _, c := range []struct {
		name string
		cfg  Config
		want string // in the error; empty: it is right
	}{
		{"the default sends no mails", DefaultConfig(), ""},
		{"a host and a sender", right(func(*Config) {}), ""},
		{"a sender with a name", right(func(c *Config) { c.From = "客户满意 <satisflow@example.org>" }), ""},
		{"a host without port", right(func(c *Config) { c.Host = "smtp.example.org" }), `host: "smtp.example.org": want host:port`},
		{"a host that is two lines", right(func(c *Config) { c.Host = "a\r\nb:25" }), "host: "},
		{"a port beyond 65535", right(func(c *Config) { c.Host = "a:70000" }), `host: "a:70000"`},
		{"no sender", right(func(c *Config) { c.From = "" }), `from: "": want an address`},
		{"a sender beyond ASCII", right(func(c *Config) { c.From = "张@example.org" }), `from: "张@example.org": want an address`},
		{"a user without password", right(func(c *Config) { c.User = "satisflow" }), `password_file: "" with user "satisflow": want both or neither`},
		{"an unknown encryption", right(func(c *Config) { c.TLS = "ssl" }), `tls: "ssl": want starttls, tls or none`},
		{"in the clear to elsewhere", right(func(c *Config) { c.TLS = NoTLS }), `tls: "none" to smtp.example.org:587: want`},
		{"in the clear to elsewhere, said so", right(func(c *Config) { c.TLS, c.AllowPlain = NoTLS, true }), ""},
		{"in the clear on loopback", right(func(c *Config) { c.TLS, c.Host = NoTLS, "[::1]:25" }), ""},
		{"in the clear on localhost", right(func(c *Config) { c.TLS, c.Host = NoTLS, "localhost:25" }), ""},
		{"a greeting of two words", right(func(c *Config) { c.HelloName = "a b" }), `hello_name: "a b": want a host name`},
		{"no time", right(func(c *Config) { c.Timeout = 0 }), "timeout: 0s: want more than 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.cfg.Validate()
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestASenderNeedsAHost(t *testing.T) {
	if _, err := New(DefaultConfig(), prometheus.NewRegistry()); err == nil {
		t.Error("made without a host")
	}
}

func TestAnAuthorityFileWithoutCertificatesIsSaid(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte("no"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, Config{Host: "127.0.0.1:1", From: "satisflow@example.org", TLS: StartTLS, CAFile: file, Timeout: time.Second})
	if err := s.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "ca_file: "+file+": holds no certificate") {
		t.Errorf("got %v", err)
	}
}
