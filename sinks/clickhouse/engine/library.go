package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"satisflow/sinks/clickhouse/engine/filelock"
)

// The engine's package. Its version is the data folder's version too; change it with LibraryIntegrity, and never back.
const (
	libraryPackage = "@chdb/lib-linux-x64-gnu"
	// LibraryVersion is the version of the npm package that this program is written for.
	LibraryVersion = "26.7.3-stable.1"
	// libraryIntegrity is the SHA-512 of its tarball, as npm publishes it.
	libraryIntegrity = "sha512-XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw=="
	// libraryFile is what is taken of it.
	libraryFile = "libchdb.so"
	// LibraryEnv names the environment variable that holds the path of an engine that is there already.
	LibraryEnv = "SATISFLOW_CHDB_LIB"

	tarballBytes = 177_817_999
	libraryBytes = 566_330_096
)

// ErrUnavailable says that this machine can't get the engine as it is: no npm, no network, or no engine for its system.
// The error's text says what would help.
var ErrUnavailable = errors.New("embedded clickhouse is unavailable")

// LibraryConfig says where the engine's library is looked for and how its fetching shows.
type LibraryConfig struct {
	// CacheDir holds fetched engines, in chdb/VERSION below it; empty means satisflow in the user's cache folder.
	CacheDir string
	// Progress receives a progress bar if it is a terminal, and two lines otherwise. Only fetching writes to it.
	Progress io.Writer
}

// Library returns the absolute path of the engine's library: the one that SATISFLOW_CHDB_LIB names, else the cached
// one, else it fetches it by npm (178 MB, checked against its known integrity, once for all processes of the user).
// The error says what to do, and is ErrUnavailable if that is to be done to the machine.
func Library(ctx context.Context, cfg LibraryConfig) (string, error) {
	if path := os.Getenv(LibraryEnv); path != "" {
		return givenLibrary(path)
	}
	if err := checkPlatform(); err != nil {
		return "", err
	}
	dir, err := libraryDir(cfg.CacheDir)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, libraryFile)
	if isFile(path) {
		return path, nil
	}
	return path, fetchOnce(ctx, cfg.Progress, path, libraryIntegrity)
}

func givenLibrary(path string) (string, error) {
	if !isFile(path) {
		return "", fmt.Errorf("%s=%s is not a file: name libchdb.so of version %s", LibraryEnv, path, LibraryVersion)
	}
	return filepath.Abs(path)
}

func libraryDir(cacheDir string) (string, error) {
	if cacheDir == "" {
		userCache, err := os.UserCacheDir()
		if err != nil {
			return "", unavailable("find the cache folder for the clickhouse engine: %v: set HOME or XDG_CACHE_HOME, or %s", err, remedy)
		}
		cacheDir = filepath.Join(userCache, "satisflow")
	}
	return filepath.Abs(filepath.Join(cacheDir, "chdb", LibraryVersion))
}

// fetchOnce fetches the library to path, unless another process did so while this one waited.
func fetchOnce(ctx context.Context, progress io.Writer, path, integrity string) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("create the cache folder of the clickhouse engine: %w", err)
	}
	lock, err := filelock.Acquire(ctx, filepath.Join(dir, "fetch.lock"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	if isFile(path) {
		return nil
	}
	// The temporary folder is a neighbor of the library, so that a rename suffices, and its name is fixed, so that what
	// a killed process left is removed by the next.
	work := filepath.Join(dir, "fetching")
	if err := errors.Join(os.RemoveAll(work), os.MkdirAll(work, 0o755)); err != nil {
		return fmt.Errorf("prepare to fetch the clickhouse engine: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	return fetch(ctx, progress, work, path, integrity)
}

func fetch(ctx context.Context, progress io.Writer, work, path, integrity string) error {
	if err := checkFreeSpace(work); err != nil {
		return err
	}
	report := startReport(progress, work)
	unpacked, err := fetchChecked(ctx, work, integrity)
	report.end(err)
	if err != nil {
		return err
	}
	if err := os.Rename(unpacked, path); err != nil {
		return fmt.Errorf("put the clickhouse engine in its place: %w", err)
	}
	return nil
}

// fetchChecked returns the path of the library, unpacked in the folder work.
func fetchChecked(ctx context.Context, work, integrity string) (string, error) {
	tarball, err := npmPack(ctx, work)
	if err != nil {
		return "", err
	}
	if err := checkIntegrity(tarball, integrity); err != nil {
		return "", err
	}
	unpacked := filepath.Join(work, libraryFile)
	return unpacked, unpack(tarball, "package/"+libraryFile, unpacked)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
