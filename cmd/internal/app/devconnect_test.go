package app

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/dev/devstack"
)

// connection loads what dev leaves for other commands, when it was started with the settings.
func connection(t *testing.T, where places, settings ...config.Setting) (dev, other config.Config) {
	t.Helper()
	loaded, err := config.Load(config.Sources{Flags: settings, Presets: devPresets})
	if err != nil {
		t.Fatal(err)
	}
	dir, err := devstack.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	path, err := writeConnection(dir, &loaded, where)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: want mode 0600", info.Mode(), err)
	}
	t.Chdir(t.TempDir()) // the commands are started anywhere
	again, err := config.Load(config.Sources{File: path})
	if err != nil {
		t.Fatal(err)
	}
	return loaded.Config, again.Config
}

func TestOtherCommandsReachWhatDevReaches(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Dir(secret))
	set := func(key, text string) config.Setting {
		return config.Setting{Key: key, Text: text, From: "flag --" + key}
	}
	dev, other := connection(t, places{gateway: "http://127.0.0.1:8080"},
		set("clickhouse.dsn", "https://ann:s3%2Fcret@db.example.com:8443/ratings?skip_verify=true"), set("clickhouse.cluster", "main"),
		set("kafka.brokers", "a:9092,b:9092"), set("kafka.sasl.mechanism", "plain"), set("kafka.sasl.username", "u: #"), set("kafka.sasl.password_file", "password"),
		set("kafka.topic", "other"), set("alertmanager.urls", "http://am:9093"), set("mail.host", "mail.example.com:587"), set("mail.from", "a@example.com"),
		set("clickhouse.username", "bob"), set("clickhouse.password", `p'"\ #: x`), set("event.services", "a,b"))
	dev.Log, dev.Kafka.Group.LeaveTimeout = other.Log, other.Kafka.Group.LeaveTimeout // of dev's terminal
	if !reflect.DeepEqual(dev, other) {
		t.Errorf("other commands have\n%+v\ndev has\n%+v", other, dev)
	}
	if other.Kafka.SASL.Password != "from a file" {
		t.Errorf("the password of Kafka is %q", other.Kafka.SASL.Password)
	}
}

func TestOtherCommandsReachTheEmbeddedPartsOfDev(t *testing.T) {
	kafka := config.Default().Kafka
	kafka.Brokers = []string{"127.0.0.1:19092"}
	_, other := connection(t, places{gateway: "http://127.0.0.1:18080", kafkaEmbedded: true, kafka: kafka, clickhouseEmbedded: true, clickhouse: "http://127.0.0.1:18123/satisflow"},
		config.Setting{Key: "clickhouse.username", Text: "ann", From: "x"}, config.Setting{Key: "clickhouse.password", Text: "secret", From: "x"}, config.Setting{Key: "clickhouse.cluster", Text: "main", From: "x"})
	if c := other.ClickHouse; c.DSN != "http://127.0.0.1:18123/satisflow" || c.Username != "" || c.Password != "" || filepath.Base(c.PasswordFile) != "token" || c.Cluster != "" {
		t.Errorf("%+v", c)
	}
	if other.Kafka.Brokers[0] != "127.0.0.1:19092" || other.Gateway.Listen != "127.0.0.1:18080" {
		t.Errorf("%v, %s", other.Kafka.Brokers, other.Gateway.Listen)
	}
}
