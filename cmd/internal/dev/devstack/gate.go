package devstack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// gate is what browsers reach of a program that has no sign-in: it lets programs and the program's own pages through, and no
// page of another site, which could otherwise silence alerts or read figures of this machine.
type gate struct {
	listener net.Listener
	server   *http.Server
	target   atomic.Pointer[url.URL] // of the program that runs now; nil for none
}

// newGate returns a gate on the listener. The program behind it wants the user and the password.
func newGate(listener net.Listener, name, user, password string) *gate {
	g := &gate{listener: listener}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", r.In.Context().Value(targetKey{}).(*url.URL).Host
			r.Out.Host = r.In.Host
			r.Out.SetBasicAuth(user, password)
		},
		ModifyResponse: func(r *http.Response) error {
			for header := range r.Header {
				if strings.HasPrefix(header, "Access-Control-") {
					delete(r.Header, header)
				}
			}
			for header, value := range map[string]string{"Cross-Origin-Resource-Policy": "same-origin", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"} {
				r.Header.Set(header, value)
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, name+" does not answer", http.StatusBadGateway)
		},
	}
	foreign := http.NewCrossOriginProtection()
	foreign.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "a page of another site may not write to "+name, http.StatusForbidden)
	}))
	inner := foreign.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target := g.target.Load()
		if target == nil {
			http.Error(w, name+" is not running", http.StatusBadGateway)
			return
		}
		proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), targetKey{}, target)))
	}))
	g.server = &http.Server{ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopbackName(r.Host) { // a foreign name that resolves to this machine
			http.Error(w, fmt.Sprintf("host %.100q: want localhost or a loopback address", r.Host), http.StatusMisdirectedRequest)
			return
		}
		inner.ServeHTTP(w, r)
	})}
	return g
}

type targetKey struct{}

// loopbackName says whether a Host header names this machine and nothing else.
func loopbackName(hostPort string) bool {
	host := hostPort
	if h, _, err := net.SplitHostPort(hostPort); err == nil {
		host = h
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || err == nil && addr.IsLoopback()
}

// run serves until the context ends.
func (g *gate) run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = g.server.Close() })
	defer stop()
	if err := g.server.Serve(g.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve HTTP on %s: %w", g.listener.Addr(), err)
	}
	return nil
}
