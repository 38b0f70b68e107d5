package config

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"satisflow/pipeline/alert"
	"satisflow/pipeline/event"
	"satisflow/pipeline/window"
)

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "satisflow.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, s Sources) Loaded {
	t.Helper()
	loaded, err := Load(s)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return loaded
}

func TestDefaultsAreValid(t *testing.T) {
	loaded := load(t, Sources{})
	if !reflect.DeepEqual(loaded.Config, Default()) {
		t.Errorf("got %+v", loaded.Config)
	}
	for _, v := range loaded.Values {
		if v.From != "default" || loaded.IsSet(v.Key) {
			t.Errorf("%s is from %s", v.Key, v.From)
		}
	}
}

func TestFlagBeatsEnvironmentBeatsFileBeatsPresetBeatsDefault(t *testing.T) {
	path := write(t, "kafka:\n  topic: of-file\n")
	s := Sources{}
	steps := []struct {
		add        func()
		want, from string
	}{
		{func() {}, "ratings", "default"},
		{func() { s.Presets = []Setting{{"kafka.topic", "of-preset", "command dev"}} }, "of-preset", "command dev"},
		{func() { s.File = path }, "of-file", path + ":2"},
		{func() { s.Environ = []string{"SATISFLOW_KAFKA_TOPIC=of-env"} }, "of-env", "environment SATISFLOW_KAFKA_TOPIC"},
		{func() { s.Flags = []Setting{{"kafka.topic", "of-flag", "flag --kafka.topic"}} }, "of-flag", "flag --kafka.topic"},
	}
	for _, step := range steps {
		step.add()
		loaded := load(t, s)
		if got, from := loaded.Config.Kafka.Topic, loaded.From("kafka.topic"); got != step.want || from != step.from {
			t.Errorf("got %s from %s, want %s from %s", got, from, step.want, step.from)
		}
	}
}

func TestTheEnvironmentNamesTheFile(t *testing.T) {
	path := write(t, "target: {share: 0.9}\n")
	loaded := load(t, Sources{Environ: []string{"SATISFLOW_CONFIG=" + path}})
	if loaded.File != path || loaded.Config.Target.Share != 0.9 {
		t.Errorf("got file %q, share %v", loaded.File, loaded.Config.Target.Share)
	}
}

