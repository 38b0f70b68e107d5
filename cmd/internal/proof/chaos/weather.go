package chaos

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
)

// conditions are what one direction of a link does with what is sent. The zero value passes it on.
type conditions struct {
	delay   time.Duration // by half of it up to once and a half of it
	swallow bool          // take everything and pass nothing on
	limit   int           // bytes after which a connection breaks, 0 for never
}

// weather is the only toxic of a direction. It is in its chain from the beginning and changes what it does instead of being
// added and removed: to remove a toxic, toxiproxy waits for it to take its hands off each connection, which one whose
// reader has just died never does.
type weather struct {
	mu      sync.Mutex
	now     conditions
	held    bool          // keep everything until it is released
	changed chan struct{} // closed at the next change

	hits atomic.Int64 // pieces that were delayed or swallowed, and connections that were broken
	open atomic.Int64 // connections
}

// weatherType is the name under which toxiproxy knows it.
const weatherType = "weather"

// change sets what is true from now on; connections notice at once.
func (w *weather) change(set func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	set()
	if w.changed != nil {
		close(w.changed)
	}
	w.changed = make(chan struct{})
}

func (w *weather) look() (now conditions, held bool, changed <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now, w.held, w.changed
}

// GetBufferSize is how many pieces may be under way in a slow connection.
func (w *weather) GetBufferSize() int { return 1024 }

// Pipe passes on one connection's pieces, until it ends. What was swallowed is missing, so such a connection ends when the
// swallowing does.
func (w *weather) Pipe(stub *toxics.ToxicStub) {
	w.open.Add(1)
	defer w.open.Add(-1)
	passed, lossy := 0, false
	for {
		now, _, changed := w.look()
		if lossy && !now.swallow {
			hangUp(stub)
			return
		}
		select {
		case <-stub.Interrupt:
			return
		case <-changed:
			passed = 0
		case piece := <-stub.Input:
			if piece == nil {
				stub.Close()
				return
			}
			if now, lossy = w.await(piece, lossy); lossy {
				w.hits.Add(1)
				continue
			}
			passed += len(piece.Data)
			if over := passed - now.limit; now.limit > 0 && over >= 0 {
				piece.Data = piece.Data[:max(0, len(piece.Data)-over)]
				w.hits.Add(1)
				stub.Output <- piece
				hangUp(stub)
				return
			}
			stub.Output <- piece
		}
	}
}

// await returns when a piece may go on, or that it is lost.
func (w *weather) await(piece *stream.StreamChunk, lossy bool) (conditions, bool) {
	spread := 0.5 + rand.Float64()
	delayed := false
	for {
		now, held, changed := w.look()
		wait := time.Duration(float64(now.delay)*spread) - time.Since(piece.Timestamp)
		switch {
		case held:
			<-changed
			continue
		case lossy || now.swallow:
			return now, true
		case wait <= 0:
			return now, false
		}
		if !delayed {
			delayed = true
			w.hits.Add(1)
		}
		select {
		case <-changed:
		case <-time.After(wait):
			return now, false
		}
	}
}

// hangUp ends a connection and takes what still comes from it, so that nobody waits to be rid of it.
func hangUp(stub *toxics.ToxicStub) {
	stub.Close()
	for range stub.Input {
	}
}
