// Package compose tests docker-compose.yml without Docker: the file as Compose reads it, every file that it mounts by its
// real tool, the program as the Dockerfile builds it, and the commands of satisflow on a real Kafka and ClickHouse.
package compose

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/goccy/go-yaml"

	"satisflow/dashboards/grafana"
	"satisflow/deploy/testkit"
)

const top = "../.."

// passwords are what deploy/make-env.sh writes, with values to be recognized.
var passwords = []string{"CLICKHOUSE_PASSWORD=p1", "CLICKHOUSE_GRAFANA_PASSWORD=p2", "GRAFANA_ADMIN_PASSWORD=p3"}

func load(env ...string) (*types.Project, error) {
	options, err := cli.NewProjectOptions([]string{filepath.Join(top, "docker-compose.yml")}, cli.WithEnv(env), cli.WithResolvedPaths(true))
	if err != nil {
		return nil, err
	}
	return options.LoadProject(context.Background())
}

func project(t *testing.T) *types.Project {
	t.Helper()
	p, err := load(passwords...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWithoutPasswordsComposeSaysHowToMakeThem(t *testing.T) {
	for i, missing := range passwords {
		env := slices.Delete(slices.Clone(passwords), i, i+1)
		name, _, _ := strings.Cut(missing, "=")
		if _, err := load(env...); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "sh deploy/make-env.sh") {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

func TestTheScriptMakesPasswordsOnce(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "deploy"), 0o755); err != nil {
		t.Fatal(err)
	}
	copyFile(t, "../make-env.sh", filepath.Join(dir, "deploy", "make-env.sh"))
	run := func() error { return exec.Command("sh", filepath.Join(dir, "deploy", "make-env.sh")).Run() }
	if err := run(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(dir, ".env"))
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, ".env"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v, want 0600", info.Mode(), err)
	}
	var env []string
	seen := map[string]bool{}
	for line := range strings.Lines(string(content)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(line, "#") {
			env = append(env, name+"="+value)
			if len(value) != 48 || seen[value] {
				t.Errorf("%s is %q: want 48 hex digits of its own", name, value)
			}
			seen[value] = true
		}
	}
	if _, err := load(env...); err != nil {
		t.Errorf("with .env: %v", err)
	}
	if run() == nil {
		t.Error("a second run did not refuse")
	}
}

func TestNothingIsReachedFromOutsideAndNoPasswordIsWritten(t *testing.T) {
	for name, s := range project(t).Services {
		for _, p := range s.Ports {
			if p.HostIP != "127.0.0.1" {
				t.Errorf("%s: port %s is open on %q", name, p.Published, p.HostIP)
			}
		}
		for key, value := range s.Environment {
			if strings.Contains(key, "PASSWORD") && !slices.Contains([]string{"p1", "p2", "p3"}, *value) {
				t.Errorf("%s: %s is written in the file", name, key)
			}
		}
		if s.Build == nil && (!strings.Contains(s.Image, ":") || strings.HasSuffix(s.Image, ":latest")) {
			t.Errorf("%s: image %q has no version", name, s.Image)
		}
		oneShot := s.Restart == "on-failure"
		if !oneShot && (s.HealthCheck == nil || s.HealthCheck.Disable) {
			t.Errorf("%s: no health check", name)
		}
	}
}

func TestEveryMountedFileIsThere(t *testing.T) {
	p := project(t)
	for name, s := range p.Services {
		for _, v := range s.Volumes {
			if v.Type != types.VolumeTypeBind {
				if _, ok := p.Volumes[v.Source]; !ok {
					t.Errorf("%s: volume %q is not declared", name, v.Source)
				}
				continue
			}
			if _, err := os.Stat(v.Source); err != nil || !v.ReadOnly {
				t.Errorf("%s: mount %s: %v, read-only %v", name, v.Source, err, v.ReadOnly)
			}
		}
	}
}

// rootOf lays the mounts of a service out as it sees them.
func rootOf(t *testing.T, service string) string {
	t.Helper()
	root := t.TempDir()
	for _, v := range project(t).Services[service].Volumes {
		if v.Type != types.VolumeTypeBind {
			continue
		}
		info, err := os.Stat(v.Source)
		if err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(root, v.Target)
		if !info.IsDir() {
			copyFile(t, v.Source, target)
			continue
		}
		if err := os.CopyFS(target, os.DirFS(v.Source)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err == nil {
		err = os.WriteFile(to, content, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestPrometheusAndAlertmanagerTakeTheirFiles(t *testing.T) {
	for _, c := range []struct{ service, tool, hint, command, file string }{
		{"prometheus", "promtool", "install Debian's package prometheus", "check config", "/etc/prometheus/prometheus.yml"},
		{"alertmanager", "amtool", "install Debian's package prometheus-alertmanager", "check-config", "/etc/alertmanager/alertmanager.yml"},
	} {
		tool := testkit.Require(t, c.tool, c.hint)
		args := append(strings.Fields(c.command), filepath.Join(rootOf(t, c.service), c.file))
		out, err := exec.Command(tool, args...).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", c.service, err, out)
		}
		if c.service == "prometheus" && !strings.Contains(string(out), "rules found") || c.service == "alertmanager" && !strings.Contains(string(out), "1 templates") {
			t.Errorf("%s does not find its rules or templates:\n%s", c.service, out)
		}
		if !slices.Contains(project(t).Services[c.service].Command, "--config.file="+c.file) {
			t.Errorf("%s is not started with %s", c.service, c.file)
		}
	}
}

func TestWhatPrometheusScrapesIsThere(t *testing.T) {
	var config struct {
		Jobs []struct {
			Static []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
		Alerting struct {
			Managers []struct {
				Static []struct{ Targets []string } `yaml:"static_configs"`
			} `yaml:"alertmanagers"`
		}
	}
	p := project(t)
	content, err := os.ReadFile(filepath.Join(rootOf(t, "prometheus"), "/etc/prometheus/prometheus.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(content, &config); err != nil {
		t.Fatal(err)
	}
	targets := config.Alerting.Managers[0].Static[0].Targets
	for _, j := range config.Jobs {
		targets = append(targets, j.Static[0].Targets...)
	}
	for _, target := range targets {
		host, port, _ := strings.Cut(target, ":")
		if host == "localhost" {
			continue
		}
		s, ok := p.Services[host]
		if !ok {
			t.Errorf("no service %s", host)
		}
		listens := slices.ContainsFunc(s.Command, func(arg string) bool { return strings.HasSuffix(arg, ":"+port) })
		checked := s.HealthCheck != nil && strings.Contains(strings.Join(s.HealthCheck.Test, " "), ":"+port+"/")
		if !listens && !checked {
			t.Errorf("%s does not listen on %s", host, port)
		}
	}
	if len(targets) < 5 {
		t.Errorf("only %q", targets)
	}
}

func TestTheFilesOfClickHouseAreXML(t *testing.T) {
	root := rootOf(t, "clickhouse")
	for _, file := range []string{"/etc/clickhouse-server/config.d/satisflow.xml", "/etc/clickhouse-server/users.d/grafana.xml"} {
		content, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		d := xml.NewDecoder(strings.NewReader(string(content)))
		first := ""
		for {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if e, ok := token.(xml.StartElement); ok && first == "" {
				first = e.Name.Local
			}
		}
		if first != "clickhouse" {
			t.Errorf("%s begins with %q, want clickhouse", file, first)
		}
	}
}

func TestGrafanaFindsItsDashboardsAndTheirSources(t *testing.T) {
	root := rootOf(t, "grafana")
	var dashboards struct {
		Providers []struct {
			Options struct{ Path string }
		}
	}
	var sources struct {
		Datasources []struct {
			UID      string
			JSONData map[string]any    `yaml:"jsonData"`
			Secure   map[string]string `yaml:"secureJsonData"`
		}
	}
	read(t, filepath.Join(root, "etc/grafana/provisioning/dashboards/satisflow.yml"), &dashboards)
	read(t, filepath.Join(root, "etc/grafana/provisioning/datasources/satisflow.yml"), &sources)
	files, err := filepath.Glob(filepath.Join(root, dashboards.Providers[0].Options.Path, "*.json"))
	if err != nil || len(files) != 4 {
		t.Errorf("%d dashboards: %v", len(files), err)
	}
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil || !json.Valid(content) {
			t.Errorf("%s: %v", f, err)
		}
	}
	p := project(t)
	home := p.Services["grafana"].Environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
	if _, err := os.Stat(filepath.Join(root, *home)); err != nil {
		t.Errorf("the first dashboard: %v", err)
	}
	for i, uid := range []string{grafana.PrometheusUID, grafana.ClickHouseUID} {
		if sources.Datasources[i].UID != uid {
			t.Errorf("source %d is %s, want %s", i, sources.Datasources[i].UID, uid)
		}
	}
	store := sources.Datasources[1]
	if _, ok := p.Services[store.JSONData["host"].(string)]; !ok {
		t.Errorf("no service %v", store.JSONData["host"])
	}
	if secret := strings.TrimPrefix(store.Secure["password"], "$"); *p.Services["grafana"].Environment[secret] != *p.Services["clickhouse"].Environment[secret] {
		t.Errorf("Grafana and ClickHouse have other passwords")
	}
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(content, into); err != nil {
		t.Fatal(err)
	}
}

func TestWhatHasNoSignInAndSpeaksHTTPHasNoPortOfThisMachine(t *testing.T) {
	for _, name := range []string{"prometheus", "alertmanager"} {
		s := project(t).Services[name]
		if len(s.Ports) > 0 || s.NetworkMode == "host" {
			t.Errorf("%s: ports %v: pages of other sites reach it through the browser", name, s.Ports)
		}
	}
	if c := project(t).Services["prometheus"].Command; !slices.Contains(c, "--web.cors.origin=none") {
		t.Errorf("prometheus lets pages of every site read: %v", c)
	}
}

func TestTopicsAreKeptAsLongAsTheDocsSay(t *testing.T) {
	script := project(t).Services["topics"].Command
	made, err := exec.Command("sh", "-ec", strings.ReplaceAll(strings.Join(script, "\n"), "/opt/kafka/bin/kafka-topics.sh", "echo")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, made)
	}
	page, err := os.ReadFile("../docs/retention.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range []string{"ratings", "ratings.dead"} {
		_, said, _ := strings.Cut(string(page), "| topic `"+topic+"` |")
		said, _, _ = strings.Cut(said, "\n")
		retention := regexp.MustCompile(`retention\.ms=[0-9]+`).FindString(said)
		if retention == "" || !strings.Contains(string(made), "--topic "+topic+" --partitions 12 --replication-factor 1 --config "+retention+"\n") {
			t.Errorf("%s: the docs say %q, Compose makes\n%s", topic, retention, made)
		}
	}
}
