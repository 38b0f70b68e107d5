package testkit

import (
	"os"
	"os/exec"
	"testing"
)

// Require returns the path of a program that a test runs. Where it is missing the test is skipped with the hint, a
// sentence on how to install it; with CI set it fails.
func Require(t testing.TB, program, hint string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		Unavailable(t, "%s is missing: %s", program, hint)
	}
	return path
}

// Unavailable ends a test that this machine can't run: skipped, or failed with CI set.
func Unavailable(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}
