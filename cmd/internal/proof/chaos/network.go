package chaos

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"
)

// link is the way of one processor to Kafka or to ClickHouse. Two may use it at once: faults of the network by delay,
// halfOpen, tear and cut, which heal undoes, and a strike at a step by hold, which release and drop undo.
type link struct {
	proxy    *toxiproxy.Proxy
	up, down *weather

	mu    sync.Mutex
	isCut bool
	cuts  int64 // connections that cut has closed
}

// newLink listens on an address of loopback and passes on what comes to another.
func newLink(name, listen, to string) (*link, error) {
	toxics.Register(weatherType, new(weather))
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l := &link{proxy: toxiproxy.NewProxy(server, name, listen, to)}
	for _, way := range []struct {
		name string
		to   **weather
	}{{"upstream", &l.up}, {"downstream", &l.down}} {
		w, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(`{"type": %q, "stream": %q}`, weatherType, way.name)))
		if err != nil {
			return nil, fmt.Errorf("make proxy %s: %w", name, err)
		}
		*way.to = w.Toxic.(*weather)
		(*way.to).change(func() {})
	}
	if err := l.proxy.Start(); err != nil {
		return nil, fmt.Errorf("start proxy %s on %s: %w", name, listen, err)
	}
	return l, nil
}

func (l *link) address() string { return l.proxy.Listen }

func (l *link) close() { l.proxy.Stop() }

// delay lets everything arrive late, both ways.
func (l *link) delay(by time.Duration) { l.both(conditions{delay: by}) }

// halfOpen swallows what is sent, without closing connections.
func (l *link) halfOpen() { l.both(conditions{swallow: true}) }

// tear breaks each connection after so many bytes of requests.
func (l *link) tear(after int) { l.up.change(func() { l.up.now = conditions{limit: after} }) }

func (l *link) both(c conditions) {
	for _, w := range []*weather{l.up, l.down} {
		w.change(func() { w.now = c })
	}
}

// cut closes all connections and takes no new ones.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isCut = true
	l.cuts += l.up.open.Load()
	l.proxy.Stop()
}

// hits is how much of what was sent a fault has met so far: pieces that were delayed or swallowed, connections that were torn or
// cut. Nothing is hit on a link that nobody uses.
func (l *link) hits() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.up.hits.Load() + l.down.hits.Load() + l.cuts
}

// heal undoes what delay, halfOpen, tear and cut did. Connections that were half-open end by it.
func (l *link) heal() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.both(conditions{})
	l.isCut = false
	return l.listen()
}

// hold keeps requests until release or drop.
func (l *link) hold() { l.up.change(func() { l.up.held = true }) }

// release lets go what is held.
func (l *link) release() error {
	l.up.change(func() { l.up.held = false })
	return nil
}

// drop ends all connections with what is held in them.
func (l *link) drop() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proxy.Stop() // first: what is released then has nowhere to go
	err := l.release()
	if l.isCut {
		return err
	}
	return errors.Join(err, l.listen())
}

// listen takes connections, unless it does already. The caller has the lock.
func (l *link) listen() error {
	if err := l.proxy.Start(); err != nil && !errors.Is(err, toxiproxy.ErrProxyAlreadyStarted) {
		return fmt.Errorf("start proxy %s again: %w", l.proxy.Name, err)
	}
	return nil
}
