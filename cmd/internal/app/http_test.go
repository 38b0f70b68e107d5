package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"satisflow/cmd/internal/gateway/guard"
)

// drained is a server that is told to end while requests are in it, and another part that must outlive these.
type drained struct {
	t      *testing.T
	url    string
	stop   context.CancelFunc
	closed atomic.Bool // whether the other part was told to end
	ended  chan error
}

func startDrained(t *testing.T, handler http.Handler) *drained {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	d := &drained{t: t, url: "http://" + l.Addr().String(), stop: cancel, ended: make(chan error, 1)}
	other := part{name: "producer", run: func(ctx context.Context) error {
		<-ctx.Done()
		d.closed.Store(true)
		return nil
	}}
	go func() {
		d.ended <- supervise(ctx, other, httpPart("HTTP", l, guard.DefaultTimeouts().Server(handler)))
	}()
	return d
}

func (d *drained) end() {
	d.t.Helper()
	select {
	case err := <-d.ended:
		if err != nil {
			d.t.Error(err)
		}
	case <-time.After(20 * time.Second):
		d.t.Fatal("it does not end")
	}
}

type reply struct {
	status int
	text   string
	err    error
}

func (d *drained) post(body io.Reader) <-chan reply {
	out := make(chan reply, 1)
	go func() {
		resp, err := http.Post(d.url, "text/plain", body)
		if err != nil {
			out <- reply{err: err}
			return
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		out <- reply{resp.StatusCode, string(text), err}
	}()
	return out
}

func TestARequestThatBeganIsAnsweredBeforeTheProcessGoes(t *testing.T) {
	for name, c := range map[string]struct {
		work time.Duration
		want string
	}{
		"in time":              {800 * time.Millisecond, "produced"},
		"longer than is given": {time.Minute, "cancelled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d *drained
			inside := make(chan struct{})
			d = startDrained(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(inside)
				answer := "produced"
				select {
				case <-time.After(c.work):
				case <-r.Context().Done():
					answer = "cancelled"
				}
				if d.closed.Load() {
					answer += ", but what it works with is closed"
				}
				_, _ = io.WriteString(w, answer)
			}))
			got := d.post(strings.NewReader("x"))
			<-inside
			d.stop()
			if r := <-got; r.err != nil || r.text != c.want {
				t.Errorf("%+v", r)
			}
			d.end()
			if !d.closed.Load() {
				t.Error("the other part still runs")
			}
		})
	}
}

func TestABodyThatIsStillComingIsNotWaitedForAtTheEnd(t *testing.T) {
	inside := make(chan struct{})
	d := startDrained(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(inside)
		_, err := io.Copy(io.Discard, r.Body)
		_, _ = fmt.Fprint(w, errors.Is(err, guard.ErrDraining))
	}))
	body, feed := io.Pipe()
	got := d.post(body)
	_, _ = io.WriteString(feed, "a part")
	<-inside
	begin := time.Now()
	d.stop()
	if r := <-got; r.err != nil || r.text != "true" {
		t.Errorf("%+v", r)
	}
	d.end()
	if took := time.Since(begin); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
	_ = feed.Close()
}

func TestConnectionsWithoutARequestAreNotWaitedFor(t *testing.T) {
	d := startDrained(t, http.NotFoundHandler())
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	time.Sleep(50 * time.Millisecond)
	begin := time.Now()
	d.stop()
	d.end()
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
}
