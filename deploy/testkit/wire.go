package testkit

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Wire is a way to a server that can be cut. It passes on what comes to its address.
type Wire struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	state wireState
	conns map[net.Conn]bool
}

type wireState uint8

const (
	wireOpen   wireState = iota
	wireCut              // connections are closed
	wireFrozen           // connections stay, and nothing passes
)

// NewWire listens on loopback and leads to the address, until the test ends.
func NewWire(t testing.TB, to string) *Wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &Wire{listener: listener, to: to, conns: map[net.Conn]bool{}}
	var serving sync.WaitGroup
	serving.Go(func() { w.serve(&serving) })
	t.Cleanup(func() {
		_ = listener.Close()
		w.Cut()
		serving.Wait()
	})
	return w
}

// Behind returns the address of a server, a URL, as it is reached by the wire, and the wire.
func Behind(t testing.TB, address string) (string, *Wire) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	w := NewWire(t, u.Host)
	u.Host = w.listener.Addr().String()
	return u.String(), w
}

// Cut closes all connections, and new ones at once.
func (w *Wire) Cut() { w.become(wireCut) }

// Freeze keeps all connections and lets nothing pass, as a network does that drops packets.
func (w *Wire) Freeze() { w.become(wireFrozen) }

// Heal lets new connections pass; those that were frozen are closed.
func (w *Wire) Heal() { w.become(wireOpen) }

func (w *Wire) become(state wireState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = state
	if state == wireFrozen {
		return
	}
	for c := range w.conns {
		_ = c.Close()
	}
	clear(w.conns)
}

func (w *Wire) serve(serving *sync.WaitGroup) {
	for {
		from, err := w.listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", w.to)
		if err != nil {
			_ = from.Close()
			continue
		}
		w.mu.Lock()
		cut := w.state == wireCut
		w.conns[from], w.conns[to] = true, true
		w.mu.Unlock()
		if cut {
			w.drop(from, to)
			continue
		}
		serving.Go(func() { w.pass(to, from); w.drop(from, to) })
		serving.Go(func() { w.pass(from, to); w.drop(from, to) })
	}
}

func (w *Wire) drop(conns ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range conns {
		if w.state == wireFrozen && w.conns[c] {
			continue // its end does not pass either; Heal and Cut close it
		}
		_ = c.Close()
		delete(w.conns, c)
	}
}

// pass copies until an end; what comes while the wire is frozen is swallowed.
func (w *Wire) pass(to io.Writer, from io.Reader) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		w.mu.Lock()
		frozen := w.state == wireFrozen
		w.mu.Unlock()
		if frozen {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
