package testkit

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// processID names a process for good: ids are used again, but not with the same start time.
type processID struct {
	pid     int
	started string // in the kernel's clock ticks; empty where the system has no /proc
}

// identify finds a living process.
func identify(pid int) (processID, bool) {
	if runtime.GOOS != "linux" {
		return processID{pid: pid}, syscall.Kill(pid, 0) == nil
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return processID{}, false
	}
	// The second field is the name in brackets, which may hold blanks; the start time is the 22nd.
	_, afterName, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')'):]), " ")
	fields := strings.Fields(afterName)
	const state, startTime = 0, 19
	if len(fields) <= startTime || fields[state] == "Z" {
		return processID{}, false
	}
	return processID{pid, fields[startTime]}, true
}

func (p processID) alive() bool {
	now, ok := identify(p.pid)
	return ok && now == p
}

func (p processID) String() string { return fmt.Sprintf("%d-%s", p.pid, p.started) }

func parseProcessID(s string) (processID, error) {
	pid, started, ok := strings.Cut(s, "-")
	n, err := strconv.Atoi(pid)
	if !ok || err != nil {
		return processID{}, fmt.Errorf("process %q is not ID-START", s)
	}
	return processID{n, started}, nil
}

// currentRun is the go test process that this test process belongs to; itself if that has gone.
func currentRun() processID {
	if parent, ok := identify(os.Getppid()); ok && parent.pid > 1 {
		return parent
	}
	self, _ := identify(os.Getpid())
	return self
}

// runPrefix begins the names of the folders of runs; the user's id keeps users apart.
func runPrefix() string { return fmt.Sprintf("satisflow-test-%d-", os.Getuid()) }

// runDir is the folder of one service in a run.
func runDir(run processID, service string) string {
	return filepath.Join(os.TempDir(), runPrefix()+run.String()+"-"+service)
}

// sweep removes the folders of runs that are over; a supervisor that was killed leaves one.
func sweep() {
	dirs, err := filepath.Glob(filepath.Join(os.TempDir(), runPrefix()+"*"))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		name := strings.TrimPrefix(filepath.Base(dir), runPrefix())
		run, err := parseProcessID(name[:strings.LastIndexByte(name, '-')])
		if err == nil && !run.alive() {
			_ = os.RemoveAll(dir)
		}
	}
}
