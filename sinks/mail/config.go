package mail

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Values of Config.TLS.
const (
	StartTLS = "starttls" // encrypted after a greeting in the clear, or not at all
	TLS      = "tls"      // encrypted from the first byte
	NoTLS    = "none"
)

// Config says by which server mails are sent, and as whom.
type Config struct {
	// Host is the mail server, host:port; usual ports are 587 for starttls and 465 for tls. Empty: no mails are sent.
	Host string `yaml:"host" help:"mail server, host:port; empty for no mails"`
	// From is the sender; returned mails go there.
	From string `yaml:"from" help:"sender, such as satisflow <satisflow@example.org>; returned mails go there"`
	// User signs in; empty for a server that wants no sign-in.
	User string `yaml:"user" help:"user of the sign-in; empty for none"`
	// PasswordFile is a file with the user's password, read for each mail; a line end at its end is not part of it.
	PasswordFile string `yaml:"password_file" help:"file with the password of the sign-in, read for each mail"`
	// TLS is starttls, tls or none.
	TLS string `yaml:"tls" help:"starttls, tls (from the first byte, mostly port 465) or none (only on loopback, unless allow_plain)"`
	// AllowPlain lets mails and the password go in the clear to a server that is not on loopback.
	AllowPlain bool `yaml:"allow_plain" help:"allow tls none beyond loopback: mails and the password can then be read on the way"`
	// CAFile holds the authorities to trust, PEM; empty means the system's.
	CAFile string `yaml:"ca_file" help:"authorities to trust, PEM; empty means the system's"`
	// HelloName is what this machine calls itself to the server; empty means its host name.
	HelloName string `yaml:"hello_name" help:"name of this machine in its greeting; empty means its host name"`
	// Timeout bounds the sending of one mail, from the connection to the server's last word.
	Timeout time.Duration `yaml:"timeout" help:"longest time to send one mail"`
}

// DefaultConfig sends no mails until Host is set.
func DefaultConfig() Config {
	return Config{TLS: StartTLS, Timeout: 30 * time.Second}
}

// Enabled says whether mails are sent at all.
func (c Config) Enabled() bool { return c.Host != "" }

// Validate reports every wrong field, its value and what would be right. It reads no files. Without a host, nothing else
// is looked at but what could never be right.
func (c Config) Validate() error {
	errs := []error{c.checkTLS()}
	if c.Timeout <= 0 {
		errs = append(errs, fmt.Errorf("timeout: %v: want more than 0", c.Timeout))
	}
	if !c.Enabled() {
		return errors.Join(errs...)
	}
	if _, _, err := c.server(); err != nil {
		errs = append(errs, err)
	}
	if _, err := parseAddress(c.From); err != nil {
		errs = append(errs, fmt.Errorf("from: %q: %w", c.From, err))
	}
	if (c.User == "") != (c.PasswordFile == "") {
		errs = append(errs, fmt.Errorf("password_file: %q with user %q: want both or neither", c.PasswordFile, c.User))
	}
	if c.HelloName != "" && !hostName.MatchString(c.HelloName) {
		errs = append(errs, fmt.Errorf("hello_name: %q: want a host name, such as app.example.org", c.HelloName))
	}
	return errors.Join(errs...)
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9\[\]:.-]{1,255}$`)

func (c Config) checkTLS() error {
	switch c.TLS {
	case StartTLS, TLS:
		return nil
	case NoTLS:
		if c.Enabled() && !c.AllowPlain && !c.onLoopback() {
			return fmt.Errorf("tls: %q to %s: want starttls or tls, or a server on loopback; allow_plain: true sends in the clear all the same", c.TLS, c.Host)
		}
		return nil
	default:
		return fmt.Errorf("tls: %q: want %s, %s or %s", c.TLS, StartTLS, TLS, NoTLS)
	}
}

// server is the host and port to connect to.
func (c Config) server() (host string, port int, err error) {
	host, text, err := net.SplitHostPort(c.Host)
	port, convErr := strconv.Atoi(text)
	if err != nil || convErr != nil || !hostName.MatchString(host) || port < 1 || port > 65535 {
		return "", 0, fmt.Errorf("host: %q: want host:port, such as smtp.example.org:587", c.Host)
	}
	return host, port, nil
}

func (c Config) onLoopback() bool {
	host, _, err := net.SplitHostPort(c.Host)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// password is what the file holds now.
func (c Config) password() (string, error) {
	content, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("password_file: %w", err)
	}
	return strings.TrimRight(string(content), "\r\n"), nil
}

// tlsConfig trusts the configured authorities for the server's name.
func (c Config) tlsConfig(host string) (*tls.Config, error) {
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if c.CAFile == "" {
		return config, nil
	}
	content, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("ca_file: %s: holds no certificate: want PEM", c.CAFile)
	}
	return config, nil
}
