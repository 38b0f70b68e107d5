package clickhouse

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// plainName is the form of the names of databases and clusters, which are written into statements.
var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// parseDSN reads the DSN. Its errors never quote it: it may hold a password.
func parseDSN(dsn string) (*clickhouse.Options, error) {
	scheme, _, _ := strings.Cut(dsn, "://")
	switch scheme {
	case "http", "clickhouse":
	case "https":
		if !strings.Contains(dsn, "secure=") { // the client wants it said twice
			dsn += map[bool]string{true: "&", false: "?"}[strings.Contains(dsn, "?")] + "secure=true"
		}
	default:
		return nil, fmt.Errorf("clickhouse.dsn: %s: want http://, https:// or clickhouse:// and host:port", Redacted(dsn))
	}
	opts, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		return nil, fmt.Errorf("clickhouse.dsn: %s: want %s://host:port/database", Redacted(dsn), scheme)
	}
	if opts.Auth.Database == "" {
		opts.Auth.Database = defaultDatabase
	}
	if !plainName.MatchString(opts.Auth.Database) {
		return nil, fmt.Errorf("clickhouse.dsn: database %q: want a name of letters, digits, underscores, dots and hyphens", opts.Auth.Database)
	}
	return opts, nil
}

// Redacted returns the DSN for logs and messages: without its password, its token or anything else that it was given
// beside address and database.
func Redacted(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil || u.Host == "" {
		return "(an address that cannot be read)"
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	u.RawQuery, u.Fragment = "", ""
	return u.String()
}
