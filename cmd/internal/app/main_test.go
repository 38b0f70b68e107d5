package app

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// binDir holds the built program; it is removed after all tests.
var binDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "satisflow-bin-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binDir = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// build builds the program once.
var build = sync.OnceValues(func() (string, error) {
	path := filepath.Join(binDir, "satisflow")
	out, err := exec.Command("go", "build", "-o", path, "satisflow/cmd/satisflow").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build satisflow: %w\n%s", err, out)
	}
	return path, nil
})

func binary(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
