package watchtest

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"satisflow/sinks/clickhouse/engine/child"
)

const readyTimeout = 20 * time.Second

// freeAddress finds an address on loopback that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// start starts a server that ends with the test, and returns when it says that it is ready.
func start(t testing.TB, address, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	process, err := child.Start(filepath.Base(program), cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := process.Kill(); err != nil {
			t.Errorf("end %s: %v", program, err)
		}
	})
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	for {
		select {
		case <-process.Done():
			t.Fatal(process.Wait())
		case <-ctx.Done():
			t.Fatalf("%s is not ready after %v", program, readyTimeout)
		case <-time.After(50 * time.Millisecond):
		}
		if ready(ctx, address) {
			return
		}
	}
}

func ready(ctx context.Context, address string) bool {
	_, ok := get(ctx, "http://"+address+"/-/ready")
	return ok
}

// await returns when a page holds a text.
func await(t testing.TB, url, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	for ctx.Err() == nil {
		if body, ok := get(ctx, url); ok && strings.Contains(body, text) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s does not show %s within %v", url, text, readyTimeout)
}

// get returns a page and whether there is one.
func get(ctx context.Context, url string) (string, bool) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", false
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err == nil && response.StatusCode == http.StatusOK
}

func write(t testing.TB, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
