package engine

import (
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"

	"github.com/rs/zerolog"
)

// Config says what one engine process serves. It travels as JSON from [Start] to [Child], so that the token stands
// neither in the command line nor in the environment of a process.
type Config struct {
	// Library is the path of libchdb.so, as [Library] returns it.
	Library string `json:"library"`
	// Dir is the data folder. It is created, belongs to one process at a time, and holds the engine's data, its
	// working directory and its HOME.
	Dir string `json:"dir"`
	// Listen is the loopback address to serve HTTP on; port 0 picks a free one.
	Listen string `json:"listen"`
	// Token is the password that every request but /ping must carry; at least 16 characters.
	Token string `json:"token"`
	// MaxStatements bounds the statements that run at once; more of them wait. 1 or more.
	MaxStatements int `json:"max_statements"`
	// MaxBodyBytes bounds a request whose statement is in its body; the data of an INSERT whose statement is in the
	// URL is streamed and not bounded. 1 or more.
	MaxBodyBytes int64 `json:"max_body_bytes"`

	// Ready receives the line "ready ADDRESS" once requests are served. May be nil.
	Ready io.Writer `json:"-"`
	// Log receives what the front has to say; the zero logger is silent.
	Log zerolog.Logger `json:"-"`
}

// DefaultConfig is a Config that lacks Library, Dir and Token.
func DefaultConfig() Config {
	return Config{Listen: "127.0.0.1:0", MaxStatements: 16, MaxBodyBytes: 64 << 20, Log: zerolog.Nop()}
}

// Validate reports every field that can't be served, with its value.
func (c Config) Validate() error {
	return errors.Join(
		requireAbsolute("library", c.Library),
		requireAbsolute("dir", c.Dir),
		requireLoopback(c.Listen),
		requireAtLeast("token length", int64(len(c.Token)), 16),
		requireAtLeast("max_statements", int64(c.MaxStatements), 1),
		requireAtLeast("max_body_bytes", c.MaxBodyBytes, 1),
	)
}

func requireAbsolute(field, path string) error {
	if !filepath.IsAbs(path) {
		return fmt.Errorf("clickhouse engine: %s %q is not an absolute path", field, path)
	}
	return nil
}

func requireLoopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("clickhouse engine: listen %q is not host:port: %w", address, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("clickhouse engine: listen %q is not a loopback address, such as 127.0.0.1:8123", address)
	}
	return nil
}

func requireAtLeast(field string, value, least int64) error {
	if value < least {
		return fmt.Errorf("clickhouse engine: %s is %d, must be at least %d", field, value, least)
	}
	return nil
}
