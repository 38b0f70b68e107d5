package devstack

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"satisflow/deploy/testkit"
)

func TestWatchersThatAreNotInstalledAreToldApart(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	dir := open(t, t.TempDir())
	if _, err := Prometheus(t.Context(), dir, PrometheusConfig{}); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("got %v", err)
	}
	if _, err := Alertmanager(t.Context(), dir, 0, nil); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("got %v", err)
	}
}

// fakeProgram puts a program on the PATH that does what the script says.
func fakeProgram(t *testing.T, name, script string) {
	t.Helper()
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":/usr/bin:/bin")
}

func TestAWatcherNamesAPortInUseAndItsFlag(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	fakeProgram(t, "alertmanager", "sleep 60")
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	n, _ := strconv.Atoi(port)
	if _, err := Alertmanager(t.Context(), open(t, t.TempDir()), n, nil); !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), "--alertmanager-port") {
		t.Errorf("got %v", err)
	}
}

func TestAWatcherThatFailsSaysItsLastLines(t *testing.T) {
	fakeProgram(t, "prometheus", "echo 'no such option' >&2; exit 2")
	w, err := Prometheus(t.Context(), open(t, t.TempDir()), PrometheusConfig{Interval: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "Prometheus ended: exit status 2") || !strings.Contains(err.Error(), "no such option") {
		t.Errorf("got %v", err)
	}
}

func TestAWatcherThatDoesNotEndIsKilled(t *testing.T) {
	fakeProgram(t, "prometheus", "trap '' TERM; while :; do sleep 0.1; done")
	w, err := Prometheus(t.Context(), open(t, t.TempDir()), PrometheusConfig{Interval: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if err := w.Run(ctx); err != nil || time.Since(begin) > watcherStopTime+5*time.Second {
		t.Errorf("ended after %v with %v", time.Since(begin), err)
	}
}

func TestPromtoolAcceptsTheConfigurationOfDev(t *testing.T) {
	promtool := testkit.Require(t, "promtool", "apt-get install prometheus")
	testkit.Require(t, "prometheus", "apt-get install prometheus")
	testkit.Require(t, "prometheus-alertmanager", "apt-get install prometheus-alertmanager")
	dir := open(t, t.TempDir())
	alerts, err := Alertmanager(t.Context(), dir, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Prometheus(t.Context(), dir, PrometheusConfig{
		Target: "127.0.0.1:8080", Job: "satisflow-processor", Interval: 250 * time.Millisecond, Alertmanager: alerts,
		Rules: []byte("groups: [{name: g, rules: [{record: a, expr: b}]}]"),
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(promtool, "check", "config", dir.Path("prometheus.yml")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "1 rule files found") {
		t.Errorf("%v\n%s", err, out)
	}
}
