package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/semver"

	"satisflow/sinks/clickhouse/engine/filelock"
)

// dataDir is a data folder that this process holds.
type dataDir struct {
	path string
	lock *filelock.Lock
}

func (d dataDir) engine() string      { return filepath.Join(d.path, "data") }
func (d dataDir) work() string        { return filepath.Join(d.path, "work") }
func (d dataDir) home() string        { return filepath.Join(d.path, "home") }
func (d dataDir) versionFile() string { return filepath.Join(d.path, "engine-version") }

// openDataDir creates the folder if it is missing and holds it until close or the end of the process.
func openDataDir(path string) (dataDir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return dataDir{}, fmt.Errorf("create clickhouse data folder: %w", err)
	}
	lock, err := filelock.Try(filepath.Join(path, "lock"))
	if errors.Is(err, filelock.ErrHeld) {
		return dataDir{}, fmt.Errorf("clickhouse data folder %s is in use by another process: end that one, or name another folder: %w", path, err)
	}
	if err != nil {
		return dataDir{}, fmt.Errorf("clickhouse data folder %s: %w", path, err)
	}
	return dataDir{path: path, lock: lock}, nil
}

func (d dataDir) close() error { return d.lock.Release() }

// claim refuses data of a newer engine, notes this engine's version, and empties the working folders: a file there
// that looks like a configuration would be read.
func (d dataDir) claim(version string) error {
	written, err := os.ReadFile(d.versionFile())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read version of clickhouse data folder: %w", err)
	}
	if previous := strings.TrimSpace(string(written)); isNewer(previous, version) {
		return fmt.Errorf("clickhouse data folder %s was written by engine %s, and this one is %s: use the newer satisflow, or name another folder",
			d.path, previous, version)
	}
	for _, folder := range []string{d.work(), d.home()} {
		if err := errors.Join(os.RemoveAll(folder), os.MkdirAll(folder, 0o700)); err != nil {
			return fmt.Errorf("prepare clickhouse data folder: %w", err)
		}
	}
	if err := os.WriteFile(d.versionFile(), []byte(version+"\n"), 0o600); err != nil {
		return fmt.Errorf("note version in clickhouse data folder: %w", err)
	}
	return nil
}

func isNewer(version, than string) bool {
	return version != "" && semver.Compare("v"+version, "v"+than) > 0
}
