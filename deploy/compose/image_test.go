package compose

import (
	"bytes"
	"context"
	"debug/elf"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"satisflow/deploy/testkit"
)

var buildCommand = regexp.MustCompile(`(?m)^RUN (CGO_ENABLED=0 go build .*) -o /satisflow (\./cmd/satisflow)$`)

// imageDir holds the program once it was built.
var imageDir string

// image is the program, built by the command of the Dockerfile, once for all tests.
var image = sync.OnceValues(func() (string, error) {
	content, err := os.ReadFile("../Dockerfile")
	if err != nil {
		return "", err
	}
	m := buildCommand.FindStringSubmatch(string(content))
	if m == nil {
		return "", fmt.Errorf("no line of the Dockerfile builds /satisflow")
	}
	dir, err := os.MkdirTemp("", "satisflow-image-")
	if err != nil {
		return "", err
	}
	imageDir = dir
	program := filepath.Join(dir, "satisflow")
	cmd := exec.Command("sh", "-c", m[1]+" -o "+program+" "+m[2])
	cmd.Dir = top
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", m[1], err, out)
	}
	return program, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if imageDir != "" {
		_ = os.RemoveAll(imageDir)
	}
	os.Exit(code)
}

func built(t *testing.T) string {
	t.Helper()
	program, err := image()
	if err != nil {
		t.Fatal(err)
	}
	return program
}

func TestTheImageHasAStaticProgramAndNoRights(t *testing.T) {
	content, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\nUSER 65532:65532\n", "\nENTRYPOINT [\"/usr/local/bin/satisflow\"]\n", "\nCOPY --from=build /satisflow /usr/local/bin/satisflow\n"} {
		if !strings.Contains(string(content), want) {
			t.Errorf("the Dockerfile lacks %q", want)
		}
	}
	program := built(t)
	if out, err := exec.Command(program, "version").CombinedOutput(); err != nil || !strings.Contains(string(out), "satisflow") {
		t.Errorf("version: %v %s", err, out)
	}
	if runtime.GOOS != "linux" {
		return
	}
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the program needs a dynamic loader")
		}
	}
}

// role is a service of satisflow, started as docker-compose.yml says, but for addresses.
type role struct {
	address string
	log     bytes.Buffer
	cmd     *exec.Cmd
}

// stack is the real Kafka and ClickHouse that roles are started on.
type stack struct {
	config   string // the mounted one
	password string // of ClickHouse
	env      []string
}

func newStack(t *testing.T) *stack {
	t.Helper()
	kafka, db := testkit.Kafka(t), testkit.ClickHouse(t)
	dsn, err := url.Parse(db.DSN)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := dsn.User.Password()
	user := dsn.User.Username()
	dsn.User = nil
	topic := kafka.Topic(t, 12)
	return &stack{password: password, config: filepath.Join(rootOf(t, "gateway"), "/etc/satisflow/satisflow.yaml"), env: append(os.Environ(),
		"SATISFLOW_KAFKA_BROKERS="+strings.Join(kafka.Brokers, ","), "SATISFLOW_KAFKA_TOPIC="+topic, "SATISFLOW_KAFKA_DEAD_TOPIC="+kafka.Topic(t, 12),
		"SATISFLOW_KAFKA_GROUP_ID="+topic, "SATISFLOW_CLICKHOUSE_DSN="+dsn.String(), "SATISFLOW_CLICKHOUSE_USERNAME="+user)}
}

// start runs a service with what its environment gives but for the addresses and the password of the test's ClickHouse.
func (s *stack) start(t *testing.T, service string) *role {
	t.Helper()
	p := project(t).Services[service]
	if *p.Environment["SATISFLOW_CONFIG"] != "/etc/satisflow/satisflow.yaml" || p.Environment["SATISFLOW_CLICKHOUSE_PASSWORD"] == nil {
		t.Errorf("%s: environment %v", service, p.Environment)
	}
	r := &role{address: freeAddress(t)}
	var args []string
	for _, arg := range p.Command {
		args = append(args, strings.ReplaceAll(arg, "0.0.0.0:8080", r.address))
	}
	r.cmd = exec.Command(built(t), args...)
	r.cmd.Env = append(s.env, "SATISFLOW_CONFIG="+s.config, "SATISFLOW_CLICKHOUSE_PASSWORD="+s.password)
	r.cmd.Stdout, r.cmd.Stderr = &r.log, &r.log
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (r *role) get(ctx context.Context, path, host string) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.address+path, nil)
	if err != nil {
		return 0
	}
	req.Host = host
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestTheServicesOfSatisflowStartAndAreReadyAndScraped(t *testing.T) {
	s := newStack(t)
	migrate := s.start(t, "migrate")
	if err := migrate.cmd.Wait(); err != nil {
		t.Fatalf("migrate: %v\n%s", err, migrate.log.String())
	}
	for _, service := range []string{"processor-1", "processor-2", "gateway"} {
		r := s.start(t, service)
		t.Cleanup(func() {
			_ = r.cmd.Process.Signal(os.Interrupt)
			if err := r.cmd.Wait(); err != nil {
				t.Errorf("%s: %v", service, err)
			}
			if t.Failed() {
				t.Logf("%s:\n%s", service, r.log.String())
			}
		})
		end := time.Now().Add(40 * time.Second)
		for r.get(t.Context(), "/readyz", "127.0.0.1:8080") != http.StatusOK {
			if time.Now().After(end) {
				t.Fatalf("%s is not ready", service)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if code := r.get(t.Context(), "/metrics", service+":8080"); code != http.StatusOK {
			t.Errorf("Prometheus gets %d of %s", code, service)
		}
	}
}
