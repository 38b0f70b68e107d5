package config

import (
	"errors"
	"fmt"
	"math"
	"net"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"satisflow/pipeline/source"
)

// validate notes all that is wrong, with the place where the value was set.
func (l *loader) validate() {
	for _, err := range l.cfg.problems() {
		l.problem(l.origin(err.Error()), "%v", err)
	}
	const window = "alerts.group_window"
	if _, found := l.cfg.groupWindow(); !found && l.from[window] != "" { // the default need not be there
		l.problem(l.from[window], "%s: %q: want a window of windows.list", window, l.cfg.Alerts.GroupWindow)
	}
}

// problems are what the packages and this one find, each beginning with its key.
func (c *Config) problems() []error {
	var found []error
	add := func(section string, err error) {
		for _, e := range split(err) {
			found = append(found, within(section, e))
		}
	}
	add("log.", c.Log.validate())
	add("kafka.", c.Kafka.Config.Validate())
	add("kafka.", c.Kafka.validate())
	add("kafka.group.", c.Kafka.GroupConfig().Validate())
	add("kafka.reader.", c.Kafka.Reader.Validate())
	add("kafka.producer.", c.Kafka.ProducerConfig().Validate())
	add("", c.ClickHouse.Validate())
	add("event.", c.Event.Validate())
	add("admission.", c.Admission.Validate())
	add("", c.definitionError())
	add("target.", c.Target.validate())
	_, err := c.Standards()
	add("", err)
	add("processor.", c.Processor.Config.Validate())
	add("processor.", c.Processor.validate())
	add("verify.", c.Verify.Validate())
	add("gateway.", c.Gateway.Config.Validate())
	add("gateway.", listenError(c.Gateway.Listen))
	add("gateway.", c.Gateway.validate())
	add("alerts.", c.Alerts.Validate())
	add("alertmanager.", c.Alertmanager.Validate())
	add("prometheus.", c.Prometheus.Validate())
	add("mail.", c.Mail.Validate())
	add("", c.between())
	return slices.CompactFunc(found, func(a, b error) bool { return a.Error() == b.Error() })
}

func (l Log) validate() error {
	var errs []error
	if level, err := zerolog.ParseLevel(l.Level); err != nil || level < zerolog.TraceLevel || level > zerolog.ErrorLevel {
		errs = append(errs, fmt.Errorf("level: %q: want trace, debug, info, warn or error", l.Level))
	}
	if !slices.Contains([]string{"auto", "console", "json"}, l.Format) {
		errs = append(errs, fmt.Errorf("format: %q: want auto, console or json", l.Format))
	}
	return errors.Join(errs...)
}

func (k Kafka) validate() error {
	var errs []error
	if k.Partitions < 1 {
		errs = append(errs, fmt.Errorf("partitions: %d: want at least 1", k.Partitions))
	}
	if k.DeadTopic == "" || k.DeadTopic == k.Topic {
		errs = append(errs, fmt.Errorf("dead_topic: %q: want a topic of its own", k.DeadTopic))
	}
	return errors.Join(errs...)
}

// definitionError puts the keys of the file in place of those of the definition.
func (c *Config) definitionError() error {
	d := c.Definition(max(c.Kafka.Partitions, 1))
	err := d.Validate()
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, was := range []string{"windows[", "windows:"} {
		if rest, ok := strings.CutPrefix(text, was); ok {
			return errors.New("windows.list" + strings.TrimPrefix(was, "windows") + rest)
		}
	}
	return err
}

func (t Target) validate() error {
	if !(t.Share > 0 && t.Share < 1) {
		return fmt.Errorf("share: %v: want a share above 0 and below 1, such as 0.95", t.Share)
	}
	return nil
}

func (p Processor) validate() error {
	var errs []error
	if p.Partitions != "" {
		if _, err := source.ParsePartitions(p.Partitions); err != nil {
			errs = append(errs, err)
		}
	}
	if p.Epoch < 0 || p.Epoch > math.MaxUint32 {
		errs = append(errs, fmt.Errorf("epoch: %d: want the number of an epoch, or 0", p.Epoch))
	}
	return errors.Join(append(errs, listenError(p.Listen))...)
}

var basePath = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)*$`)

func (g Gateway) validate() error {
	if !basePath.MatchString(g.BasePath) || path.Clean("/"+g.BasePath) != "/"+strings.TrimPrefix(g.BasePath, "/") {
		return fmt.Errorf("base_path: %q: want a path such as /satisflow, of letters, digits, dots, hyphens, underscores and tildes, or nothing", g.BasePath)
	}
	return nil
}

func listenError(address string) error {
	_, port, err := net.SplitHostPort(address)
	if n, convErr := strconv.Atoi(port); err != nil || convErr != nil || n < 0 || n > 65535 {
		return fmt.Errorf("listen: %q: want host:port, such as 127.0.0.1:8080", address)
	}
	return nil
}

// between finds values that are right alone and wrong together.
func (c *Config) between() error {
	var errs []error
	var longest time.Duration
	for _, r := range c.Windows.List {
		longest = max(longest, r.Length)
	}
	if least := c.Admission.Horizon + longest; c.Admission.Retention < least {
		errs = append(errs, fmt.Errorf("admission.retention: %s: want at least the horizon and the longest window together, %s",
			formatDuration(c.Admission.Retention), formatDuration(least)))
	}
	if c.Processor.DrainTimeout >= c.Kafka.Group.SessionTimeout {
		errs = append(errs, fmt.Errorf("processor.drain_timeout: %s: want less than kafka.group.session_timeout, %s",
			c.Processor.DrainTimeout, c.Kafka.Group.SessionTimeout))
	}
	if most := c.Kafka.Producer.MaxMessageBytes - recordOverhead; c.Admission.MaxBytes > most {
		errs = append(errs, fmt.Errorf("admission.max_bytes: %d: want at most kafka.producer.max_message_bytes without %d for key and headers, %d",
			c.Admission.MaxBytes, recordOverhead, most))
	}
	if len(c.Alerts.Owners) > 0 && !c.Mail.Enabled() {
		errs = append(errs, errors.New("mail.host: empty: want a mail server to tell alerts.owners by, or no owners"))
	}
	return errors.Join(errs...)
}

// recordOverhead is what a record needs beside its value, in bytes.
const recordOverhead = 4 << 10

// within puts the section in front of an error that begins with a key.
func within(section string, err error) error { return fmt.Errorf("%s%w", section, err) }

// split takes joined errors apart.
func split(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, split(e)...)
		}
		return all
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

var leadingKey = regexp.MustCompile(`^[a-z_]+(\.[a-z_]+)*`)

// origin is where the key was set that the message begins with; empty for a default.
func (l *loader) origin(message string) string {
	for key := leadingKey.FindString(message); key != ""; {
		if from, ok := l.from[key]; ok {
			return from
		}
		last := strings.LastIndexByte(key, '.')
		if last < 0 {
			break
		}
		key = key[:last]
	}
	return ""
}
