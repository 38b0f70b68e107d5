package devstack

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"satisflow/sinks/clickhouse/engine/filelock"
)

// layout is the version of what lies in the data folder. Raise it when an older satisflow could not read it any more.
const layout = 1

// Dir is the data folder, held by this process.
type Dir struct {
	path  string
	token string
	lock  *filelock.Lock
	fresh bool // whether nothing was in the folder when it was taken
}

// OpenDir creates the folder if it is missing and takes it: no other process may use it until Close, or this process's end.
// The error says what to do when another one has it, when it is of a newer satisflow, and when the disk is full.
func OpenDir(path string) (*Dir, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the data folder %s: %w", path, err)
	}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return nil, Explain(fmt.Errorf("create the data folder: %w", err), abs)
	}
	entries, err := os.ReadDir(abs)
	if err != nil {
		return nil, Explain(fmt.Errorf("look into the data folder: %w", err), abs)
	}
	lock, err := filelock.Try(filepath.Join(abs, "lock"))
	if errors.Is(err, filelock.ErrHeld) {
		return nil, fmt.Errorf("the data folder %s is in use by another satisflow dev%s: end that one, or name another folder by --dir", abs, holder(abs))
	}
	if err != nil {
		return nil, Explain(fmt.Errorf("take the data folder: %w", err), abs)
	}
	d := &Dir{path: abs, lock: lock, fresh: len(entries) == 0}
	if err := d.prepare(); err != nil {
		return nil, errors.Join(Explain(err, abs), lock.Release())
	}
	return d, nil
}

// Free space that the parts need to begin, and to go on: merges and batches under way must end.
const (
	spaceToStart = 128 << 20
	spaceToGoOn  = 32 << 20
)

// WatchSpace returns when ctx ends (nil) or the disk is about to be full.
func (d *Dir) WatchSpace(ctx context.Context) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := requireSpace(d.path, spaceToGoOn); err != nil {
				return Explain(err, d.path)
			}
		}
	}
}

// Path of a file or folder in the data folder.
func (d *Dir) Path(name ...string) string {
	return filepath.Join(append([]string{d.path}, name...)...)
}

// Write replaces a file in the data folder, for this user alone, and returns its path.
func (d *Dir) Write(name string, content []byte) (string, error) {
	path := d.Path(name)
	return path, Explain(writeFile(path, content), d.path)
}

// Token is the secret of the embedded engine; it stays the same as long as the folder does.
func (d *Dir) Token() string { return d.token }

// Close gives the folder back.
func (d *Dir) Close() error { return d.lock.Release() }

func (d *Dir) prepare() error {
	if err := requireSpace(d.path, spaceToStart); err != nil {
		return err
	}
	if err := d.tighten(); err != nil {
		return err
	}
	if err := os.WriteFile(d.Path("pid"), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return fmt.Errorf("note the process in the data folder: %w", err)
	}
	if err := d.claim(); err != nil {
		return err
	}
	return d.readToken()
}

// parts are the folders in the data folder that hold ratings or what is made of them.
var parts = []string{"kafka", "clickhouse", "prometheus", "alertmanager"}

// tighten takes the rights of others from what holds ratings, and from the folder itself unless something else is in it too.
func (d *Dir) tighten() error {
	for _, name := range parts {
		if err := errors.Join(os.MkdirAll(d.Path(name), 0o700), os.Chmod(d.Path(name), 0o700)); err != nil {
			return fmt.Errorf("keep the data to this user: %w", err)
		}
	}
	info, err := os.Stat(d.path)
	if err != nil {
		return fmt.Errorf("look at the data folder: %w", err)
	}
	_, err = os.Stat(d.Path("version.json"))
	if err != nil && !d.fresh || info.Mode()&os.ModeSticky != 0 || info.Mode().Perm()&0o077 == 0 {
		return nil // else a folder that the user has other things in, such as /tmp, would be closed to others
	}
	if err := os.Chmod(d.path, 0o700); err != nil { //nolint:gosec // a folder is entered
		return fmt.Errorf("keep the data folder to this user: %w", err)
	}
	return nil
}

// mark is the content of the version file.
type mark struct {
	Layout int `json:"layout"`
}

// claim refuses a folder of a newer layout and marks a new one.
func (d *Dir) claim() error {
	content, err := os.ReadFile(d.Path("version.json"))
	if errors.Is(err, os.ErrNotExist) {
		return writeFile(d.Path("version.json"), fmt.Appendf(nil, "{\"layout\": %d}\n", layout))
	}
	if err != nil {
		return fmt.Errorf("read the version of the data folder: %w", err)
	}
	var m mark
	if err := json.Unmarshal(content, &m); err != nil || m.Layout < 1 {
		return fmt.Errorf("%s does not say a version (%q): is %s a data folder of satisflow? Name another folder by --dir", d.Path("version.json"), content, d.path)
	}
	if m.Layout > layout {
		return fmt.Errorf("the data folder %s is of a newer satisflow (version %d, this one knows %d): use the newer satisflow, or name another folder by --dir",
			d.path, m.Layout, layout)
	}
	return nil
}

func (d *Dir) readToken() error {
	content, err := os.ReadFile(d.Path("token"))
	if err == nil && len(strings.TrimSpace(string(content))) >= 16 {
		d.token = strings.TrimSpace(string(content))
		return nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read the token in the data folder: %w", err)
	}
	d.token = rand.Text()
	return writeFile(d.Path("token"), []byte(d.token+"\n"))
}

// writeFile replaces a file as a whole, for this user alone.
func writeFile(path string, content []byte) error {
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// holder is " (process 123)" when the folder tells.
func holder(path string) string {
	content, err := os.ReadFile(filepath.Join(path, "pid"))
	if pid := strings.TrimSpace(string(content)); err == nil && pid != "" {
		return " (process " + pid + ")"
	}
	return ""
}

// Explain adds what to do to errors about the folder's disk.
func Explain(err error, path string) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: the disk of %s is full: free some space, or name a folder on another disk by --dir", err, path)
	case errors.Is(err, syscall.EROFS), errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%w: name a folder that you may write to by --dir", err)
	default:
		return err
	}
}
