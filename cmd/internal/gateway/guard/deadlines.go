package guard

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// Timeouts bound how long a client may hold a connection. They are kept here, in one place, for every handler.
type Timeouts struct {
	// HeaderTimeout bounds the reading of a request's header, IdleTimeout the wait for the next request of a connection.
	HeaderTimeout time.Duration `yaml:"header_timeout" help:"longest time to read the header of a request"`
	IdleTimeout   time.Duration `yaml:"idle_timeout" help:"longest wait for the next request of a connection"`
	// BodyTimeout bounds the time in which a body must arrive, or the next part of one that is a stream.
	BodyTimeout time.Duration `yaml:"body_timeout" help:"longest time to send a body, or a thousand lines of NDJSON"`
	// AnswerTimeout bounds the time in which the client must take what was written last. It begins again with each write,
	// so that a stream of events may last for as long as its client reads.
	AnswerTimeout time.Duration `yaml:"answer_timeout" help:"longest time in which a client must read the next part of an answer"`
}

// DefaultTimeouts gives a header 10 s, and a body and each part of an answer 30 s.
func DefaultTimeouts() Timeouts {
	return Timeouts{HeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, BodyTimeout: 30 * time.Second, AnswerTimeout: 30 * time.Second}
}

// Server returns a server whose connections end when a client sends or reads too slowly.
func (t Timeouts) Server(handler http.Handler) *http.Server {
	const headerBytes = 32 << 10
	return &http.Server{Handler: t.deadlines(handler), ReadHeaderTimeout: t.HeaderTimeout, IdleTimeout: t.IdleTimeout, MaxHeaderBytes: headerBytes}
}

func (t Timeouts) deadlines(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		answer := &timedAnswer{w, control, t.AnswerTimeout}
		answer.extend() // net/http leaves the deadline of the request before
		defer answer.extend()
		if r.Body != nil && r.Body != http.NoBody {
			body := &Body{ReadCloser: r.Body, control: control, timeout: t.BodyTimeout}
			body.extend()
			defer context.AfterFunc(Draining(r.Context()), body.drain)()
			r.Body = body
		}
		next.ServeHTTP(answer, r)
	})
}

// timedAnswer gives the client its time at each write. While nothing is written, nothing is bounded here: the handler
// bounds its own work.
type timedAnswer struct {
	http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
}

func (a *timedAnswer) extend() { _ = a.control.SetWriteDeadline(time.Now().Add(a.timeout)) } // tests may have no connection

// Write implements http.ResponseWriter.
func (a *timedAnswer) Write(b []byte) (int, error) {
	a.extend()
	return a.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController flush.
func (a *timedAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// drainBody is how long a body may still come once the server is about to end.
const drainBody = time.Second

// ErrDraining is the error of a body that was still coming when the server was about to end.
var ErrDraining = errors.New("the server is shutting down")

// Body is the body of every request behind Server, with a deadline for it to come. Once it came, nothing is bounded any
// more: a deadline that passes meanwhile would cancel the request's context.
type Body struct {
	io.ReadCloser
	control *http.ResponseController
	timeout time.Duration

	mu    sync.Mutex
	begun bool
	ended bool
	last  time.Time // no deadline is later than this, unless it is zero
}

// Read implements io.Reader. The error is os.ErrDeadlineExceeded, within another, for a body that came too slowly.
func (b *Body) Read(p []byte) (int, error) {
	b.begin()
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		err = b.end(err)
	}
	return n, err
}

// begin sets the deadline again at the first read: what read the header of the request may have set another.
func (b *Body) begin() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.begun {
		b.begun = true
		b.set()
	}
}

func (b *Body) end(err error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	switch {
	case errors.Is(err, io.EOF):
		_ = b.control.SetReadDeadline(time.Time{})
	case !b.last.IsZero() && errors.Is(err, os.ErrDeadlineExceeded):
		return ErrDraining
	}
	return err
}

// extend gives the next part of the body its time.
func (b *Body) extend() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.set()
}

// set sets the deadline, unless there is nothing more to wait for. The caller holds the lock.
func (b *Body) set() {
	if b.ended {
		return
	}
	at := time.Now().Add(b.timeout)
	if !b.last.IsZero() && b.last.Before(at) {
		at = b.last
	}
	_ = b.control.SetReadDeadline(at)
}

// drain lets the body end soon, as the server is about to end.
func (b *Body) drain() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = time.Now().Add(drainBody)
	b.set()
}

// Extend gives the next part of the request's body its time.
func Extend(r *http.Request) {
	if b, ok := r.Body.(*Body); ok {
		b.extend()
	}
}

type drainingKey struct{}

// WithDraining returns a context for the requests of a server; draining ends when the server is about to.
func WithDraining(ctx, draining context.Context) context.Context {
	return context.WithValue(ctx, drainingKey{}, draining)
}

// Draining returns a context that ends when the server of the request is about to end: streams end then.
func Draining(ctx context.Context) context.Context {
	if draining, ok := ctx.Value(drainingKey{}).(context.Context); ok {
		return draining
	}
	return context.Background()
}
