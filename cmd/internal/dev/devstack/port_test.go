package devstack

import (
	"fmt"
	"net"
	"os"
	"testing"
	"time"
)

func TestAPortInUseNamesItsUserAndTheFlag(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, err = Listen(t.Context(), taken.Addr().String(), "--kafka-port")
	wantParts(t, err, "port "+port+" is in use by devstack.test (process "+fmt.Sprint(os.Getpid())+")", "give another port by --kafka-port")
}

func TestAPortThatGetsFreeInAMomentIsWaitedFor(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(100*time.Millisecond, func() { _ = taken.Close() })
	l, err := Listen(t.Context(), taken.Addr().String(), "--listen")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
}

func TestOnlyLoopbackIsServed(t *testing.T) {
	for address, ok := range map[string]bool{
		"127.0.0.1:8080": true, "localhost:8080": true, "[::1]:8080": true, "127.8.9.1:1": true,
		"0.0.0.0:8080": false, ":8080": false, "192.168.1.7:8080": false, "example.org:80": false, "[::]:8080": false, "8080": false,
	} {
		err := RequireLoopback(address, "--listen")
		if (err == nil) != ok {
			t.Errorf("%s: got %v", address, err)
		}
	}
	wantParts(t, RequireLoopback("0.0.0.0:8080", "--listen"), "--listen 0.0.0.0:8080: dev has no sign-in and serves loopback only")
}
