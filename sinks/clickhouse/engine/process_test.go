package engine_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"satisflow/deploy/testkit"
	"satisflow/sinks/clickhouse/engine"
)

const testToken = "token-of-the-test"

// libraryEnv and folderEnv hand the engine's place to a test process that starts an engine itself.
const (
	libraryEnv = "ENGINE_TEST_LIBRARY"
	folderEnv  = "ENGINE_TEST_DIR"
)

func testConfig(library, dir string) engine.Config {
	cfg := engine.DefaultConfig()
	cfg.Library, cfg.Dir, cfg.Token = library, dir, testToken
	return cfg
}

func startConfig(role string, cfg engine.Config) engine.StartConfig {
	return engine.StartConfig{Config: cfg, Path: "/proc/self/exe", Env: []string{roleEnv + "=" + role}}
}

func TestAnEngineThatDoesNotStartSaysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		role, library, want string
	}{
		"it dies":                 {"die", "/nowhere", "the disk is on fire"},
		"it says something else":  {"babble", "/nowhere", `"hello\n"`},
		"it says nothing":         {"hang", "/nowhere", "not ready: context deadline exceeded"},
		"its library is missing":  {"engine", "/nowhere/libchdb.so", "load clickhouse engine /nowhere/libchdb.so"},
		"its library is relative": {"engine", "libchdb.so", "not an absolute path"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := startConfig(c.role, testConfig(c.library, t.TempDir()))
			cfg.ReadyTimeout = 2 * time.Second
			_, err := engine.Start(t.Context(), cfg)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestADataFolderHasOneEngine(t *testing.T) {
	library, dir := testkit.EngineLibrary(t), t.TempDir()
	first := start(t, testConfig(library, dir))
	if _, err := engine.Start(t.Context(), startConfig("engine", testConfig(library, dir))); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("a second engine: got error %v, want one that says that the folder is in use", err)
	}
	stop(t, first)
	stop(t, start(t, testConfig(library, dir)))
}

func TestDataOfANewerEngineIsRefused(t *testing.T) {
	library, dir := testkit.EngineLibrary(t), t.TempDir()
	stop(t, start(t, testConfig(library, dir)))
	if err := os.WriteFile(filepath.Join(dir, "engine-version"), []byte("27.1.0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := engine.Start(t.Context(), startConfig("engine", testConfig(library, dir)))
	if err == nil || !strings.Contains(err.Error(), "written by engine 27.1.0") {
		t.Errorf("got error %v, want one that names 27.1.0", err)
	}
}

func TestAnEngineDiesWithItsParent(t *testing.T) {
	parent := exec.Command("/proc/self/exe")
	parent.Env = append(os.Environ(), roleEnv+"=parent", libraryEnv+"="+testkit.EngineLibrary(t), folderEnv+"="+t.TempDir())
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	pid, atoiErr := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || atoiErr != nil {
		t.Fatalf("read the engine's process id: %q, %v", line, err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // it was killed
	for deadline := time.Now().Add(3 * time.Second); isRunning(pid); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("engine %d outlives its parent", pid)
		}
	}
}

// startAndPrintPID is the parent that is killed.
func startAndPrintPID() error {
	p, err := engine.Start(context.Background(), startConfig("engine", testConfig(os.Getenv(libraryEnv), os.Getenv(folderEnv))))
	if err != nil {
		return err
	}
	fmt.Println(p.PID())
	return p.Wait()
}

func TestTheEndOfAnEngineIsSeen(t *testing.T) {
	p := start(t, testConfig(testkit.EngineLibrary(t), t.TempDir()))
	if err := p.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.Done():
	case <-time.After(3 * time.Second):
		t.Fatal("the engine was killed, and nobody noticed")
	}
	if err := p.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("got error %v, want one that says killed", err)
	}
}

func start(t *testing.T, cfg engine.Config) *engine.Process {
	t.Helper()
	p, err := engine.Start(t.Context(), startConfig("engine", cfg))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() })
	return p
}

func stop(t *testing.T, p *engine.Process) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := p.Stop(ctx); err != nil {
		t.Fatal(err)
	}
}

// isRunning is false for a zombie, which nobody but its parent can remove.
func isRunning(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}
