package config

import (
	"slices"
	"time"

	"satisflow/cmd/internal/gateway/api"
	"satisflow/cmd/internal/gateway/web"
	"satisflow/cmd/internal/operate/verification"
	"satisflow/cmd/internal/service/alerting"
	"satisflow/pipeline"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/source"
	"satisflow/pipeline/window"
	"satisflow/sinks/alertmanager"
	"satisflow/sinks/clickhouse"
	"satisflow/sinks/mail"
)

// Config is everything that can be configured.
type Config struct {
	Log        Log                 `yaml:"log" help:"what is logged, to standard error"`
	Kafka      Kafka               `yaml:"kafka" help:"the Kafka cluster that ratings come from"`
	ClickHouse clickhouse.Config   `yaml:"clickhouse" help:"the ClickHouse server that facts, panes and windows are kept in"`
	Event      event.Config        `yaml:"event" help:"what a rating event may hold"`
	Admission  admit.Config        `yaml:"admission" help:"which ratings count; ages are measured from the record's Kafka timestamp"`
	Windows    Windows             `yaml:"windows" help:"the rolling windows; another set needs a new epoch (satisflow rebuild)"`
	Bands      Bands               `yaml:"bands" help:"thresholds of the score in points, 1 to 5, at most two decimals; other ones need a new epoch"`
	Target     Target              `yaml:"target" help:"the service target"`
	Processor  Processor           `yaml:"processor" help:"reading, folding and flushing"`
	Verify     verification.Config `yaml:"verify" help:"comparing the sums with their ratings in the background"`
	Gateway    Gateway             `yaml:"gateway" help:"HTTP: the API, the pages and the metrics"`

	Alerts       alerting.Config      `yaml:"alerts" help:"alerts on customers, services and segments, which the gateway raises"`
	Alertmanager alertmanager.Config  `yaml:"alertmanager" help:"the Alertmanager that alerts on customers are pushed to"`
	Prometheus   web.PrometheusConfig `yaml:"prometheus" help:"the Prometheus whose firing alerts the pages show"`
	Mail         mail.Config          `yaml:"mail" help:"the mail server that tells the owners of services and segments"`
}

// Log says what is logged and how it looks.
type Log struct {
	Level  string `yaml:"level" help:"least level that is logged: trace, debug, info, warn or error"`
	Format string `yaml:"format" help:"console, json, or auto: console on a terminal, else json"`
}

// Kafka is the cluster, the topics on it and how each part uses them.
type Kafka struct {
	source.Config `yaml:",inline"`
	Topic         string                `yaml:"topic" help:"topic of the ratings"`
	DeadTopic     string                `yaml:"dead_topic" help:"topic of the rejected records"`
	Partitions    int                   `yaml:"partitions" help:"partitions of a topic that satisflow creates; one that exists keeps its own"`
	Group         source.GroupConfig    `yaml:"group" help:"the consumer group of the processors"`
	Reader        source.ReaderConfig   `yaml:"reader" help:"reading one partition"`
	Producer      source.ProducerConfig `yaml:"producer" help:"writing ratings"`
}

// Windows are the rolling windows and where their ends lie.
type Windows struct {
	List     []Rolling `yaml:"list" help:"LENGTH/SLIDE each, such as 28d/1d; the length as written is the window's name"`
	Timezone Offset    `yaml:"timezone" help:"fixed offset in which windows end at multiples of their slide, such as +08:00"`
}

// Bands are the thresholds of the score.
type Bands struct {
	Satisfied    Score `yaml:"satisfied" help:"satisfied from this score on, included"`
	Highly       Score `yaml:"highly_satisfied" help:"highly satisfied from this score on, included"`
	Dissatisfied Score `yaml:"dissatisfied" help:"dissatisfied down from this score, included"`
	Alert        Score `yaml:"alert_below" help:"means below this score alert, not included"`
}

// Target is what satisfaction is held against.
type Target struct {
	Share float64 `yaml:"share" help:"share of the ratings that should be satisfied, above 0 and below 1"`
	// Standards are shown as satisflow_service_standard; alerts tell when a mean lies beyond one.
	Standards []string `yaml:"standards" help:"what a service's quality should be in the mean, SERVICE:METRIC=VALUE each, such as legal_consulting:response_time_ms=2000"`
}

// Processor is the pipeline's configuration and the role's own.
type Processor struct {
	pipeline.Config `yaml:",inline"`
	Partitions      string `yaml:"partitions" help:"partitions to own without a consumer group, such as 0-3 or 0,2,5; empty joins the group"`
	Listen          string `yaml:"listen" help:"address of metrics and health of a processor that runs alone, host:port"`
	Epoch           int    `yaml:"epoch" help:"epoch to work on; 0 is the one that was made for this configuration, the current one first"`
}

