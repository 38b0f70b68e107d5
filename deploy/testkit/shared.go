package testkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"satisflow/sinks/clickhouse/engine/filelock"
)

// startTimeout bounds the start of a shared server.
const startTimeout = 60 * time.Second

// Files in the folder of a service.
const (
	startLock   = "start.lock" // held by who starts, or ends, the server
	leaseLock   = "lease.lock" // shared by the test processes that use it
	addressFile = "address"    // JSON, there while the server serves
	logFile     = "supervisor.log"
)

// address is what a supervisor tells of its server.
type address struct {
	Supervisor string // a processID
	HostPort   string
	Token      string
}

// leases are held until this process ends, one per service.
var leases struct {
	sync.Mutex
	addresses map[string]address
	locks     []*filelock.Lock
}

// sharedServer returns the address of the run's server of a service, starting it if nobody has. The environment is
// added to the supervisor's.
func sharedServer(t testing.TB, service string, env ...string) address {
	t.Helper()
	leases.Lock()
	defer leases.Unlock()
	if a, ok := leases.addresses[service]; ok {
		return a
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	a, lease, err := joinServer(ctx, currentRun(), service, env)
	if err != nil {
		t.Fatalf("start the run's %s: %v", service, err)
	}
	if leases.addresses == nil {
		leases.addresses = map[string]address{}
	}
	leases.addresses[service] = a
	leases.locks = append(leases.locks, lease)
	return a
}

// joinServer leases a running server, or starts its supervisor first. Who starts holds the start lock meanwhile.
func joinServer(ctx context.Context, run processID, service string, env []string) (a address, lease *filelock.Lock, err error) {
	dir := runDir(run, service)
	start, err := lockInside(ctx, dir)
	if err != nil {
		return address{}, nil, err
	}
	defer func() { err = errors.Join(err, start.Release()) }()
	if lease, err = filelock.AcquireShared(ctx, filepath.Join(dir, leaseLock)); err != nil {
		return address{}, nil, err
	}
	a, running := readAddress(dir)
	if !running {
		a, err = spawnSupervisor(ctx, run, service, dir, env)
	}
	return a, lease, err
}

// lockInside makes the folder and takes its start lock; a supervisor that ends may remove the folder in between.
func lockInside(ctx context.Context, dir string) (*filelock.Lock, error) {
	for {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		lock, err := filelock.Acquire(ctx, filepath.Join(dir, startLock))
		if !errors.Is(err, os.ErrNotExist) {
			return lock, err
		}
	}
}

func readAddress(dir string) (address, bool) {
	content, err := os.ReadFile(filepath.Join(dir, addressFile))
	if err != nil {
		return address{}, false
	}
	var a address
	if err := json.Unmarshal(content, &a); err != nil {
		return address{}, false
	}
	supervisor, err := parseProcessID(a.Supervisor)
	return a, err == nil && supervisor.alive()
}

// spawnSupervisor starts this binary as the supervisor and waits for the server's address.
func spawnSupervisor(ctx context.Context, run processID, service, dir string, env []string) (address, error) {
	log, err := os.Create(filepath.Join(dir, logFile))
	if err != nil {
		return address{}, err
	}
	defer log.Close()
	cmd := exec.Command(selfPath)
	cmd.Env = append(os.Environ(), append(env, roleEnv+"="+service, dirEnv+"="+dir, runEnv+"="+run.String())...)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = log, log
	// A session of its own, so that Ctrl-C on go test does not end it before it has cleaned up.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return address{}, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		if a, running := readAddress(dir); running {
			return a, nil
		}
		select {
		case err := <-ended:
			return address{}, fmt.Errorf("its supervisor ended: %w\n%s", err, readLog(dir))
		case <-ctx.Done():
			return address{}, errors.Join(fmt.Errorf("no address: %w\n%s", ctx.Err(), readLog(dir)), cmd.Process.Kill())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func readLog(dir string) string {
	content, err := os.ReadFile(filepath.Join(dir, logFile))
	if err != nil {
		return err.Error()
	}
	return string(content)
}
