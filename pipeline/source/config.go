package source

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// Config says how to reach one Kafka cluster. All parts of the package share it.
type Config struct {
	// Brokers are the bootstrap addresses, host:port; one that answers is enough.
	Brokers []string `yaml:"brokers" help:"bootstrap addresses, host:port; one that answers is enough"`
	// ClientID names this process in the broker's logs and quotas.
	ClientID string `yaml:"client_id" help:"name of this process in the brokers' logs and quotas"`
	// DialTimeout bounds opening a connection, TLS and SASL included.
	DialTimeout time.Duration `yaml:"dial_timeout" help:"longest time to open a connection, TLS and SASL included"`
	// RequestTimeout bounds any one request; a fetch may take its MaxWait longer.
	RequestTimeout time.Duration `yaml:"request_timeout" help:"longest time for one request; a fetch may take reader.max_wait longer"`
	TLS            TLSConfig     `yaml:"tls"`
	SASL           SASLConfig    `yaml:"sasl"`
}

// TLSConfig turns encryption on and names its files, all PEM.
type TLSConfig struct {
	Enabled bool `yaml:"enabled" help:"whether to encrypt"`
	// CAFile holds the authorities to trust; empty means the system's.
	CAFile string `yaml:"ca_file" help:"authorities to trust, PEM; empty means the system's"`
	// CertFile and KeyFile hold the client certificate; both or neither.
	CertFile string `yaml:"cert_file" help:"client certificate, PEM; together with key_file"`
	KeyFile  string `yaml:"key_file" help:"client certificate's key, PEM; together with cert_file"`
	// ServerName is the name in the brokers' certificates, where it is not their host.
	ServerName string `yaml:"server_name" help:"name in the brokers' certificates where it is not their host"`
	// InsecureSkipVerify accepts any certificate; for trials only.
	InsecureSkipVerify bool `yaml:"insecure_skip_verify" help:"accept any certificate; for trials only"`
}

// SASLConfig signs in to the brokers.
type SASLConfig struct {
	// Mechanism is empty (no sign-in), plain, scram-sha-256 or scram-sha-512.
	Mechanism string `yaml:"mechanism" help:"plain, scram-sha-256 or scram-sha-512; empty for no sign-in"`
	Username  string `yaml:"username" help:"user of the sign-in"`
	Password  string `yaml:"password" help:"password of the sign-in; password_file is better" secret:"true"`
}

// DefaultConfig reaches a broker on this machine without encryption or sign-in.
func DefaultConfig() Config {
	return Config{
		Brokers:        []string{"127.0.0.1:9092"},
		ClientID:       "satisflow",
		DialTimeout:    5 * time.Second,
		RequestTimeout: 10 * time.Second,
	}
}

// Validate reports every wrong field, its value and what would be right. It reads no files.
func (c Config) Validate() error {
	var errs []error
	if len(c.Brokers) == 0 {
		errs = append(errs, errors.New("brokers is empty: give at least one host:port"))
	}
	for _, b := range c.Brokers {
		errs = append(errs, checkAddress(b))
	}
	errs = append(errs,
		positive("dial_timeout", c.DialTimeout),
		positive("request_timeout", c.RequestTimeout),
		c.TLS.validate(),
		c.SASL.validate())
	return errors.Join(errs...)
}

func (t TLSConfig) validate() error {
	if !t.Enabled && t != (TLSConfig{}) {
		return errors.New("tls has settings but tls.enabled is false: set it to true or remove them")
	}
	if (t.CertFile == "") != (t.KeyFile == "") {
		return fmt.Errorf("tls.cert_file is %q and tls.key_file is %q: give both or neither", t.CertFile, t.KeyFile)
	}
	return nil
}

func (s SASLConfig) validate() error {
	switch s.Mechanism {
	case "":
		if s != (SASLConfig{}) {
			return errors.New("sasl has a user or password but no sasl.mechanism: want plain, scram-sha-256 or scram-sha-512")
		}
		return nil
	case "plain", "scram-sha-256", "scram-sha-512":
		if s.Username == "" || s.Password == "" {
			return fmt.Errorf("sasl.mechanism is %q: it needs sasl.username and sasl.password", s.Mechanism)
		}
		return nil
	default:
		return fmt.Errorf("sasl.mechanism is %q: want plain, scram-sha-256 or scram-sha-512", s.Mechanism)
	}
}

func checkAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return fmt.Errorf("brokers has %q: want host:port", address)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("brokers has %q: the port must be 1 to 65535", address)
	}
	return nil
}

func positive(field string, d time.Duration) error {
	if d <= 0 {
		return fmt.Errorf("%s is %s: it must be positive", field, d)
	}
	return nil
}

func named(field, value string) error {
	if strings.TrimSpace(value) == "" {
		return fmt.Errorf("%s is empty: it needs a name", field)
	}
	return nil
}