func TestEveryKindOfValueIsSaidAlikeInFileEnvironmentAndFlag(t *testing.T) {
	for _, c := range []struct {
		key, yaml, text string
		got             func(*Config) any
		want            any
	}{
		{"kafka.brokers", "[a:1, b:2]", "a:1, b:2", func(c *Config) any { return c.Kafka.Brokers }, []string{"a:1", "b:2"}},
		{"event.services", "any", "any", func(c *Config) any { return c.Event.Services }, []string{"any"}},
		{"admission.horizon", "36d", "36d", func(c *Config) any { return c.Admission.Horizon }, 36 * day},
		{"processor.lateness", "1m30s", "1m30s", func(c *Config) any { return c.Processor.Lateness }, 90 * time.Second},
		{"kafka.tls.enabled", "true", "true", func(c *Config) any { return c.Kafka.TLS.Enabled }, true},
		{"kafka.partitions", "16", "16", func(c *Config) any { return c.Kafka.Partitions }, 16},
		{"kafka.client_id", "123", "123", func(c *Config) any { return c.Kafka.ClientID }, "123"},
		{"target.share", "0.9", "0.9", func(c *Config) any { return c.Target.Share }, 0.9},
		{"bands.alert_below", "3.45", "3.45", func(c *Config) any { return c.Bands.Alert }, Score(345)},
		{"windows.timezone", "+08:00", "+08:00", func(c *Config) any { return time.Duration(c.Windows.Timezone) }, 8 * time.Hour},
		{"windows.timezone", "-03:30", "-03:30", func(c *Config) any { return time.Duration(c.Windows.Timezone) }, -210 * time.Minute},
		{"alerts.notify_from", "major", "major", func(c *Config) any { return c.Alerts.NotifyFrom }, alert.Major},
		{"alerts.contact_in.critical", "30m", "30m", func(c *Config) any { return c.Alerts.ContactIn.Critical }, 30 * time.Minute},
		{"windows.timezone", "UTC", "UTC", func(c *Config) any { return time.Duration(c.Windows.Timezone) }, time.Duration(0)},
		{"windows.list", "[2h/10m, 14d/1d]", "2h/10m,14d/1d", func(c *Config) any { return c.Windows.List },
			[]Rolling{{"2h", 2 * time.Hour, 10 * time.Minute}, {"14d", 14 * day, day}}},
		{"event.quality", "[{name: cost, unit: CNY, min: 0, max: 9.5, decimals: 1, better: lower}]",
			"[{name: cost, unit: CNY, min: 0, max: 9.5, decimals: 1, better: lower}]",
			func(c *Config) any { return c.Event.Quality },
			[]event.Metric{{Name: "cost", Unit: "CNY", Max: 9.5, Decimals: 1, Better: "lower"}}},
	} {
		section, name, _ := strings.Cut(c.key, ".")
		file := section + ":\n  " + strings.ReplaceAll(name, ".", ": {") + ": " + c.yaml + strings.Repeat("}", strings.Count(name, ".")) + "\n"
		env := keys().byKey[c.key].env() + "=" + c.text
		for way, s := range map[string]Sources{
			"file": {File: write(t, file)}, "environment": {Environ: []string{env}}, "flag": {Flags: []Setting{{c.key, c.text, "flag"}}},
		} {
			loaded := load(t, s)
			if got := c.got(&loaded.Config); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s by %s: got %v, want %v", c.key, way, got, c.want)
			}
		}
	}
}

func TestEveryValueSurvivesItsText(t *testing.T) {
	want := defaults()
	want.cfg.Event.Quality = []event.Metric{{Name: "cost", Unit: "CNY, \"net\"", Min: -1, Max: 9.5, Decimals: 1, Better: "lower"}}
	got := &loader{files: map[string]*string{}}
	for _, leaf := range keys().leaves {
		if err := setText(got.field(leaf), formatText(want.field(leaf))); err != nil {
			t.Errorf("%s: %v", leaf.key, err)
		}
	}
	got.cfg.Event.Attributes, got.cfg.Gateway.Hosts, got.cfg.Gateway.CORSOrigins, got.cfg.Gateway.TrustedProxies = nil, nil, nil, nil // empty lists, else
	got.cfg.Target.Standards, got.cfg.Alerts.Weights, got.cfg.Alerts.Owners, got.cfg.Alertmanager.URLs = nil, nil, nil, nil
	if !reflect.DeepEqual(got.cfg, want.cfg) {
		t.Errorf("got  %+v\nwant %+v", got.cfg, want.cfg)
	}
}

