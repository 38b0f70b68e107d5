package engine

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"satisflow/sinks/clickhouse/engine/child"
)

// StartConfig says how to start an engine as a child process.
type StartConfig struct {
	// Config is what the child serves; its Ready and Log stay here.
	Config Config
	// Path and Args are the command, which must call [Child].
	Path string
	Args []string
	// Env is added to this process's environment for the child.
	Env []string
	// Stderr receives what the child writes there; nil drops it.
	Stderr io.Writer
	// ReadyTimeout bounds the time until requests are served; 0 means 30 s. Loading the library from a cold disk takes
	// most of it.
	ReadyTimeout time.Duration
}

// Process is an engine that runs as a child of this process and dies with it.
type Process struct {
	child   *child.Process
	stdin   io.Closer
	address string
	token   string
}

// Start starts the engine and returns when it serves. It fails when the child ends before that, with the last lines of
// its stderr, or when it takes longer than ReadyTimeout or ctx. The child lives on when ctx ends afterwards.
func Start(ctx context.Context, cfg StartConfig) (*Process, error) {
	if err := cfg.Config.Validate(); err != nil {
		return nil, err
	}
	cmd := exec.Command(cfg.Path, cfg.Args...)
	// The engine does not start in a zone that it does not know, such as CST-8; times are kept in UTC anyway.
	cmd.Env = append(append(os.Environ(), "TZ=UTC"), cfg.Env...)
	cmd.Stderr = cfg.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start clickhouse engine: %w", err)
	}
	stdoutReader, stdoutWriter, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start clickhouse engine: %w", err)
	}
	defer stdoutReader.Close()
	cmd.Stdout = stdoutWriter
	process, err := child.Start("clickhouse engine", cmd)
	// The child has its own end; without ours the reader sees the child's death.
	if closeErr := stdoutWriter.Close(); err != nil || closeErr != nil {
		return nil, errors.Join(err, closeErr)
	}
	p := &Process{child: process, stdin: stdin, token: cfg.Config.Token}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(cfg.ReadyTimeout, 30*time.Second))
	defer cancel()
	if err := p.awaitReady(ctx, cfg.Config, stdin, stdoutReader); err != nil {
		return nil, errors.Join(err, process.Kill())
	}
	return p, nil
}

// awaitReady sends the configuration and waits for the line that announces the address.
func (p *Process) awaitReady(ctx context.Context, cfg Config, stdin io.Writer, stdout io.Reader) error {
	if err := json.NewEncoder(stdin).Encode(cfg); err != nil {
		return errors.Join(fmt.Errorf("configure clickhouse engine: %w", err), p.deathReason())
	}
	announced := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(stdout).ReadString('\n')
		announced <- line
	}()
	select {
	case line := <-announced:
		address, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
		if !ok {
			return errors.Join(fmt.Errorf("clickhouse engine announced %q instead of its address", line), p.deathReason())
		}
		p.address = address
		return nil
	case <-ctx.Done():
		return fmt.Errorf("clickhouse engine is not ready: %w", ctx.Err())
	}
}

// deathReason waits a moment for the end that a closed pipe announces.
func (p *Process) deathReason() error {
	select {
	case <-p.child.Done():
		return p.child.Wait()
	case <-time.After(time.Second):
		return nil
	}
}

// Address is where the engine listens, host:port.
func (p *Process) Address() string { return p.address }

// PID is the process id of the engine.
func (p *Process) PID() int { return p.child.PID() }

// DSN is how clickhouse-go reaches a database of the engine: http://default:TOKEN@127.0.0.1:PORT/DATABASE. It holds the
// token, so keep it out of logs.
func (p *Process) DSN(database string) string { return DSN(p.address, p.token, database) }

// DSN names a database of the engine that serves at address with a token.
func DSN(address, token, database string) string {
	return (&url.URL{Scheme: "http", Host: address, User: url.UserPassword("default", token), Path: "/" + database}).String()
}

// Done is closed when the engine has ended, asked to or not.
func (p *Process) Done() <-chan struct{} { return p.child.Done() }

// Wait returns when the engine has ended; an error unless it ended as it should, with the last lines of its stderr.
func (p *Process) Wait() error { return p.child.Wait() }

// Signal sends a signal to the engine; faults for tests.
func (p *Process) Signal(signal os.Signal) error { return p.child.Signal(signal) }

// Kill ends the engine at once, as kill -9 does. What it acknowledged is on disk.
func (p *Process) Kill() error { return p.child.Kill() }

// Stop ends the engine in order, which takes up to 3 s, or kills it when ctx ends first.
func (p *Process) Stop(ctx context.Context) error {
	if err := p.child.Stop(ctx, p.stdin.Close); err != nil {
		return err
	}
	return p.child.Wait()
}
