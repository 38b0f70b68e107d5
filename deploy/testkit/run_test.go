package testkit

import (
	"bytes"
	"errors"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"satisflow/sinks/clickhouse/engine/filelock"
)

// serverLine is what logServer prints of the shared server, in a test process that another test started.
var serverLine = regexp.MustCompile(`shared server (\S+)`)

func logServer(t *testing.T, db *ClickHouseDB) {
	t.Helper()
	dsn, err := url.Parse(db.DSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("shared server %s", dsn.Host)
}

func TestTheProcessesOfARunShareAServerThatEndsWithIt(t *testing.T) {
	EngineLibrary(t)
	// The shell stands for go test: the parent of two test processes.
	shell := testProcesses(`"$0" "$@" & "$0" "$@" & wait`)
	var out bytes.Buffer
	shell.Stdout, shell.Stderr = &out, &out
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	run, _ := identify(shell.Process.Pid)
	if err := shell.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	servers := serverLine.FindAllStringSubmatch(out.String(), -1)
	if len(servers) != 2 || !slices.Equal(servers[0], servers[1]) {
		t.Fatalf("got servers %q, want the same one twice:\n%s", servers, out.String())
	}
	assertNothingIsLeft(t, run, servers[0][1])
}

func TestNothingIsLeftOfARunThatWasKilled(t *testing.T) {
	EngineLibrary(t)
	// It waits for its standard input after the test, to be killed.
	shell := testProcesses(`"$0" "$@"; read -r line`)
	stdin, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	out := new(lockedBuffer)
	shell.Stdout, shell.Stderr = out, out
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	run, _ := identify(shell.Process.Pid)
	eventually(t, 20*time.Second, "no server started", func() bool { return serverLine.MatchString(out.String()) })
	if _, err := os.Stat(runDir(run, clickhouseService)); err != nil {
		t.Errorf("the run's folder is not there while the run is: %v", err)
	}
	if err := shell.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = shell.Wait() // it was killed
	assertNothingIsLeft(t, run, serverLine.FindStringSubmatch(out.String())[1])
}

func TestWhoJoinsWhileAServersFolderGoesFindsNoServer(t *testing.T) {
	for range 5 {
		dir := filepath.Join(t.TempDir(), "run")
		start, err := lockInside(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		self, _ := identify(os.Getpid())
		if err := writeAddress(dir, address{Supervisor: self.String()}); err != nil {
			t.Fatal(err)
		}
		for i := range 2000 { // so that it takes a while
			if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		found := make(chan bool)
		go func() {
			joined, err := filelock.Try(filepath.Join(dir, startLock))
			for err != nil && !errors.Is(err, os.ErrNotExist) {
				joined, err = filelock.Try(filepath.Join(dir, startLock))
			}
			_, running := readAddress(dir)
			if err == nil {
				_ = joined.Release()
			}
			found <- running
		}()
		if err := remove(dir); err != nil {
			t.Error(err)
		}
		_ = start.Release() // of a file that has gone
		if <-found {
			t.Fatal("found the address of a server that has ended")
		}
	}
}

func testProcesses(script string) *exec.Cmd {
	return exec.Command("sh", "-c", script, selfExecutable(), "-test.v", "-test.run=^TestADatabaseIsEmptyAndTheTestsOwn$")
}

func selfExecutable() string {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return path
}

func assertNothingIsLeft(t *testing.T, run processID, server string) {
	t.Helper()
	eventually(t, 10*time.Second, "the folder of the run is left", func() bool {
		_, err := os.Stat(runDir(run, clickhouseService))
		return os.IsNotExist(err)
	})
	eventually(t, time.Second, "the server is left", func() bool {
		conn, err := net.Dial("tcp", server)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
}

func eventually(t *testing.T, limit time.Duration, otherwise string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %s: %s", limit, otherwise)
		}
	}
}