func TestWhatIsWrongIsSaidWithPlaceAndRemedy(t *testing.T) {
	for _, c := range []struct {
		name string
		file string
		s    Sources
		want []string // of each problem; FILE stands for the path
	}{
		{"misspelt key", "kafka:\n  broker: [a:1]\n", Sources{}, []string{"FILE:2: unknown key kafka.broker, did you mean kafka.brokers?"}},
		{"misspelt section", "kafak:\n  topic: x\n", Sources{}, []string{"FILE:1: unknown key kafak, did you mean kafka?"}},
		{"key of another section", "listen: :8080\n", Sources{}, []string{"FILE:1: unknown key listen, did you mean processor.listen?"}},
		{"unheard of", "colour: green\n", Sources{}, []string{"FILE:1: unknown key colour; `satisflow config print` lists the keys"}},
		{"section is a value", "kafka: 3\n", Sources{}, []string{"FILE:1: the file.kafka: want a mapping"}},
		{"value is a section", "kafka: {topic: {a: b}}\n", Sources{}, []string{"FILE:1: kafka.topic: want a value, not a mapping"}},
		{"no value", "kafka:\n  topic:\n", Sources{}, []string{"FILE:2: kafka.topic: has no value"}},
		{"bad duration", "admission:\n  horizon: 35\n", Sources{}, []string{`FILE:2: admission.horizon: "35": want a duration with its unit`}},
		{"bad score", "bands: {satisfied: 4.005}\n", Sources{}, []string{`FILE:1: bands.satisfied: "4.005": want a number of points`}},
		{"named zone", "windows: {timezone: Asia/Shanghai}\n", Sources{}, []string{`FILE:1: windows.timezone: "Asia/Shanghai": want a fixed offset`}},
		{"twice", "kafka: {topic: a}\nkafka: {topic: b}\n", Sources{}, []string{"FILE:2: no YAML:"}},
		{"no YAML", "kafka: [\n", Sources{}, []string{"FILE:1: no YAML:"}},
		{"base path without a slash", "gateway: {base_path: satisflow}\n", Sources{}, []string{`FILE:1: gateway.base_path: "satisflow": want a path such as /satisflow`}},
		{"base path that ends with a slash", "gateway: {base_path: /a/}\n", Sources{}, []string{`FILE:1: gateway.base_path: "/a/": want a path such as /satisflow`}},
		{"base path with a step up", "gateway: {base_path: /a/..}\n", Sources{}, []string{`FILE:1: gateway.base_path: "/a/..": want a path such as /satisflow`}},
		{"base path with a query", "gateway: {base_path: '/a?b'}\n", Sources{}, []string{`FILE:1: gateway.base_path: "/a?b": want a path such as /satisflow`}},
		{"two documents", "log: {level: info}\n---\nlog: {level: warn}\n", Sources{}, []string{"FILE:3: a second YAML document"}},
		{"element", "event:\n  quality: [{nmae: cost}]\n", Sources{}, []string{"FILE:2: event.quality: element 0: nmae: unknown, did you mean name?"}},
		{"variable", "", Sources{Environ: []string{"SATISFLOW_KAFKA_BROKER=x:1"}},
			[]string{"environment SATISFLOW_KAFKA_BROKER: no key has this name, did you mean SATISFLOW_KAFKA_BROKERS?"}},
		{"all at once", "kafka:\n  partitions: many\nlog:\n  levle: info\n", Sources{Environ: []string{"SATISFLOW_TARGET_SHARE=high"}},
			[]string{`FILE:2: kafka.partitions: "many": want a whole number`, "FILE:4: unknown key log.levle", `environment SATISFLOW_TARGET_SHARE: target.share: "high": want a number`}},
		{"of a package", "kafka:\n  brokers: [here]\n  group:\n    session_timeout: 1s\nclickhouse:\n  max_connections: 0\n", Sources{},
			[]string{`FILE:2: kafka.brokers has "here": want host:port`, "kafka.group.heartbeat_interval is 500ms", "FILE:6: clickhouse.max_connections: 0", "processor.drain_timeout: 2s: want less than kafka.group.session_timeout"}},
		{"windows", "windows:\n  list: [1h/7m]\n", Sources{}, []string{"FILE:2: windows.list[0]: length 1h0m0s, slide 7m0s"}},
		{"bands", "bands:\n  satisfied: 2\n", Sources{}, []string{"bands: dissatisfied 3.00, satisfied 2.00"}},
		{"retention", "admission:\n  retention: 40d\n", Sources{}, []string{"FILE:2: admission.retention: 40d: want at least the horizon and the longest window together, 63d"}},
		{"share", "target: {share: 95}\n", Sources{}, []string{"FILE:1: target.share: 95: want a share above 0 and below 1"}},
		{"level", "log: {level: loud}\n", Sources{}, []string{`FILE:1: log.level: "loud": want trace, debug, info, warn or error`}},
		{"owners without mail", "alerts: {owners: ['service:a=b@example.com']}\n", Sources{}, []string{"mail.host: empty: want a mail server to tell alerts.owners by"}},
		{"owner", "mail: {host: 'localhost:25', from: a@example.com}\nalerts: {owners: [a@example.com]}\n", Sources{}, []string{`FILE:2: alerts.owners: "a@example.com": want service:NAME=MAIL`}},
		{"severity", "alerts: {notify_from: none}\n", Sources{}, []string{`FILE:1: alerts.notify_from: "none": severity: "none": want minor, major or critical`}},
		{"alerts", "alerts: {poll: 0s, notify: [low]}\n", Sources{}, []string{"FILE:1: alerts.poll: 0s: want 100ms to 1m0s", `FILE:1: alerts.notify: "low": want some of low_rating`}},
		{"group window", "alerts: {group_window: 3d}\n", Sources{}, []string{`FILE:1: alerts.group_window: "3d": want a window of windows.list`}},
		{"listen", "gateway: {listen: 8080}\n", Sources{}, []string{`FILE:1: gateway.listen: "8080": want host:port`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.file != "" {
				c.s.File = write(t, c.file)
			}
			_, err := Load(c.s)
			var problems Problems
			if !errors.As(err, &problems) {
				t.Fatalf("got %v, want problems", err)
			}
			if len(problems) != len(c.want) {
				t.Errorf("got %d problems, want %d:\n%v", len(problems), len(c.want), err)
			}
			for i, p := range problems {
				if want := strings.ReplaceAll(c.want[min(i, len(c.want)-1)], "FILE", c.s.File); !strings.HasPrefix(p.String(), want) {
					t.Errorf("got  %s\nwant %s…", p, want)
				}
			}
		})
	}
}

