package source

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

var quiet = zerolog.Nop()

func newClient(t *testing.T, cluster Config) *Client {
	t.Helper()
	c, err := NewClient(cluster)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestClient_makes_missing_topics_and_leaves_others_alone(t *testing.T) {
	c, cluster := fake(t, 4)
	client := newClient(t, cluster)
	specs := []TopicSpec{
		{Name: topic, Partitions: 8, ReplicationFactor: 1},
		{Name: "ratings.dead", Partitions: 2, ReplicationFactor: -1, Configs: map[string]string{"retention.ms": "86400000"}},
	}
	for round, created := range []bool{true, false} {
		got, err := client.EnsureTopics(t.Context(), specs...)
		if err != nil {
			t.Fatal(err)
		}
		want := []TopicState{{topic, 4, 8, false}, {"ratings.dead", 2, 2, created}}
		if got[0] != want[0] || got[1] != want[1] || !got[0].Differs() || got[1].Differs() {
			t.Errorf("round %d: %+v, want %+v", round, got, want)
		}
	}
	if v := c.TopicInfo("ratings.dead").Configs["retention.ms"]; v == nil || *v != "86400000" {
		t.Error("the topic's settings did not arrive")
	}
	if _, err := client.EnsureTopics(t.Context(), TopicSpec{Name: "x", ReplicationFactor: 1}); err == nil ||
		!strings.Contains(err.Error(), "topic x: partitions is 0") {
		t.Errorf("a topic without partitions: %v", err)
	}
}

func TestClient_counts_partitions_and_lists_offsets(t *testing.T) {
	c, cluster := fake(t, 3)
	client := newClient(t, cluster)
	produce(t, producer(t, cluster), "v", 90)
	if err := c.DeleteRecords(topic, 1, 5); err != nil {
		t.Fatal(err)
	}
	if n, err := client.Partitions(t.Context(), topic); n != 3 || err != nil {
		t.Errorf("%d partitions, %v", n, err)
	}
	if _, err := client.Partitions(t.Context(), "nothing"); !errors.Is(err, kafka.UnknownTopicOrPartition) {
		t.Errorf("an unknown topic: %v", err)
	}
	first, last, err := client.Offsets(t.Context(), topic)
	if err != nil || len(first) != 3 || first[0] != 0 || first[1] != 5 || last[0]+last[1]+last[2] != 90 {
		t.Errorf("offsets %v to %v, %v", first, last, err)
	}
	ends, err := client.Ends(t.Context(), topic, []int32{1, 2})
	if err != nil || len(ends) != 2 || ends[1] != last[1] || ends[2] != last[2] {
		t.Errorf("ends %v, want those of partitions 1 and 2 in %v; %v", ends, last, err)
	}
	if _, err := client.Ends(t.Context(), topic, []int32{7}); err == nil {
		t.Error("the end of a partition that the topic has not")
	}
}

func TestClient_pings_the_broker_and_not_its_own_memory(t *testing.T) {
	c, cluster := fake(t, 1)
	client := newClient(t, cluster)
	if err := client.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.Close()
	if err := client.Ping(t.Context()); err == nil {
		t.Error("Ping succeeded without a broker")
	}
}

func TestClient_and_Reader_sign_in(t *testing.T) {
	for _, mechanism := range []string{"plain", "scram-sha-256", "scram-sha-512"} {
		t.Run(mechanism, func(t *testing.T) {
			_, cluster := fake(t, 1, kfake.EnableSASL(), kfake.Superuser(strings.ToUpper(mechanism), "satis", "flow"))
			cluster.SASL = SASLConfig{Mechanism: mechanism, Username: "satis", Password: "flow"}
			produce(t, producer(t, cluster), "v", 10)
			w := watch(t, cluster, quick(), 0)
			w.until("the end", func() bool { return w.ends > 0 })
			w.contiguous(0, 10)

			cluster.SASL.Password = "wrong"
			if err := newClient(t, cluster).Ping(t.Context()); err == nil {
				t.Error("a wrong password was accepted")
			}
		})
	}
}

func TestClient_tells_a_refused_password_from_an_outage(t *testing.T) {
	c, cluster := fake(t, 1, kfake.EnableSASL(), kfake.Superuser("PLAIN", "satis", "flow"))
	cluster.SASL = SASLConfig{Mechanism: "plain", Username: "satis", Password: "wrong"}
	c.ControlKey(int16(kmsg.SASLAuthenticate), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		answer := r.ResponseKind().(*kmsg.SASLAuthenticateResponse) // as Apache Kafka does, where this one hangs up
		answer.ErrorCode = kerr.SaslAuthenticationFailed.Code
		return answer, nil, true
	})
	if _, err := newClient(t, cluster).Partitions(t.Context(), topic); !IsRefused(err) {
		t.Errorf("a wrong password: %v", err)
	}
	c.Close()
	if _, err := newClient(t, cluster).Partitions(t.Context(), topic); err == nil || IsRefused(err) {
		t.Errorf("no broker: %v", err)
	}
}

func TestConfig_Validate_names_the_field_the_value_and_what_would_be_right(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"":                 func(*Config) {},
		"brokers is empty": func(c *Config) { c.Brokers = nil },
		`brokers has "localhost": want host:port`:           func(c *Config) { c.Brokers = []string{"localhost"} },
		`brokers has "a:99999": the port must be`:           func(c *Config) { c.Brokers = []string{"a:99999"} },
		"dial_timeout is 0s: it must be positive":           func(c *Config) { c.DialTimeout = 0 },
		"tls.enabled is false":                              func(c *Config) { c.TLS.CAFile = "x" },
		`tls.cert_file is "x" and tls.key_file is ""`:       func(c *Config) { c.TLS = TLSConfig{Enabled: true, CertFile: "x"} },
		`sasl.mechanism is "gssapi": want plain`:            func(c *Config) { c.SASL.Mechanism = "gssapi" },
		`sasl.mechanism is "plain": it needs sasl.username`: func(c *Config) { c.SASL.Mechanism = "plain" },
		"sasl has a user or password but no sasl.mechanism": func(c *Config) { c.SASL.Username = "u" },
		"request_timeout is -1s: it must be positive":       func(c *Config) { c.RequestTimeout = -time.Second },
	} {
		c := DefaultConfig()
		change(&c)
		expect(t, c.Validate(), want)
	}
	for want, err := range map[string]error{
		"max_bytes is 10":                      ReaderConfig{MaxBytes: 10}.Validate(),
		"min_bytes is 0":                       ReaderConfig{MaxBytes: 4096}.Validate(),
		"heartbeat_interval is 1s: it must be": GroupConfig{HeartbeatInterval: time.Second}.Validate(),
		"partitions is empty":                  StaticConfig{}.Validate(),
		"partitions has 1":                     StaticConfig{Partitions: []int32{1, 1}}.Validate(),
		"attempts is 0":                        ProducerConfig{}.Validate(),
		`compression is "brotli"`:              ProducerConfig{Compression: "brotli"}.Validate(),
	} {
		expect(t, err, want)
	}
	for _, c := range []interface{ Validate() error }{DefaultReaderConfig(), DefaultGroupConfig(), DefaultProducerConfig()} {
		expect(t, c.Validate(), "")
	}
}

func expect(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("got %v, want no error", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("got %v, want an error with %q", err, want)
	}
}
