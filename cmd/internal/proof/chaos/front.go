package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"
)

// mood is what the front does with inserts.
type mood int32

const (
	passing  mood = iota // passes them on
	refusing             // answers that there are too many parts, and passes none on
	losing               // passes them on and breaks off instead of answering
)

// front stands before ClickHouse, one for each processor, and can refuse or hold up what ClickHouse would take.
type front struct {
	gate
	address string
	server  *http.Server
	mood    atomic.Int32
	hits    atomic.Int64 // inserts refused or left without an answer
}

func startFront(engine string) (*front, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen before ClickHouse: %w", err)
	}
	f := &front{address: listener.Addr().String()}
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: engine}) },
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0), // what breaks off is meant to
		ModifyResponse: func(r *http.Response) error {
			table := tableOf(r.Request)
			if table != "" && mood(f.mood.Load()) == losing {
				f.hits.Add(1)
				return errors.New("the answer is lost")
			}
			if table != "" && r.StatusCode == http.StatusOK {
				f.answered(table)
			}
			return nil
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }, // breaks off
	}
	f.server = &http.Server{Handler: f.before(proxy), ReadHeaderTimeout: time.Minute}
	go func() { _ = f.server.Serve(listener) }() // until close
	return f, nil
}

// before refuses inserts while the mood is so, and holds up the one that the gate is to catch.
func (f *front) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		table := tableOf(r)
		if table != "" && mood(f.mood.Load()) == refusing {
			f.hits.Add(1)
			w.Header().Set("X-ClickHouse-Exception-Code", "252")
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprintln(w, "Code: 252. DB::Exception: Too many parts (satisflow chaos). (TOO_MANY_PARTS)")
			return
		}
		if table != "" && !f.enter(r.Context(), table) {
			panic(http.ErrAbortHandler) // breaks off
		}
		next.ServeHTTP(w, r)
	})
}

func (f *front) set(m mood) { f.mood.Store(int32(m)) }

func (f *front) close() error { return f.server.Close() }