// Gateway is the HTTP listener and the API's bounds.
type Gateway struct {
	api.Config `yaml:",inline"`
	Listen     string `yaml:"listen" help:"address of the API, the pages, metrics and health, host:port"`
	BasePath   string `yaml:"base_path" help:"path under which a proxy shows the gateway, such as /satisflow; empty for /"`
	ReadOnly   bool   `yaml:"read_only" help:"raise no alerts and take no work on them: one gateway writes, the others are to say this"`
}

// Default is the configuration without file, environment and flags.
func Default() Config {
	c := Config{
		Log: Log{Level: "info", Format: "auto"},
		Kafka: Kafka{
			Config: source.DefaultConfig(), Topic: "ratings", DeadTopic: "ratings.dead", Partitions: 4,
			Group: source.DefaultGroupConfig(), Reader: source.DefaultReaderConfig(), Producer: source.DefaultProducerConfig(),
		},
		ClickHouse: clickhouse.DefaultConfig(),
		Event:      event.DefaultConfig(),
		Admission:  admit.DefaultConfig(),
		Bands:      bandsOf(window.DefaultBands()),
		Target:     Target{Share: 0.95},
		Processor:  Processor{Config: pipeline.DefaultConfig(), Listen: "127.0.0.1:8081"},
		Verify:     verification.DefaultConfig(),
		Gateway:    Gateway{Config: api.DefaultConfig(), Listen: "127.0.0.1:8080"},

		Alerts:       alerting.DefaultConfig(),
		Alertmanager: alertmanager.DefaultConfig(),
		Prometheus:   web.DefaultPrometheusConfig(),
		Mail:         mail.DefaultConfig(),
	}
	for _, s := range window.DefaultWindows() {
		c.Windows.List = append(c.Windows.List, Rolling(s))
	}
	c.Kafka.Group.Topic, c.Kafka.Producer.Topic = "", "" // GroupConfig and ProducerConfig set them
	return c
}

// GroupConfig is the consumer group with its topic.
func (k Kafka) GroupConfig() source.GroupConfig {
	g := k.Group
	g.Topic = k.Topic
	return g
}

// ProducerConfig is the producer of ratings with its topic.
func (k Kafka) ProducerConfig() source.ProducerConfig {
	p := k.Producer
	p.Topic = k.Topic
	return p
}

// DeadProducerConfig is the producer of dead letters. Each is a record with headers added, so that the largest needs more
// room than it had in the topic it came from.
func (k Kafka) DeadProducerConfig() source.ProducerConfig {
	p := k.Producer
	p.Topic, p.MaxMessageBytes = k.DeadTopic, 2*k.Producer.MaxMessageBytes
	return p
}

// StaticConfig owns the partitions by hand; see source.ParsePartitions for their form.
func (k Kafka) StaticConfig(partitions string) (source.StaticConfig, error) {
	numbers, err := source.ParsePartitions(partitions)
	return source.StaticConfig{
		Topic: k.Topic, Partitions: numbers, GroupID: k.Group.ID,
		WatchInterval: k.Group.WatchInterval, RetryMax: k.Reader.RetryMax,
	}, err
}

// Alerting is the configuration of alerts with what other sections say. Where there is no window of the name, groups are
// watched by the longest.
func (c *Config) Alerting() alerting.Config {
	a := c.Alerts
	a.Zone = time.Duration(c.Windows.Timezone)
	chosen, found := c.groupWindow()
	for _, r := range c.Windows.List {
		if !found && r.Length > chosen.Length {
			chosen = r
		}
	}
	a.GroupWindow, a.GroupLength = chosen.Name, chosen.Length
	return a
}

// groupWindow is the window of the name that alerts.group_window says; false when there is none.
func (c *Config) groupWindow() (Rolling, bool) {
	i := slices.IndexFunc(c.Windows.List, func(r Rolling) bool { return r.Name == c.Alerts.GroupWindow })
	if i < 0 {
		return Rolling{}, false
	}
	return c.Windows.List[i], true
}

// Bands in the form that sums are made with.
func (b Bands) Bands() window.Bands {
	return window.Bands{Satisfied: int32(b.Satisfied), Highly: int32(b.Highly), Dissatisfied: int32(b.Dissatisfied), Alert: int32(b.Alert)}
}

func bandsOf(b window.Bands) Bands {
	return Bands{Satisfied: Score(b.Satisfied), Highly: Score(b.Highly), Dissatisfied: Score(b.Dissatisfied), Alert: Score(b.Alert)}
}

// Definition is what decides what panes and windows hold, for a topic with so many partitions.
func (c *Config) Definition(partitions int) window.Definition {
	d := window.Definition{
		TimezoneOffset: time.Duration(c.Windows.Timezone), Bands: c.Bands.Bands(),
		Dimensions: append(window.BuiltinDimensions(), c.Event.Attributes...), Partitions: partitions,
	}
	for _, r := range c.Windows.List {
		d.Windows = append(d.Windows, window.Spec(r))
	}
	d.Pane = window.PaneOf(d.Windows)
	for _, m := range c.Event.Metrics() {
		d.Quality, d.Scales = append(d.Quality, m.Name), append(d.Scales, m.Scale())
	}
	return d
}
