package chaos

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// upstream is a server of loopback that lets serve have each connection.
func upstream(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return listener.Addr().String()
}

func echo(conn net.Conn) { _, _ = io.Copy(conn, conn) }

func linkTo(t *testing.T, to string) *link {
	t.Helper()
	l, err := newLink("test", "127.0.0.1:0", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	return l
}

func dial(t *testing.T, l *link) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", l.address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// answer sends a word and returns what comes back within the time: the word, "nothing", or "broken".
func answer(conn net.Conn, within time.Duration) string {
	const word = "hello"
	_ = conn.SetDeadline(time.Now().Add(within))
	got := make([]byte, len(word))
	_, err := conn.Write([]byte(word))
	if err == nil {
		_, err = io.ReadFull(conn, got)
	}
	switch {
	case err == nil:
		return string(got)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "nothing"
	}
	return "broken"
}

// asks is what a new connection gets.
func asks(l *link, within time.Duration) string {
	conn, err := net.Dial("tcp", l.address())
	if err != nil {
		return "refused"
	}
	defer conn.Close()
	return answer(conn, within)
}

func TestALinkDoesWhatItIsToldAndHeals(t *testing.T) {
	for name, c := range map[string]struct {
		spoil     func(*link)
		old, anew string // what connections that were there, and new ones, get meanwhile
		healed    string // what those that were there get afterwards
	}{
		"slow":      {func(l *link) { l.delay(300 * time.Millisecond) }, "nothing", "nothing", "hello"},
		"half-open": {(*link).halfOpen, "nothing", "nothing", "broken"},
		"torn":      {func(l *link) { l.tear(3) }, "broken", "broken", "broken"},
		"cut":       {(*link).cut, "broken", "refused", "broken"},
		"held":      {(*link).hold, "nothing", "nothing", "hello"},
	} {
		t.Run(name, func(t *testing.T) {
			l := linkTo(t, upstream(t, echo))
			conn := dial(t, l)
			if got := answer(conn, 5*time.Second); got != "hello" {
				t.Fatalf("before: %s", got)
			}
			c.spoil(l)
			if got := answer(conn, 100*time.Millisecond); got != c.old {
				t.Errorf("meanwhile an old connection gets %q, want %q", got, c.old)
			}
			if got := asks(l, 100*time.Millisecond); got != c.anew {
				t.Errorf("meanwhile a new connection gets %q, want %q", got, c.anew)
			}
			if err := errors.Join(l.heal(), l.release()); err != nil {
				t.Fatal(err)
			}
			if got := asks(l, 5*time.Second); got != "hello" {
				t.Errorf("afterwards a new connection gets %q", got)
			}
			if got := answer(conn, 5*time.Second); got != c.healed {
				t.Errorf("afterwards the old connection gets %q, want %q", got, c.healed)
			}
		})
	}
}

// A processor that is killed while answers flow to it leaves connections whose pieces nobody takes any more.
func TestALinkHealsThoughItsClientDiesAmidAStream(t *testing.T) {
	l := linkTo(t, upstream(t, func(conn net.Conn) {
		for {
			if _, err := conn.Write(make([]byte, 32<<10)); err != nil {
				return
			}
		}
	}))
	for range 20 {
		conn := dial(t, l)
		l.delay(2 * time.Millisecond)
		_, _ = io.CopyN(io.Discard, conn, 256<<10)
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
		healed := make(chan error, 1)
		go func() { healed <- l.heal() }()
		select {
		case err := <-healed:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the link does not heal: its faults would stay for ever")
		}
	}
}

func TestTheTwoUsersOfALinkLeaveEachOthersFaults(t *testing.T) {
	l := linkTo(t, upstream(t, echo))
	l.cut()
	if err := l.drop(); err != nil {
		t.Fatal(err)
	}
	if got := asks(l, time.Second); got != "refused" {
		t.Errorf("after a strike at a link that is cut it gives %q, want refused", got)
	}
	l.hold()
	if err := l.heal(); err != nil {
		t.Fatal(err)
	}
	if got := asks(l, 100*time.Millisecond); got != "nothing" {
		t.Errorf("healing ended the strike's hold: got %q, want nothing", got)
	}
	if err := l.drop(); err != nil {
		t.Fatal(err)
	}
	if got := asks(l, 5*time.Second); got != "hello" {
		t.Errorf("in the end it gives %q", got)
	}
}

func TestWhatIsDroppedNeverArrives(t *testing.T) {
	arrived := make(chan string, 10)
	l := linkTo(t, upstream(t, func(conn net.Conn) {
		text, _ := io.ReadAll(conn)
		arrived <- string(text)
	}))
	conn := dial(t, l)
	l.hold()
	if _, err := conn.Write([]byte("commit")); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	if err := l.drop(); err != nil {
		t.Fatal(err)
	}
	select {
	case text := <-arrived:
		if text != "" {
			t.Errorf("%q arrived", text)
		}
	case <-time.After(5 * time.Second):
		t.Error("the connection is still there")
	}
}
