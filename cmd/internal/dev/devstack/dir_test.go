package devstack

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func open(t *testing.T, path string) *Dir {
	t.Helper()
	d, err := OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func TestAFolderKeepsItsToken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b")
	first := open(t, path)
	token := first.Token()
	if len(token) < 16 {
		t.Errorf("the token %q is too short", token)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if again := open(t, path).Token(); again != token {
		t.Errorf("the token was %s, is now %s", token, again)
	}
	for _, name := range []string{".", "token"} {
		if info, err := os.Stat(filepath.Join(path, name)); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v (%v): want this user alone", name, info.Mode(), err)
		}
	}
}

func TestAFolderHasOneUser(t *testing.T) {
	path := t.TempDir()
	open(t, path)
	_, err := OpenDir(path)
	wantParts(t, err, "is in use by another satisflow dev (process ", "end that one, or name another folder by --dir")
}

func TestAFolderOfANewerVersionIsRefusedAndReleased(t *testing.T) {
	path := t.TempDir()
	mark := filepath.Join(path, "version.json")
	for content, want := range map[string]string{
		`{"layout": 2}`: "is of a newer satisflow (version 2, this one knows 1): use the newer satisflow, or name another folder by --dir",
		`hello`:         "is " + path + " a data folder of satisflow?",
	} {
		if err := os.WriteFile(mark, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := OpenDir(path)
		wantParts(t, err, want)
	}
	if err := os.Remove(mark); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

func TestErrorsOfTheDiskSayWhatToDo(t *testing.T) {
	wantParts(t, Explain(&os.PathError{Op: "write", Path: "/x/y", Err: syscall.ENOSPC}, "/x"), "no space left", "the disk of /x is full: free some space")
	wantParts(t, Explain(&os.PathError{Op: "mkdir", Path: "/x", Err: syscall.EACCES}, "/x"), "mkdir /x", "name a folder that you may write to by --dir")
	wantParts(t, Explain(requireSpace(t.TempDir(), 1<<62), "/x"), "MB are free", "the disk of /x is full: free some space")
	_, err := OpenDir("/proc/satisflow")
	wantParts(t, err, "create the data folder")
}

func wantParts(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want a word of %q", err, part)
		}
	}
}

func TestOthersCannotListWhatHoldsRatings(t *testing.T) {
	mode := func(path string) os.FileMode {
		t.Helper()
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode().Perm()
	}
	ours, theirs, empty := t.TempDir(), t.TempDir(), t.TempDir()
	write := func(dir, name, content string) {
		t.Helper()
		if err := errors.Join(os.Chmod(dir, 0o755), os.MkdirAll(filepath.Join(dir, "kafka"), 0o755), os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	write(ours, "version.json", `{"layout": 1}`)
	write(theirs, "letter.txt", "dear")
	if err := os.Chmod(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]os.FileMode{ours: 0o700, theirs: 0o755, empty: 0o700} {
		open(t, dir)
		if got := mode(dir); got != want {
			t.Errorf("%s has mode %o, want %o", dir, got, want)
		}
		for _, part := range parts {
			if got := mode(filepath.Join(dir, part)); got != 0o700 {
				t.Errorf("%s has mode %o", part, got)
			}
		}
	}
}
