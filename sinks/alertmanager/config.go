package alertmanager

import (
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Config says where alerts are pushed, and as whom.
type Config struct {
	// URLs are the members of one cluster; each gets every alert. Empty: no alerts are pushed.
	URLs []string `yaml:"urls" help:"addresses of Alertmanager, http(s)://host:port with the path where it has one, all members of a cluster; empty for no pushes"`
	// Timeout bounds one request to one member.
	Timeout time.Duration `yaml:"timeout" help:"longest time for one request"`
	// BatchSize is the most alerts of one request.
	BatchSize int `yaml:"batch_size" help:"most alerts in one request"`
	// User signs in with the password of PasswordFile, by basic authentication; empty for none.
	User string `yaml:"user" help:"user of basic authentication; empty for none"`
	// PasswordFile is read for each push; a line end at its end is not part of the password.
	PasswordFile string `yaml:"password_file" help:"file with the user's password, read for each push"`
	// TokenFile holds a bearer token, in place of a user, and is read for each push.
	TokenFile string `yaml:"token_file" help:"file with a bearer token, in place of a user, read for each push"`
	// CAFile holds the authorities to trust, PEM; empty means the system's.
	CAFile string `yaml:"ca_file" help:"authorities to trust, PEM; empty means the system's"`
}

// DefaultConfig pushes nothing until URLs is set.
func DefaultConfig() Config {
	return Config{Timeout: 10 * time.Second, BatchSize: 64}
}

// Enabled says whether alerts are pushed at all.
func (c Config) Enabled() bool { return len(c.URLs) > 0 }

// Validate reports every wrong field, its value and what would be right. It reads no files.
func (c Config) Validate() error {
	var errs []error
	seen := map[string]bool{}
	for _, text := range c.URLs {
		u, err := parseURL(text)
		switch {
		case err != nil:
			errs = append(errs, err)
		case seen[nameOf(u)]:
			errs = append(errs, fmt.Errorf("urls: %s: is there twice: want each member once", u))
		default:
			seen[nameOf(u)] = true
		}
	}
	if c.Timeout <= 0 {
		errs = append(errs, fmt.Errorf("timeout: %v: want more than 0", c.Timeout))
	}
	if c.BatchSize < 1 {
		errs = append(errs, fmt.Errorf("batch_size: %d: want at least 1", c.BatchSize))
	}
	if (c.User == "") != (c.PasswordFile == "") {
		errs = append(errs, fmt.Errorf("password_file: %q with user %q: want both or neither", c.PasswordFile, c.User))
	}
	if c.TokenFile != "" && c.User != "" {
		errs = append(errs, fmt.Errorf("token_file: %q beside user %q: want one of them", c.TokenFile, c.User))
	}
	return errors.Join(errs...)
}

// parseURL reads the address of a member. Errors do not show a password that is in it.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("urls: one is no URL: want http(s)://host:port")
	case u.User != nil:
		return nil, fmt.Errorf("urls: %s: holds a user: want it in user and password_file", u.Redacted())
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("urls: %q: want http(s)://host:port, with the path where Alertmanager has one", text)
	default:
		return u, nil
	}
}
