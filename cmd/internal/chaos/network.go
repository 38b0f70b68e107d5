package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// link is the way of one processor to Kafka or to ClickHouse.
type link struct{ proxy *toxiproxy.Proxy }

// newLink listens on an address of loopback and passes on what comes to another.
func newLink(name, listen, to string) (*link, error) {
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l := &link{toxiproxy.NewProxy(server, name, listen, to)}
	if err := l.proxy.Start(); err != nil {
		return nil, fmt.Errorf("start proxy %s on %s: %w", name, listen, err)
	}
	return l, nil
}

func (l *link) address() string { return l.proxy.Listen }

func (l *link) close() { l.proxy.Stop() }

// delay lets everything arrive late, both ways.
func (l *link) delay(by time.Duration) error {
	return l.poison("latency", fmt.Sprintf(`{"latency": %d, "jitter": %d}`, by.Milliseconds(), by.Milliseconds()/2), "upstream", "downstream")
}

// hold holds up requests until release or drop; it goes beside any of the others.
func (l *link) hold(by time.Duration) error {
	text := fmt.Sprintf(`{"name": "hold", "type": "latency", "stream": "upstream", "attributes": {"latency": %d}}`, by.Milliseconds())
	_, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(text))
	return err
}

// release lets go what is held up.
func (l *link) release() error {
	if err := l.proxy.Toxics.RemoveToxic(context.Background(), "hold"); err != nil && !errors.Is(err, toxiproxy.ErrToxicNotFound) {
		return err
	}
	return nil
}

// drop ends all connections with what is held up in them.
func (l *link) drop() error {
	l.proxy.Stop()
	return errors.Join(l.release(), l.mend())
}

// halfOpen swallows what is sent, without closing connections.
func (l *link) halfOpen() error {
	return l.poison("timeout", `{"timeout": 0}`, "upstream", "downstream")
}

// tear closes each connection after so many bytes of requests.
func (l *link) tear(after int) error {
	return l.poison("limit_data", fmt.Sprintf(`{"bytes": %d}`, after), "upstream")
}

func (l *link) poison(kind, attributes string, ways ...string) error {
	for _, way := range ways {
		text := fmt.Sprintf(`{"type": %q, "stream": %q, "attributes": %s}`, kind, way, attributes)
		if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(text)); err != nil {
			return fmt.Errorf("make %s %s: %w", l.proxy.Name, kind, err)
		}
	}
	return nil
}

// heal undoes what delay, halfOpen and tear did. Half-open connections end by it.
func (l *link) heal() error {
	l.proxy.Toxics.ResetToxics(context.Background())
	return nil
}

// cut closes all connections and takes no new ones until mend.
func (l *link) cut() { l.proxy.Stop() }

func (l *link) mend() error {
	if err := l.proxy.Start(); err != nil && !errors.Is(err, toxiproxy.ErrProxyAlreadyStarted) {
		return fmt.Errorf("start proxy %s again: %w", l.proxy.Name, err)
	}
	return nil
}
