package devstack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/goccy/go-yaml"

	"satisflow/sinks/clickhouse/engine/child"
)

// ErrNotInstalled is of a program that is not on the PATH.
var ErrNotInstalled = errors.New("not installed")

// watcherStopTime is how long Prometheus and Alertmanager have to end in order.
const watcherStopTime = 2 * time.Second

// Watcher is a Prometheus or an Alertmanager that watches this stack. It is made with its configuration and its port
// chosen, and runs only in Run.
type Watcher struct {
	name    string // as errors call it
	address string
	command []string
	dir     *Dir
}

// Alertmanager makes an Alertmanager with a configuration of its own and its data in dir. Port 0 picks a free one. The
// error wraps ErrNotInstalled, or EADDRINUSE for a port in use.
func Alertmanager(ctx context.Context, dir *Dir, port int, config []byte) (*Watcher, error) {
	w, err := newWatcher(ctx, dir, "Alertmanager", port, "--alertmanager-port", "prometheus-alertmanager", "alertmanager")
	if err != nil {
		return nil, err
	}
	// Without a cluster it listens on its own address alone.
	return w, w.configure("alertmanager.yml", config, "--storage.path="+dir.Path("alertmanager"), "--cluster.listen-address=")
}

// PrometheusConfig says what a Prometheus of this stack watches.
type PrometheusConfig struct {
	// Port on 127.0.0.1; 0 picks a free one.
	Port int
	// Target is the address that it scrapes, host:port, as Job.
	Target, Job string
	// Interval is the time between scrapes.
	Interval time.Duration
	// Rules is the rules file.
	Rules []byte
	// Alertmanager is told; nil for none.
	Alertmanager *Watcher
}

// prometheusRetention is what alerts (a week ago) and dashboards (28 days) look back on, and some.
const prometheusRetention = "35d"

// Prometheus makes a Prometheus with its data in dir. The error wraps ErrNotInstalled, or EADDRINUSE for a port in use.
func Prometheus(ctx context.Context, dir *Dir, cfg PrometheusConfig) (*Watcher, error) {
	w, err := newWatcher(ctx, dir, "Prometheus", cfg.Port, "--prometheus-port", "prometheus")
	if err != nil {
		return nil, err
	}
	rules, err := dir.Write("satisflow.rules.yml", cfg.Rules)
	if err != nil {
		return nil, err
	}
	content, err := yaml.Marshal(cfg.file(rules))
	if err != nil {
		return nil, fmt.Errorf("write the configuration of Prometheus: %w", err)
	}
	return w, w.configure("prometheus.yml", content, "--storage.tsdb.path="+dir.Path("prometheus"), "--storage.tsdb.retention.time="+prometheusRetention)
}

// file is what prometheus.yml says.
func (c PrometheusConfig) file(rules string) map[string]any {
	type static struct {
		Targets []string `yaml:"targets"`
	}
	type targets struct {
		Job    string   `yaml:"job_name,omitempty"`
		Static []static `yaml:"static_configs"`
	}
	all := map[string]any{
		"global":         map[string]string{"scrape_interval": c.Interval.String(), "scrape_timeout": c.Interval.String()},
		"rule_files":     []string{rules},
		"scrape_configs": []targets{{c.Job, []static{{[]string{c.Target}}}}},
	}
	if c.Alertmanager != nil {
		all["alerting"] = map[string]any{"alertmanagers": []targets{{"", []static{{[]string{c.Alertmanager.address}}}}}}
	}
	return all
}

// newWatcher finds the first of the programs that is there, and a port.
func newWatcher(ctx context.Context, dir *Dir, name string, port int, flag string, programs ...string) (*Watcher, error) {
	program := ""
	for _, p := range programs {
		if path, err := exec.LookPath(p); err == nil && program == "" {
			program = path
		}
	}
	if program == "" {
		return nil, fmt.Errorf("%s: %w", name, ErrNotInstalled)
	}
	listener, err := Listen(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), flag)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	w := &Watcher{name: name, address: listener.Addr().String(), command: []string{program}, dir: dir}
	if err := listener.Close(); err != nil {
		return nil, fmt.Errorf("try %s: %w", w.address, err)
	}
	return w, nil
}

// configure writes the configuration and completes the command.
func (w *Watcher) configure(name string, config []byte, args ...string) error {
	file, err := w.dir.Write(name, config)
	if err != nil {
		return err
	}
	w.command = append(w.command, append(args, "--config.file="+file, "--web.listen-address="+w.address, "--log.level=warn")...)
	return nil
}

// URL is where its pages are.
func (w *Watcher) URL() string { return "http://" + w.address }

// Run starts it and returns when it has ended: nil when ctx was the reason. It does not outlive this process.
func (w *Watcher) Run(ctx context.Context) error {
	cmd := exec.Command(w.command[0], w.command[1:]...)
	cmd.Dir = w.dir.Path()
	process, err := child.Start(w.name, cmd)
	if err != nil {
		return err
	}
	select {
	case <-process.Done():
		if err := process.Wait(); err != nil {
			return err
		}
		return fmt.Errorf("%s ended by itself", w.name)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), watcherStopTime)
	defer cancel()
	// One that had to be killed loses nothing: what it has stored is in its log.
	_ = process.Stop(stop, func() error { return process.Signal(syscall.SIGTERM) })
	return nil
}
