package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/rs/zerolog"
)

// Child is what the command does that [Start] runs. It reads its Config, one line of JSON, from stdin and serves it
// until ctx ends or stdin does, which it does with the parent, announcing itself on stdout.
func Child(ctx context.Context, stdin io.Reader, stdout io.Writer, log zerolog.Logger) error {
	lines := bufio.NewReader(stdin)
	line, err := lines.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read configuration of clickhouse engine from standard input: %w", err)
	}
	cfg := DefaultConfig()
	if err := json.Unmarshal(line, &cfg); err != nil {
		return fmt.Errorf("read configuration of clickhouse engine: %w", err)
	}
	cfg.Ready, cfg.Log = stdout, log
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, lines)
		cancel()
	}()
	return Serve(ctx, cfg)
}