func TestWithoutTheUsualWindowGroupsAreWatchedByTheLongest(t *testing.T) {
	loaded := load(t, Sources{File: write(t, "windows: {list: [1h/5m, 14d/1d, 24h/1h], timezone: +08:00}\n")})
	if a := loaded.Config.Alerting(); a.GroupWindow != "14d" || a.GroupLength != 14*day || a.Zone != 8*time.Hour {
		t.Errorf("%s of %s, zone %s", a.GroupWindow, a.GroupLength, a.Zone)
	}
	c := Default()
	if a := c.Alerting(); a.GroupWindow != "7d" || a.GroupLength != 7*day {
		t.Errorf("%s of %s", a.GroupWindow, a.GroupLength)
	}
}

func TestAMissingFileIsAProblem(t *testing.T) {
	if _, err := Load(Sources{File: "/nowhere/satisflow.yaml"}); err == nil || !strings.Contains(err.Error(), "/nowhere/satisflow.yaml") {
		t.Errorf("got %v", err)
	}
}

func TestAFileOfCommentsSaysNothing(t *testing.T) {
	for _, content := range []string{"", "# nothing\n", "kafka:\n  # topic: x\n"} {
		if loaded := load(t, Sources{File: write(t, content)}); !reflect.DeepEqual(loaded.Config, Default()) {
			t.Errorf("%q changes something", content)
		}
	}
}

func TestVariablesOfOthersAreLeftAlone(t *testing.T) {
	load(t, Sources{Environ: []string{"SATISFLOW_PORT=tcp://10.0.0.1:8080", "SATISFLOW_SERVICE_HOST=10.0.0.1", "SATISFLOW_PORT_8080_TCP_ADDR=10.0.0.1",
		"SATISFLOW_GATEWAY_SERVICE_PORT_HTTP=8080", "SATISFLOW_CHDB_LIB=/x", "SATISFLOW_TESTKIT_ROLE=", "HOME=/root"}})
}

