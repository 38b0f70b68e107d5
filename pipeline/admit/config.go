package admit

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"satisflow/pipeline/event"
)

// MinCustomerKey is the least length of the secret for customer_ids: hmac, in bytes.
const MinCustomerKey = 32

const day = 24 * time.Hour

// MaxRetention is the greatest retention: ClickHouse keeps facts for longer, and a record that is older than its pane's
// facts must not touch the pane.
const MaxRetention = 25 * 31 * day

// Config says which records count. All ages are measured from the record's Kafka timestamp.
type Config struct {
	// Horizon is the greatest age of a rating, 1 day or more; records marked as history may be older.
	Horizon time.Duration `yaml:"horizon" help:"greatest age of a rating at its arrival; import --history may be older"`
	// Future is how far a rating may be ahead, 0 to 1 h: what clocks differ by.
	Future time.Duration `yaml:"future" help:"how far occurred_at may be ahead of the record's timestamp"`
	// Retention is the greatest age of any rating, history included; at least the horizon, at most MaxRetention.
	Retention time.Duration `yaml:"retention" help:"greatest age of a rating that is marked as history"`
	// MaxBytes is the greatest size of a record's value, 1 KiB to 64 MiB.
	MaxBytes int `yaml:"max_bytes" help:"greatest size of a record in bytes"`
	// CustomerKey is the secret for customer_ids: hmac, read by LoadCustomerKey; never part of a printed configuration.
	CustomerKey []byte `yaml:"-"`
}

// DefaultConfig has a horizon of 35 days and a retention of 25 months of 31 days.
func DefaultConfig() Config {
	return Config{Horizon: 35 * day, Future: 5 * time.Minute, Retention: MaxRetention, MaxBytes: event.MaxRecordBytes}
}

// Validate returns an error that names the key, the value and what would be right.
func (c Config) Validate() error {
	const least, greatest = 1 << 10, 64 << 20
	switch {
	case c.Horizon < day:
		return fmt.Errorf("horizon: %s: want at least %s", c.Horizon, day)
	case c.Future < 0 || c.Future > time.Hour:
		return fmt.Errorf("future: %s: want 0s to 1h", c.Future)
	case c.Retention < c.Horizon:
		return fmt.Errorf("retention: %s: want at least the horizon, %s", c.Retention, c.Horizon)
	case c.Retention > MaxRetention:
		return fmt.Errorf("retention: %s: want at most %s: ClickHouse keeps ratings for little longer", c.Retention, MaxRetention)
	case c.MaxBytes < least || c.MaxBytes > greatest:
		return fmt.Errorf("max_bytes: %d: want %d to %d", c.MaxBytes, least, greatest)
	}
	return nil
}

// LoadCustomerKey reads the secret for customer_ids: hmac. White space at the end of the file is no part of it.
func LoadCustomerKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("customer_key_file: %w", err)
	}
	if key = bytes.TrimRight(key, " \t\r\n"); len(key) < MinCustomerKey {
		return nil, fmt.Errorf("customer_key_file: %s: %d bytes: want at least %d", path, len(key), MinCustomerKey)
	}
	return key, nil
}
