//go:build !linux

package engine

// checkFreeSpace is asked on Linux alone: elsewhere nothing is fetched.
func checkFreeSpace(string) error { return nil }
