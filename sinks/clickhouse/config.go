package clickhouse

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// defaultDatabase is used when the DSN names none.
const defaultDatabase = "satisflow"

// Config says which ClickHouse is used and how.
type Config struct {
	// DSN is http://, https:// or clickhouse:// with host:port, the database as its path, and settings as its query.
	DSN string `yaml:"dsn" help:"http(s):// or clickhouse:// address with the database as path; secure=true and skip_verify=true set TLS" secret:"true"`
	// Username and Password replace those of the DSN when they are not empty.
	Username string `yaml:"username" help:"user, in place of the DSN's"`
	Password string `yaml:"password" help:"password, in place of the DSN's; password_file is better" secret:"true"`
	// PasswordFile is a file with the password, in place of Password; a line end at its end is not part of it.
	PasswordFile string `yaml:"password_file" help:"file with the password"`
	// Cluster is the name of a cluster of the server: tables are then replicated and distributed over it.
	Cluster string `yaml:"cluster" help:"name of the server's cluster, empty for a single server"`
	// DialTimeout bounds the set-up of one connection.
	DialTimeout time.Duration `yaml:"dial_timeout" help:"longest time to connect"`
	// ReadTimeout bounds the wait for an answer; an insert of 500,000 rows must fit in.
	ReadTimeout time.Duration `yaml:"read_timeout" help:"longest wait for an answer"`
	// MaxConnections bounds the connections of one process.
	MaxConnections int `yaml:"max_connections" help:"most connections of one process"`
}

// DefaultConfig is a server on loopback, over HTTP.
func DefaultConfig() Config {
	return Config{DSN: "http://127.0.0.1:8123/" + defaultDatabase, DialTimeout: 5 * time.Second, ReadTimeout: 2 * time.Minute, MaxConnections: 16}
}

// Validate returns an error that names the key, the value and what would be right.
func (c Config) Validate() error {
	switch {
	case c.DialTimeout <= 0:
		return fmt.Errorf("clickhouse.dial_timeout: %v: want more than 0", c.DialTimeout)
	case c.ReadTimeout <= 0:
		return fmt.Errorf("clickhouse.read_timeout: %v: want more than 0", c.ReadTimeout)
	case c.MaxConnections < 1:
		return fmt.Errorf("clickhouse.max_connections: %d: want at least 1", c.MaxConnections)
	case c.Password != "" && c.PasswordFile != "":
		return errors.New("clickhouse.password_file: set beside clickhouse.password: want one of them")
	case c.Cluster != "" && !plainName.MatchString(c.Cluster):
		return fmt.Errorf("clickhouse.cluster: %q: want a name of letters, digits, underscores, dots and hyphens", c.Cluster)
	}
	_, err := parseDSN(c.DSN)
	return err
}

// options returns the client's options: the DSN's, with the credentials and settings of the rest of the configuration.
func (c Config) options() (*clickhouse.Options, error) {
	opts, err := parseDSN(c.DSN)
	if err != nil {
		return nil, err
	}
	if err := c.credentials(opts); err != nil {
		return nil, err
	}
	opts.DialTimeout, opts.ReadTimeout = c.DialTimeout, c.ReadTimeout
	opts.MaxOpenConns, opts.MaxIdleConns, opts.HttpMaxConnsPerHost = c.MaxConnections, c.MaxConnections, c.MaxConnections
	opts.ClientInfo.Products = append(opts.ClientInfo.Products, struct{ Name, Version string }{"satisflow", "1"})
	if c.Cluster != "" {
		for name, value := range clusterSettings {
			opts.Settings[name] = value
		}
	}
	return opts, nil
}

// clusterSettings make an acknowledged insert durable on most replicas, and the next read, on any replica, see it.
var clusterSettings = clickhouse.Settings{
	"distributed_foreground_insert": 1,
	"insert_quorum":                 "auto",
	"insert_quorum_parallel":        0, // else sequential consistency of reads means nothing
	"select_sequential_consistency": 1,
}

func (c Config) credentials(opts *clickhouse.Options) error {
	if c.Username != "" {
		opts.Auth.Username = c.Username
	}
	if c.Password != "" {
		opts.Auth.Password = c.Password
	}
	if c.PasswordFile == "" {
		return nil
	}
	b, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return fmt.Errorf("clickhouse.password_file: %w", err)
	}
	opts.Auth.Password = strings.TrimRight(string(b), "\r\n")
	return nil
}
