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
	"strings"
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

// front stands before ClickHouse and can refuse what ClickHouse would take.
type front struct {
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
			if isInsert(r.Request) && mood(f.mood.Load()) == losing {
				f.hits.Add(1)
				return errors.New("the answer is lost")
			}
			return nil
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }, // breaks off
	}
	f.server = &http.Server{Handler: f.before(proxy), ReadHeaderTimeout: time.Minute}
	go func() { _ = f.server.Serve(listener) }() // until close
	return f, nil
}

// before refuses inserts while the mood is so.
func (f *front) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isInsert(r) && mood(f.mood.Load()) == refusing {
			f.hits.Add(1)
			w.Header().Set("X-ClickHouse-Exception-Code", "252")
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprintln(w, "Code: 252. DB::Exception: Too many parts (satisflow chaos). (TOO_MANY_PARTS)")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isInsert(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasPrefix(r.URL.Query().Get("query"), "INSERT")
}

func (f *front) set(m mood) { f.mood.Store(int32(m)) }

func (f *front) close() error { return f.server.Close() }
