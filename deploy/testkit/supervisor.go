package testkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"

	"satisflow/sinks/clickhouse/engine"
	"satisflow/sinks/clickhouse/engine/filelock"
)

// The environment that turns a test binary into something else.
const (
	roleEnv = "SATISFLOW_TESTKIT_ROLE" // a service to supervise, or engineRole
	dirEnv  = "SATISFLOW_TESTKIT_DIR"
	runEnv  = "SATISFLOW_TESTKIT_RUN"

	engineRole = "engine"
)

// selfPath is this binary, also after go test has removed it.
const selfPath = "/proc/self/exe"

const (
	watchInterval = 300 * time.Millisecond
	// idleTime is how long a server stays that no test process uses, in a run that is not over.
	idleTime = 10 * time.Second
)

// server is what a supervisor watches.
type server interface {
	// Done is closed when the server has ended by itself.
	Done() <-chan struct{}
	Wait() error
	Stop(ctx context.Context) error
}

// services start the shared servers: each in a folder, returning its address.
var services map[string]func(ctx context.Context, dir string) (server, address, error)

// init runs before any test: a binary that was started with a role does that and nothing else.
func init() {
	services = map[string]func(context.Context, string) (server, address, error){
		clickhouseService: serveSharedClickHouse,
		kafkaService:      serveSharedKafka,
	}
	role := os.Getenv(roleEnv)
	if role == "" {
		return
	}
	if err := play(role); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func play(role string) error {
	if role == engineRole {
		return engine.Child(context.Background(), os.Stdin, os.Stdout, zerolog.New(os.Stderr))
	}
	run, err := parseProcessID(os.Getenv(runEnv))
	if err != nil {
		return err
	}
	return supervise(role, os.Getenv(dirEnv), run)
}

// supervise starts a server, watches over it until it is not needed any more, and removes what it left.
func supervise(service, dir string, run processID) error {
	sweep()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	s, a, err := services[service](ctx, dir)
	if err != nil {
		return err
	}
	self, _ := identify(os.Getpid())
	a.Supervisor = self.String()
	if err := writeAddress(dir, a); err != nil {
		return errors.Join(err, s.Stop(ctx))
	}
	joining, err := watch(s, dir, run)
	if err != nil {
		return err
	}
	ctx, cancel = context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	// Nobody can see an error any more, and the folder goes in any case.
	_ = s.Stop(ctx)
	err = remove(dir)
	if joining != nil {
		err = errors.Join(err, joining.Release())
	}
	return err
}

// remove empties the folder, the lock that keeps others from joining last: without it they would find the address of a
// server that has ended, or lose what they put there. The folder stays if somebody is quick to begin anew in it.
func remove(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if e.Name() != startLock {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	err = errors.Join(err, os.Remove(filepath.Join(dir, startLock)))
	_ = os.Remove(dir)
	return err
}

func writeAddress(dir string, a address) error {
	content, err := json.Marshal(a)
	if err != nil {
		return err
	}
	temporary := filepath.Join(dir, addressFile+".new")
	if err := os.WriteFile(temporary, content, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, filepath.Join(dir, addressFile))
}

// watch returns when the run is over, or when the server is idle, then with the lock that keeps others from joining; or
// with an error when the server has ended by itself.
func watch(s server, dir string, run processID) (joining *filelock.Lock, err error) {
	lastUse := time.Now()
	for {
		select {
		case <-s.Done():
			return nil, fmt.Errorf("the server ended by itself: %w", s.Wait())
		case <-time.After(watchInterval):
		}
		if !run.alive() {
			return nil, nil
		}
		joining, err := filelock.Try(filepath.Join(dir, startLock))
		if err != nil || inUse(dir) {
			lastUse = time.Now()
		}
		if time.Since(lastUse) > idleTime {
			return joining, nil
		}
		if joining != nil {
			_ = joining.Release() // closing a file that was only locked
		}
	}
}

func inUse(dir string) bool {
	lease, err := filelock.Try(filepath.Join(dir, leaseLock))
	if err != nil {
		return true
	}
	return lease.Release() != nil
}
