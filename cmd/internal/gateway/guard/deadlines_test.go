package guard

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// timed is a server with short deadlines.
func timed(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	timeouts := Timeouts{HeaderTimeout: 300 * time.Millisecond, IdleTimeout: time.Minute, BodyTimeout: 300 * time.Millisecond, AnswerTimeout: 300 * time.Millisecond}
	s := httptest.NewUnstartedServer(nil)
	s.Config = timeouts.Server(handler)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func dial(t *testing.T, s *httptest.Server, request string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	return conn
}

const post = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nx"

func TestASlowBodyEndsWhetherItIsReadOrNot(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"read": func(w http.ResponseWriter, r *http.Request) {
			_, err := io.Copy(io.Discard, r.Body)
			_, _ = fmt.Fprint(w, err)
		},
		"not read":    func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") },
		"read partly": func(_ http.ResponseWriter, r *http.Request) { _, _ = r.Body.Read(make([]byte, 1)) },
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, timed(t, handler), post)
			begin, ended := time.Now(), make(chan struct{})
			go func() { // one byte at a time, for ever
				for {
					if _, err := conn.Write([]byte("x")); err != nil {
						return
					}
					select {
					case <-ended:
						return
					case <-time.After(20 * time.Millisecond):
					}
				}
			}()
			_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
			_, err := io.Copy(io.Discard, conn)
			close(ended)
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				t.Errorf("the connection is still open after %v", time.Since(begin))
			}
		})
	}
}

func TestAnAnswerThatIsNotReadEnds(t *testing.T) {
	ended := make(chan error, 1)
	s := timed(t, func(w http.ResponseWriter, _ *http.Request) {
		part := make([]byte, 1<<20)
		var err error
		for err == nil {
			_, err = w.Write(part)
		}
		ended <- err
	})
	dial(t, s, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the handler still writes")
	}
}

func TestAStreamLastsAsLongAsItIsRead(t *testing.T) {
	s := timed(t, func(w http.ResponseWriter, _ *http.Request) {
		for i := range 20 {
			_, _ = fmt.Fprintf(w, "event %d\n", i)
			_ = http.NewResponseController(w).Flush()
			time.Sleep(50 * time.Millisecond)
		}
	})
	conn := dial(t, s, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil || strings.Count(string(text), "event") != 20 {
		t.Errorf("%v: %s", err, text)
	}
}

// A deadline for the body that was not taken away would cancel what comes after it.
func TestADeadlineOfTheBodyDoesNotCancelTheWorkAfterIt(t *testing.T) {
	s := timed(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
			_, _ = io.WriteString(w, "cancelled")
		case <-time.After(900 * time.Millisecond):
			_, _ = io.WriteString(w, "done")
		}
	})
	for range 2 { // the second on the same connection, after the deadlines of the first
		response, err := s.Client().Post(s.URL, "text/plain", strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if string(text) != "done" {
			t.Errorf("got %q", text)
		}
	}
}
