package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// remedy is what helps wherever npm does not.
const remedy = "set " + LibraryEnv + " to a libchdb.so of version " + LibraryVersion + ", or use a ClickHouse server by --clickhouse DSN"

// npmPack lets npm fetch the package into a folder and returns the path of its tarball. The registry is npm's choice.
func npmPack(ctx context.Context, dir string) (string, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", unavailable("npm, which fetches it, is missing: install Node.js with npm, or %s", remedy)
	}
	// npm's cache would keep the tarball a second time, for ever; one of its own also shows how far the download is.
	cmd := exec.CommandContext(ctx, npm, "pack", libraryPackage+"@"+LibraryVersion,
		"--pack-destination", dir, "--cache", filepath.Join(dir, "npm"), "--loglevel", "error", "--ignore-scripts",
		// Without a network npm would be silent for a quarter of a minute.
		"--fetch-retries", "2", "--fetch-retry-mintimeout", "200", "--fetch-retry-maxtimeout", "500")
	cmd.Dir = dir
	cmd.WaitDelay = time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return "", npmError(errors.Join(ctx.Err(), err), stderr.String())
	}
	tarballs, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(tarballs) != 1 {
		return "", fmt.Errorf("npm pack %s: want one tarball in %s, got %q", libraryPackage, dir, tarballs)
	}
	return tarballs[0], nil
}

// npmError says in our words what npm's error codes mean.
func npmError(err error, stderr string) error {
	what := fmt.Sprintf("fetch the clickhouse engine by npm: %v\n%s", err, strings.TrimSpace(stderr))
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("fetch the clickhouse engine by npm: %w", err)
	case containsAny(stderr, "ENOSPC"):
		return fmt.Errorf("%s\nthe disk is full: free 1 GB in the cache folder, or %s", what, remedy)
	case containsAny(stderr, "ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH"):
		return unavailable("%s\nnpm does not reach its registry: check the network or npm's configuration, or %s", what, remedy)
	case containsAny(stderr, "E404", "ETARGET"):
		return unavailable("%s\nnpm's registry lacks %s@%s: configure another one for npm, or %s", what, libraryPackage, LibraryVersion, remedy)
	default:
		return fmt.Errorf("%s\ntry again, or %s", what, remedy)
	}
}

func containsAny(s string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}

// downloaded is how many bytes lie in a folder and below.
func downloaded(dir string) int64 {
	var total int64
	// Files come and go during the walk; what is missed counts the next time.
	_ = filepath.WalkDir(dir, func(_ string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil
		}
		if info, err := entry.Info(); err == nil {
			total += info.Size()
		}
		return nil
	})
	return total
}
