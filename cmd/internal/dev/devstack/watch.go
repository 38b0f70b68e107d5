package devstack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/goccy/go-yaml"
	"golang.org/x/crypto/bcrypt"

	"satisflow/sinks/clickhouse/engine/child"
)

// ErrNotInstalled is of a program that is not on the PATH.
var ErrNotInstalled = errors.New("not installed")

// watcherStopTime is how long Prometheus and Alertmanager have to end in order.
const watcherStopTime = 2 * time.Second

// Watcher is a Prometheus or an Alertmanager that watches this stack. It is made with its configuration and its port
// chosen, and runs only in Run. The program itself listens on another port, which changes with every start and wants a
// password; a gate on the chosen port keeps pages of other sites away from it.
type Watcher struct {
	name    string // as errors call it
	address string // of the gate
	gate    *gate
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
	return w, w.configure("--config.file", "alertmanager.yml", config, "--storage.path="+dir.Path("alertmanager"), "--cluster.listen-address=")
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

// noOrigin is what no page has as its origin.
const noOrigin = "none"

// Prometheus makes a Prometheus with its data in dir. The error wraps ErrNotInstalled, or EADDRINUSE for a port in use.
func Prometheus(ctx context.Context, dir *Dir, cfg PrometheusConfig) (*Watcher, error) {
	w, err := newWatcher(ctx, dir, "Prometheus", cfg.Port, "--prometheus-port", "prometheus")
	if err != nil {
		return nil, err
	}
	const rules = "satisflow.rules.yml"
	if _, err := dir.Write(rules, cfg.Rules); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	content, err := yaml.Marshal(cfg.file(rules))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write the configuration of Prometheus: %w", err), w.Close())
	}
	return w, w.configure("--config.file", "prometheus.yml", content, "--web.cors.origin="+noOrigin,
		"--storage.tsdb.path="+dir.Path("prometheus"), "--storage.tsdb.retention.time="+prometheusRetention)
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
	password := rand.Text()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost) // 128 random bits need no slow hash
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	listener, err := Listen(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), flag)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	const user = "satisflow"
	w := &Watcher{name: name, address: listener.Addr().String(), gate: newGate(listener, name, user, password), command: []string{program}, dir: dir}
	content, err := yaml.Marshal(map[string]any{"basic_auth_users": map[string]string{user: string(hash)}})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write the configuration of %s: %w", name, err), listener.Close())
	}
	return w, w.configure("--web.config.file", strings.ToLower(name)+".web.yml", content)
}

// configure writes a configuration file and completes the command with it. The program runs in the data folder and is given
// the bare name: Prometheus takes what it makes of a path for a pattern, and the folder may be called x[ab]. The port is given
// back when the file cannot be written.
func (w *Watcher) configure(flag, name string, content []byte, args ...string) error {
	if _, err := w.dir.Write(name, content); err != nil {
		return errors.Join(err, w.Close())
	}
	w.command = append(append(w.command, args...), flag+"="+name)
	return nil
}

// URL is where its pages are.
func (w *Watcher) URL() string { return "http://" + w.address }

// Close gives the port of a watcher back that does not run.
func (w *Watcher) Close() error {
	if err := w.gate.listener.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Pauses between two starts of a program that ends by itself.
const (
	firstRestart   = time.Second
	longestRestart = 30 * time.Second
	restartedWell  = time.Minute // a program that has run for so long begins with the first pause again
)

// Run keeps the program running until ctx ends, and starts it again whenever it ends by itself, after a pause that grows up
// to 30 s. ended is told why it ended and after what pause it is started. It does not outlive this process.
func (w *Watcher) Run(ctx context.Context, ended func(err error, pause time.Duration)) (failed error) {
	serving := make(chan error, 1)
	serve, stop := context.WithCancel(ctx)
	go func() { serving <- w.gate.run(serve) }()
	defer func() {
		stop()
		failed = errors.Join(failed, <-serving)
	}()
	for pause := firstRestart; ; pause = min(2*pause, longestRestart) {
		begin := time.Now()
		err := w.once(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if time.Since(begin) > restartedWell {
			pause = firstRestart
		}
		ended(err, pause)
		select {
		case <-ctx.Done():
			return nil
		case err := <-serving:
			serving <- nil
			return err
		case <-time.After(pause):
		}
	}
}

// once starts the program and returns why it ended: nil when ctx was the reason.
func (w *Watcher) once(ctx context.Context) error {
	address, err := freeAddress(ctx)
	if err != nil {
		return err
	}
	cmd := exec.Command(w.command[0], append(w.command[1:len(w.command):len(w.command)],
		"--web.listen-address="+address, "--web.external-url="+w.URL(), "--web.route-prefix=/", "--log.level=warn")...)
	cmd.Dir = w.dir.Path()
	process, err := child.Start(w.name, cmd)
	if err != nil {
		return err
	}
	w.gate.target.Store(&url.URL{Scheme: "http", Host: address})
	defer w.gate.target.Store(nil)
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

// freeAddress is a port on loopback that nothing listens on.
func freeAddress(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}
