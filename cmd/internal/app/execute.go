package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"satisflow/cmd/internal/config"
	"satisflow/pipeline/source"
	"satisflow/sinks/clickhouse/engine"
)

// Invocation is what a process gives its command.
type Invocation struct {
	Args           []string // the first is the program as it was called
	Environ        []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitUnavailable = 3
	exitInterrupted = 130
)

// Execute runs the command that the arguments name until it is done or ctx ends, prints its error, and returns the exit code.
func Execute(ctx context.Context, inv Invocation) int {
	s := newShell(inv)
	root := newRootCommand(s)
	root.SetArgs(inv.Args[1:])
	err := root.ExecuteContext(ctx)
	code := exitCode(ctx, err)
	switch {
	case err == nil, errors.Is(err, errDiffers):
	case code == exitInterrupted:
		fmt.Fprintln(s.stderr, "interrupted")
	default:
		fmt.Fprintf(s.stderr, "%s %v\n", s.red("error:"), err)
	}
	return code
}

// errDiffers ends a command that has shown what it found: differences.
var errDiffers = errors.New("differences were found")

// codedError is an error with the exit code that it asks for.
type codedError struct {
	error
	code int
}

func (e codedError) Unwrap() error { return e.error }

// usageError is an error that another command line or configuration mends.
func usageError(err error) error { return codedError{err, exitUsage} }

// unavailable is an error about a part that is needed and not there.
func unavailable(err error) error { return codedError{err, exitUnavailable} }

func exitCode(ctx context.Context, err error) int {
	var coded codedError
	var problems config.Problems
	switch {
	case err == nil:
		return exitDone
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &coded):
		return coded.code
	case errors.As(err, &problems):
		return exitUsage
	case errors.Is(err, engine.ErrUnavailable), errors.Is(err, source.ErrUnavailable):
		return exitUnavailable
	default:
		return exitFailed
	}
}

// self is this program, also after its file was removed.
func self() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	if _, err := os.Stat(path); err != nil {
		return "/proc/self/exe", nil
	}
	return path, nil
}
