package watchtest

import (
	"cmp"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/common/model"

	"satisflow/deploy/testkit"
)

// AlertmanagerOptions say how an Alertmanager routes.
type AlertmanagerOptions struct {
	// Config is its configuration, such as deploy/alertmanager/alertmanager.yml. Each receiver becomes a webhook.
	Config []byte
	// Webhook is where every receiver sends; its name is added as a path.
	Webhook string
	// TimeScale divides the durations of the routes. Mute times do not hold: the hour must not decide a test.
	TimeScale float64
	// Address is where it listens, host:port; empty finds one.
	Address string
}

// StartAlertmanager starts an Alertmanager that ends with the test, and returns its address, host:port.
func StartAlertmanager(t testing.TB, options AlertmanagerOptions) string {
	t.Helper()
	program := testkit.Require(t, "prometheus-alertmanager", "apt-get install prometheus-alertmanager")
	config, err := testConfig(options)
	if err != nil {
		t.Fatal(err)
	}
	dir, address := t.TempDir(), cmp.Or(options.Address, freeAddress(t))
	start(t, address, program,
		"--config.file="+write(t, dir, "alertmanager.yml", config), "--storage.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--cluster.listen-address=", "--log.level=warn")
	return address
}

// testConfig keeps routes and inhibitions as they are, scaled, and sends everything to the webhook.
func testConfig(options AlertmanagerOptions) ([]byte, error) {
	var config map[string]any
	if err := yaml.Unmarshal(options.Config, &config); err != nil {
		return nil, fmt.Errorf("read the configuration of Alertmanager: %w", err)
	}
	route, ok := config["route"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("read the configuration of Alertmanager: route is %T, want a map", config["route"])
	}
	if err := scaleRoute(route, options.TimeScale); err != nil {
		return nil, err
	}
	receivers, ok := config["receivers"].([]any)
	if !ok {
		return nil, fmt.Errorf("read the configuration of Alertmanager: receivers is %T, want a list", config["receivers"])
	}
	for i, r := range receivers {
		name := r.(map[string]any)["name"]
		if name == "nobody" {
			continue
		}
		receivers[i] = map[string]any{"name": name, "webhook_configs": []any{
			map[string]any{"url": fmt.Sprintf("%s/%v", options.Webhook, name), "send_resolved": true},
		}}
	}
	delete(config, "templates")
	delete(config, "global")
	return yaml.Marshal(config)
}

func scaleRoute(route map[string]any, scale float64) error {
	delete(route, "mute_time_intervals")
	for _, key := range []string{"group_wait", "group_interval", "repeat_interval"} {
		text, ok := route[key].(string)
		if !ok {
			continue
		}
		d, err := model.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("scale the route's %s: %w", key, err)
		}
		route[key] = model.Duration(max(time.Duration(float64(d)/scale), time.Millisecond)).String()
	}
	children, _ := route["routes"].([]any)
	for _, child := range children {
		if err := scaleRoute(child.(map[string]any), scale); err != nil {
			return err
		}
	}
	return nil
}
