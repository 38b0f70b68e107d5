package grafana

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"satisflow/dashboards/rules"
	"satisflow/deploy/testkit"
)

const debianPrometheus = "install Debian's package prometheus"

// metricsServer is a Prometheus of the test's own: it scrapes two processors that show the same registry, as after a
// rebalance, evaluates the rules, and holds what was backfilled.
type metricsServer struct {
	url string
}

func startPrometheus(t *testing.T, handler http.Handler, cfg rules.Config, backfill string) *metricsServer {
	t.Helper()
	program := testkit.Require(t, "prometheus", debianPrometheus)
	dir := t.TempDir()
	createBlocks(t, dir, backfill)
	a, b := httptest.NewServer(handler), httptest.NewServer(handler)
	t.Cleanup(a.Close)
	t.Cleanup(b.Close)
	file, err := rules.Generate(cfg)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "rules.yml"), file)
	write(t, filepath.Join(dir, "prometheus.yml"), fmt.Appendf(nil, `global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
scrape_configs: [{job_name: satisflow-processor, static_configs: [{targets: [%q, %q]}]}]
`, strings.TrimPrefix(a.URL, "http://"), strings.TrimPrefix(b.URL, "http://")))
	address := freeAddress(t)
	var log bytes.Buffer
	cmd := exec.Command(program, "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--storage.tsdb.retention.time=30d", "--web.listen-address="+address)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("log of Prometheus:\n%s", log.String())
		}
	})
	p := &metricsServer{"http://" + address}
	p.await(t, "Prometheus to be ready", func() bool {
		resp, err := http.Get(p.url + "/-/ready")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return p
}

func createBlocks(t *testing.T, dir, openMetrics string) {
	t.Helper()
	write(t, filepath.Join(dir, "backfill"), []byte(openMetrics))
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(testkit.Require(t, "promtool", debianPrometheus), "tsdb", "create-blocks-from", "openmetrics", "-q",
		filepath.Join(dir, "backfill"), filepath.Join(dir, "data")).CombinedOutput()
	if err != nil {
		t.Fatalf("backfill: %v\n%s", err, out)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (p *metricsServer) await(t *testing.T, what string, ready func() bool) {
	t.Helper()
	for end := time.Now().Add(40 * time.Second); !ready(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// answer is an instant vector: values by the labels that matter, such as "service/data_analysis".
type answer map[string]float64

// shownLabels are those that tell series of our panels apart.
var shownLabels = []string{"alertname", "severity", "dimension", "value", "metric", "partition", "reason", "table", "code", "job", "part", "rule"}

func (p *metricsServer) query(t *testing.T, expr string, at time.Time) answer {
	t.Helper()
	a, err := p.tryQuery(t.Context(), expr, at)
	if err != nil {
		t.Fatalf("%v in\n%s", err, expr)
	}
	return a
}

func (p *metricsServer) tryQuery(ctx context.Context, expr string, at time.Time) (answer, error) {
	form := url.Values{"query": {expr}, "time": {strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64)}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/api/v1/query", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var body struct {
		Error string
		Data  struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil || body.Error != "" {
		return nil, fmt.Errorf("%s %w", body.Error, err)
	}
	a := answer{}
	for _, r := range body.Data.Result {
		var key []string
		for _, l := range shownLabels {
			if v := r.Metric[l]; v != "" {
				key = append(key, v)
			}
		}
		value, err := strconv.ParseFloat(r.Value[1].(string), 64)
		if err != nil {
			return nil, err
		}
		a[strings.Join(key, "/")] = value
	}
	return a, nil
}

// firing are the alerts that Prometheus says fire, without those for inhibition only.
func (p *metricsServer) firing(t *testing.T) (names []string) {
	t.Helper()
	resp, err := http.Get(p.url + "/api/v1/alerts")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body struct {
		Data struct {
			Alerts []struct {
				State  string
				Labels map[string]string
			}
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	for _, a := range body.Data.Alerts {
		if a.State == "firing" && a.Labels["severity"] != "info" {
			names = append(names, a.Labels["alertname"])
		}
	}
	slices.Sort(names)
	return names
}
