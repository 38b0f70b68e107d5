// Package realmail owns a real mail server for tests: it runs aiosmtpd on loopback, with encryption, a sign-in and refusals
// as the test wants them, and returns the mails that it took, as they came. What is sent is its caller's.
//
// aiosmtpd comes from Debian's package python3-aiosmtpd, or from PyPI by its name. Where it is missing the test is skipped,
// saying so; with CI set it fails.
package realmail

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"satisflow/deploy/testkit"
	"satisflow/deploy/testkit/realkafka"
	"satisflow/sinks/clickhouse/engine/child"
)

//go:embed server.py
var program string

const startTimeout = 20 * time.Second

// Encryption of a server.
const (
	NoTLS    = ""
	StartTLS = "starttls" // demanded before anything is sent
	TLS      = "tls"      // from the first byte
)

// Options say what a server demands and refuses.
type Options struct {
	TLS string `json:"tls"`
	// User and Password are demanded when they are set.
	User     string `json:"user"`
	Password string `json:"password"`
	// Refuse are replies to recipients, by address, such as 550 5.1.1 unknown; others are taken.
	Refuse map[string]string `json:"refuse"`
	// RefuseData is the reply to each mail's content; empty takes it.
	RefuseData string `json:"refuse_data"`
}

// Server is a mail server that ends with the test, and may be stopped and started before.
type Server struct {
	// Address is host:port; the same after every Start.
	Address string
	// CAFile holds the authority of its certificate, PEM.
	CAFile string

	t       testing.TB
	python  string
	args    arguments
	stdin   io.Closer
	process *child.Process
}

// arguments are what server.py is told.
type arguments struct {
	Options
	Host     string `json:"host"`
	Port     int    `json:"port"`
	Dir      string `json:"dir"`
	CertFile string `json:"cert_file"`
	KeyFile  string `json:"key_file"`
}

// Start starts a server and returns when it serves.
func Start(t testing.TB, options Options) *Server {
	t.Helper()
	python := findPython(t)
	port, err := realkafka.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	const host = "127.0.0.1"
	dir := t.TempDir()
	s := &Server{
		Address: net.JoinHostPort(host, strconv.Itoa(port)), t: t, python: python,
		args: arguments{Options: options, Host: host, Port: port, Dir: filepath.Join(dir, "mails")},
	}
	if s.args.Refuse == nil {
		s.args.Refuse = map[string]string{}
	}
	s.args.CertFile, s.args.KeyFile = writeCertificate(t, dir, host)
	s.CAFile = s.args.CertFile
	s.Start()
	t.Cleanup(s.Stop)
	return s
}

// Start starts the server again, after Stop.
func (s *Server) Start() {
	s.t.Helper()
	args, err := json.Marshal(s.args)
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(s.python, "-c", program, string(args))
	stdin, inErr := cmd.StdinPipe()
	stdout, outErr := cmd.StdoutPipe()
	if inErr != nil || outErr != nil {
		s.t.Fatal(inErr, outErr)
	}
	process, err := child.Start("aiosmtpd", cmd)
	if err != nil {
		s.t.Fatal(err)
	}
	s.process, s.stdin = process, stdin
	ready := make(chan bool, 1)
	go func() { ready <- bufio.NewScanner(stdout).Scan() }()
	select {
	case <-time.After(startTimeout):
		s.Stop()
		s.t.Fatalf("aiosmtpd is not ready after %v", startTimeout)
	case ok := <-ready:
		if !ok {
			s.t.Fatal(process.Wait())
		}
	}
}

// Stop ends the server; one that has ended is left.
func (s *Server) Stop() {
	s.t.Helper()
	if err := s.process.Kill(); err != nil {
		s.t.Errorf("end aiosmtpd: %v", err)
	}
	_ = s.stdin.Close()
}

// Mails returns what the server took, in no order: each mail as it came, below two lines X-MailFrom and X-RcptTo.
func (s *Server) Mails() (all [][]byte) {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.args.Dir, "new", "*"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, content)
	}
	return all
}

// findPython returns a Python that has aiosmtpd. Debian's package is for Debian's Python, which need not be the first.
func findPython(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import aiosmtpd").Run() == nil {
			return name
		}
	}
	testkit.Unavailable(t, "aiosmtpd is missing: apt-get install python3-aiosmtpd")
	return ""
}