func TestSecretsComeFromFilesAndAreMasked(t *testing.T) {
	secret := write(t, "hunter2\n")
	loaded := load(t, Sources{
		Flags: []Setting{{"kafka.sasl.mechanism", "plain", "flag"}, {"kafka.sasl.username", "me", "flag"}},
		Environ: []string{"SATISFLOW_KAFKA_SASL_PASSWORD_FILE=" + secret,
			"SATISFLOW_CLICKHOUSE_DSN=http://me:hunter2@db:8123/satisflow?password=hunter2"},
	})
	if loaded.Config.Kafka.SASL.Password != "hunter2" {
		t.Errorf("the password is %q", loaded.Config.Kafka.SASL.Password)
	}
	if from := loaded.From("kafka.sasl.password"); from != "file "+secret {
		t.Errorf("the password is from %s", from)
	}
	var b bytes.Buffer
	if err := Print(&b, loaded.Values); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "hunter2") || !strings.Contains(b.String(), "http://me@db:8123/satisflow ") {
		t.Errorf("printed:\n%s", b.String())
	}
}

func TestAPasswordThatLooksLikeAnAddressIsMasked(t *testing.T) {
	const password = "hunter2://hunter2/hunter2"
	loaded, err := Load(Sources{Environ: []string{"SATISFLOW_KAFKA_SASL_PASSWORD=" + password, "SATISFLOW_KAFKA_SASL_USERNAME=me", "SATISFLOW_KAFKA_SASL_MECHANISM=plain",
		"SATISFLOW_CLICKHOUSE_PASSWORD=" + password}})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range loaded.Values {
		if strings.Contains(v.Text, "hunter2") {
			t.Errorf("%s is printed as %s", v.Key, v.Text)
		}
	}
}

func TestASecretAndItsFileAreOneTooMany(t *testing.T) {
	secret := write(t, "hunter2\n")
	_, err := Load(Sources{Environ: []string{"SATISFLOW_KAFKA_SASL_PASSWORD_FILE=" + secret, "SATISFLOW_KAFKA_SASL_PASSWORD=x"}})
	if err == nil || !strings.Contains(err.Error(), "is set beside kafka.sasl.password (environment SATISFLOW_KAFKA_SASL_PASSWORD)") {
		t.Errorf("got %v", err)
	}
}

func TestAMissingSecretIsAProblemUnlessSecretsStayUnread(t *testing.T) {
	s := Sources{Environ: []string{"SATISFLOW_CLICKHOUSE_DSN_FILE=/nowhere/dsn"}}
	if _, err := Load(s); err == nil || !strings.Contains(err.Error(), "clickhouse.dsn_file: open /nowhere/dsn") {
		t.Errorf("got %v", err)
	}
	s.SecretsUnread = true
	load(t, s)
}

func TestTheDefinitionIsThatOfTheDesign(t *testing.T) {
	c := Default()
	c.Event.Attributes = []string{"region"}
	d := c.Definition(4)
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(d.Windows, window.DefaultWindows()) || d.Bands != window.DefaultBands() || d.Pane != 5*time.Minute || d.Partitions != 4 {
		t.Errorf("got %+v", d)
	}
	if !slices.Contains(d.Dimensions, "region") || !slices.Equal(d.Quality, []string{"response_time_ms", "accuracy", "completeness"}) {
		t.Errorf("dimensions %v, quality %v", d.Dimensions, d.Quality)
	}
}

func TestThePartsShareTheTopic(t *testing.T) {
	k := Default().Kafka
	k.Topic = "elsewhere"
	static, err := k.StaticConfig("0-2")
	if err != nil || static.Topic != k.Topic || k.GroupConfig().Topic != k.Topic || k.ProducerConfig().Topic != k.Topic || len(static.Partitions) != 3 {
		t.Errorf("static %+v, %v", static, err)
	}
	if err := static.Validate(); err != nil {
		t.Error(err)
	}
}
