package mail

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"satisflow/deploy/testkit/realmail"
)

const (
	user     = "satisflow"
	password = "not-to-be-shown"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// configFor reaches a server with the right password and authority.
func configFor(t *testing.T, server *realmail.Server, encryption string) Config {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Host, cfg.From, cfg.TLS, cfg.Timeout = server.Address, "客户满意 <satisflow@example.org>", encryption, 10*time.Second
	if encryption != NoTLS {
		cfg.CAFile = server.CAFile
	}
	return cfg
}

func signedIn(t *testing.T, cfg Config, password string) Config {
	t.Helper()
	cfg.User, cfg.PasswordFile = user, filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(cfg.PasswordFile, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func open(t *testing.T, cfg Config) *Sender {
	t.Helper()
	s, err := New(cfg, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sample(id string, to ...string) Message {
	return Message{ID: id, To: to, Subject: "Sample", Text: "Hello."}
}

func TestAMailReachesAServerByEachEncryption(t *testing.T) {
	for _, c := range []struct{ name, server, client, user string }{
		{"starttls with a sign-in", realmail.StartTLS, StartTLS, user},
		{"starttls without", realmail.StartTLS, StartTLS, ""},
		{"tls with a sign-in", realmail.TLS, TLS, user},
		{"none with a sign-in on loopback", realmail.NoTLS, NoTLS, user},
		{"none", realmail.NoTLS, NoTLS, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := realmail.Start(t, realmail.Options{TLS: c.server, User: c.user, Password: password})
			cfg := configFor(t, server, c.client)
			if c.user != "" {
				cfg = signedIn(t, cfg, password)
			}
			s := open(t, cfg)
			if err := errors.Join(s.Ready(t.Context()), s.Send(t.Context(), sample("a", "li.wei@example.org"))); err != nil {
				t.Fatal(err)
			}
			if got := server.Mails(); len(got) != 1 {
				t.Errorf("%d mails", len(got))
			}
		})
	}
}

func TestWhatTheOperatorMendsIsNotPermanentAndSaysNoSecret(t *testing.T) {
	plain := realmail.Start(t, realmail.Options{})
	secure := realmail.Start(t, realmail.Options{TLS: realmail.StartTLS, User: user, Password: "another"})
	untrusted := configFor(t, secure, StartTLS)
	untrusted.CAFile = ""
	missing := signedIn(t, configFor(t, secure, StartTLS), password)
	missing.PasswordFile += ".gone"
	for _, c := range []struct {
		name string
		cfg  Config
		want string
	}{
		{"a wrong password", signedIn(t, configFor(t, secure, StartTLS), password), "535"},
		{"no sign-in where one is demanded", configFor(t, secure, StartTLS), "530"},
		{"a certificate that is not trusted", untrusted, "certificate signed by unknown authority"},
		{"a server without starttls", configFor(t, plain, StartTLS), "does not support STARTTLS"},
		{"a server without tls", configFor(t, plain, TLS), "TLS"},
		{"a password file that is missing", missing, "password_file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := open(t, c.cfg).Send(t.Context(), sample("a", "li.wei@example.org"))
			if err == nil || IsPermanent(err) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), password) {
				t.Errorf("got %v (permanent: %v), want %q", err, IsPermanent(err), c.want)
			}
		})
	}
	if len(plain.Mails())+len(secure.Mails()) != 0 {
		t.Error("a mail arrived all the same")
	}
}

func TestAPasswordThatWasMendedIsUsedWithoutARestart(t *testing.T) {
	server := realmail.Start(t, realmail.Options{TLS: realmail.StartTLS, User: user, Password: password})
	cfg := signedIn(t, configFor(t, server, StartTLS), "wrong")
	s := open(t, cfg)
	if err := s.Ready(t.Context()); err == nil || IsPermanent(err) {
		t.Fatalf("ready with a wrong password: %v", err)
	}
	if err := os.WriteFile(cfg.PasswordFile, []byte(password), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWhatTheServerRefuses(t *testing.T) {
	const good, unknown, grey, relayed = "li.wei@example.org", "gone@example.org", "grey@example.org", "li.na@elsewhere.example"
	refuse := map[string]string{unknown: "550 5.1.1 <gone@example.org> is not known here", grey: "451 4.7.1 greylisted, come again", relayed: "530 5.7.0 sign in first"}
	servers := map[string]*realmail.Server{} // by what they say to contents
	for _, data := range []string{"", "554 5.7.1 no such mails, li.wei@example.org", "452 4.2.2 full"} {
		servers[data[:min(3, len(data))]] = realmail.Start(t, realmail.Options{Refuse: refuse, RefuseData: data})
	}
	for _, c := range []struct {
		name      string
		data      string
		to        []string
		permanent bool
		retry     []string
		reached   string
	}{
		{"an unknown recipient", "", []string{unknown}, true, nil, ""},
		{"a greylisted recipient", "", []string{grey}, false, []string{grey}, ""},
		{"a recipient that wants a sign-in", "", []string{relayed}, false, []string{relayed}, ""},
		{"an address that is none", "", []string{"li wei"}, true, nil, ""},
		{"the others get it when one is unknown", "", []string{unknown, good}, true, nil, good},
		{"the others get it when one is no address", "", []string{"<>", good}, true, nil, good},
		{"another attempt is for those that may be reached", "", []string{good, unknown, grey}, false, []string{grey}, good},
		{"a content for good", "554", []string{good}, true, nil, ""},
		{"a content for now", "452", []string{good}, false, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := servers[c.data]
			err := open(t, configFor(t, server, NoTLS)).Send(t.Context(), sample(c.name, c.to...))
			if err == nil || IsPermanent(err) != c.permanent {
				t.Fatalf("got %v (permanent: %v), want permanent: %v", err, IsPermanent(err), c.permanent)
			}
			for _, address := range c.to {
				if strings.Contains(err.Error(), address) && strings.Contains(address, "@") {
					t.Errorf("the error shows an address: %v", err)
				}
			}
			var refused *RefusedError
			if errors.As(err, &refused) && !slices.Equal(refused.Retry(), c.retry) {
				t.Errorf("another attempt is for %v, want %v", refused.Retry(), c.retry)
			}
			if got := envelope(server, c.name); got != c.reached {
				t.Errorf("it reached %q, want %q", got, c.reached)
			}
		})
	}
}

// envelope is whom the server took a mail for.
func envelope(server *realmail.Server, id string) string {
	for _, content := range server.Mails() {
		if m := read(content); m.Header.Get("Message-ID") == "<"+messageID(id, "example.org")+">" {
			return m.Header.Get("X-RcptTo")
		}
	}
	return ""
}

func TestAnOutageIsTemporaryAndTheMailIsTheSameAfterIt(t *testing.T) {
	server := realmail.Start(t, realmail.Options{})
	reg := prometheus.NewRegistry()
	s, err := New(configFor(t, server, NoTLS), reg)
	if err != nil {
		t.Fatal(err)
	}
	m := sample("alert/7 opened", "li.wei@example.org")
	if err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	if err := s.Send(t.Context(), m); err == nil || IsPermanent(err) || !strings.Contains(err.Error(), server.Address) {
		t.Errorf("got %v, want a temporary error that names the server", err)
	}
	server.Start()
	if err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	ids := map[string]int{}
	for _, content := range server.Mails() {
		ids[read(content).Header.Get("Message-ID")]++
	}
	if ids["<alert=2F7=20opened@example.org>"] != 2 {
		t.Errorf("got %v, want the same Message-ID twice", ids)
	}
	if sent, failed := testutil.ToFloat64(s.metrics.sent), testutil.ToFloat64(s.metrics.failed.WithLabelValues("temporary")); sent != 2 || failed != 1 {
		t.Errorf("%v sent, %v failed", sent, failed)
	}
	if at := testutil.ToFloat64(s.metrics.lastSuccess); time.Since(time.UnixMilli(int64(at*1000))) > time.Minute {
		t.Errorf("last success at %v", at)
	}
}

func TestAServerIsDialedAtAnIPv6Address(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Host, cfg.From, cfg.TLS = "[::1]:1", "satisflow@example.org", NoTLS // nobody listens there, with or without IPv6
	if err := open(t, cfg).Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "dial tcp [::1]:1: ") || strings.Contains(err.Error(), "colons") {
		t.Errorf("got %v", err)
	}
}

// silent accepts connections and never says a word.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

func TestAConnectionIsClosedWhenTheServerRefusesTheGreeting(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	cfg := DefaultConfig()
	cfg.Host, cfg.From, cfg.TLS = listener.Addr().String(), "satisflow@example.org", NoTLS
	closed := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			defer conn.Close()
			_, _ = conn.Write([]byte("220 here\r\n500 no\r\n500 no\r\n"))
			_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
			_, err = io.Copy(io.Discard, conn)
		}
		closed <- err
	}()
	if err := open(t, cfg).Ready(t.Context()); err == nil || IsPermanent(err) {
		t.Errorf("got %v", err)
	}
	if err := <-closed; err != nil {
		t.Errorf("the connection stays open: %v", err)
	}
}

func TestAServerThatSaysNothingHoldsNobodyUp(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Host, cfg.From, cfg.TLS, cfg.Timeout = silent(t), "satisflow@example.org", NoTLS, 100*time.Millisecond
	begin := time.Now()
	err := open(t, cfg).Send(t.Context(), sample("a", "li.wei@example.org"))
	if took := time.Since(begin); err == nil || IsPermanent(err) || took > 2*time.Second {
		t.Errorf("%v after %v", err, took)
	}
	cfg.Timeout = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begin = time.Now()
	err = open(t, cfg).Send(ctx, sample("a", "li.wei@example.org"))
	if took := time.Since(begin); !errors.Is(err, context.DeadlineExceeded) || took > 2*time.Second {
		t.Errorf("%v after %v", err, took)
	}
}
