package engine

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeNPM puts a script in npm's place; it runs in the folder that the tarball goes to.
func fakeNPM(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "npm"), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+"/usr/bin"+string(os.PathListSeparator)+"/bin")
	t.Setenv(LibraryEnv, "")
}

func TestWhatHindersTheFetchIsSaidWithWhatHelps(t *testing.T) {
	for name, c := range map[string]struct {
		script      string
		want        []string
		unavailable bool
	}{
		"no network":          {"echo 'npm error code ENOTFOUND' >&2; exit 1", []string{"ENOTFOUND", "check the network", "--clickhouse"}, true},
		"refused":             {"echo 'npm error code ECONNREFUSED' >&2; exit 1", []string{"check the network"}, true},
		"not in the registry": {"echo 'npm error code E404' >&2; exit 1", []string{"registry lacks @chdb/lib-linux-x64-gnu@" + LibraryVersion}, true},
		"full disk":           {"echo 'npm error code ENOSPC' >&2; exit 1", []string{"the disk is full: free 1 GB"}, false},
		"something else":      {"echo 'npm error surprise' >&2; exit 1", []string{"surprise", "try again"}, false},
		"nothing was fetched": {"true", []string{"want one tarball"}, false},
		"another tarball":     {"echo other >p.tgz", []string{"not the one that was published", "sha512-", LibraryEnv}, false},
	} {
		t.Run(name, func(t *testing.T) {
			fakeNPM(t, c.script)
			cache := t.TempDir()
			_, err := Library(t.Context(), LibraryConfig{CacheDir: cache})
			if err == nil {
				t.Fatal("got no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to say %q", err, want)
				}
			}
			if errors.Is(err, ErrUnavailable) != c.unavailable {
				t.Errorf("%v: is ErrUnavailable %v, want %v", err, !c.unavailable, c.unavailable)
			}
			if left := downloaded(cache); left != 0 {
				t.Errorf("%d bytes are left in the cache", left)
			}
		})
	}
}

func TestWithoutNPMTheErrorNamesTheWaysOut(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv(LibraryEnv, "")
	_, err := Library(t.Context(), LibraryConfig{CacheDir: t.TempDir()})
	if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "install Node.js") || !strings.Contains(err.Error(), LibraryEnv) || !strings.Contains(err.Error(), "--clickhouse") {
		t.Errorf("got %v, want the three ways out", err)
	}
}

func TestTheFetchEndsWithItsContext(t *testing.T) {
	fakeNPM(t, "exec sleep 60")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := Library(ctx, LibraryConfig{CacheDir: t.TempDir()}); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 5*time.Second {
		t.Errorf("got %v after %s, want a deadline at once", err, time.Since(start))
	}
}

func TestAnEngineThatIsThereIsUsed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	given := filepath.Join(t.TempDir(), "given.so")
	writeFile(t, given, "given")
	t.Setenv(LibraryEnv, given)
	if path, err := Library(t.Context(), LibraryConfig{}); path != given || err != nil {
		t.Errorf("got %q, %v, want the given one", path, err)
	}
	t.Setenv(LibraryEnv, given+"x")
	if _, err := Library(t.Context(), LibraryConfig{}); err == nil || !strings.Contains(err.Error(), LibraryEnv) {
		t.Errorf("got %v for a file that is not there, want an error that names %s", err, LibraryEnv)
	}
	t.Setenv(LibraryEnv, "")
	cache := t.TempDir()
	cached := filepath.Join(cache, "chdb", LibraryVersion, "libchdb.so")
	writeFile(t, cached, "cached")
	if path, err := Library(t.Context(), LibraryConfig{CacheDir: cache}); path != cached || err != nil {
		t.Errorf("got %q, %v, want the cached one", path, err)
	}
}

func TestConcurrentProcessesFetchOnce(t *testing.T) {
	tarball, integrity := packLibrary(t, "the engine")
	counter := filepath.Join(t.TempDir(), "fetched")
	fakeNPM(t, "echo fetch >>"+counter+"; sleep 0.3; cp "+tarball+" .")
	path := filepath.Join(t.TempDir(), "chdb", "libchdb.so")
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			var out bytes.Buffer
			if err := fetchOnce(t.Context(), &out, path, integrity); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if fetched, err := os.ReadFile(counter); err != nil || string(fetched) != "fetch\n" {
		t.Errorf("fetched %q, %v, want once", fetched, err)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "the engine" {
		t.Errorf("got library %q, %v", content, err)
	}
}

func TestTheFetchIsAnnouncedInTwoLines(t *testing.T) {
	tarball, integrity := packLibrary(t, "the engine")
	fakeNPM(t, "cp "+tarball+" .")
	var out bytes.Buffer
	if err := fetchOnce(t.Context(), &out, filepath.Join(t.TempDir(), "libchdb.so"), integrity); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "178 MB") || !strings.HasPrefix(lines[1], "fetched") {
		t.Errorf("got %q, want a line with the size and one at the end", lines)
	}
}

// packLibrary makes a package with a library and something beside it.
func packLibrary(t *testing.T, content string) (path, integrity string) {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	files := tar.NewWriter(zipped)
	for _, file := range [][2]string{{"package/index.js", "x"}, {"package/libchdb.so", content}} {
		if err := files.WriteHeader(&tar.Header{Name: file[0], Mode: 0o644, Size: int64(len(file[1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := files.Write([]byte(file[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(files.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	hash := sha512.Sum512(packed.Bytes())
	path = filepath.Join(t.TempDir(), "chdb.tgz")
	writeFile(t, path, packed.String())
	return path, "sha512-" + base64.StdEncoding.EncodeToString(hash[:])
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
		t.Fatal(err)
	}
}
