package guard

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func limitsOf(client, total float64, clientBurst, totalBurst int) *limits {
	return newLimits(Config{ClientRate: client, ClientBurst: clientBurst, TotalRate: total, TotalBurst: totalBurst})
}

func one(address string) netip.Prefix { return netip.MustParsePrefix(address + "/32") }

func TestAClientThatAsksTooMuchWaitsAndOthersDoNot(t *testing.T) {
	l := limitsOf(2, 1000, 3, 1000)
	a, b := one("10.0.0.1"), one("10.0.0.2")
	for i := range 3 {
		if wait := l.take(a, now); wait != 0 {
			t.Errorf("request %d waits %v", i, wait)
		}
	}
	if wait := l.take(a, now); wait != 500*time.Millisecond {
		t.Errorf("the fourth waits %v", wait)
	}
	if wait := l.take(a, now); wait != 500*time.Millisecond {
		t.Errorf("a refused one costs a token: wait %v", wait)
	}
	if wait := l.take(b, now); wait != 0 {
		t.Errorf("another client waits %v", wait)
	}
	if wait := l.take(a, now.Add(500*time.Millisecond)); wait != 0 {
		t.Errorf("after the wait: %v", wait)
	}
}

func TestAllTogetherAreLimitedWithoutTakingOfTheClients(t *testing.T) {
	l := limitsOf(1, 1, 2, 2)
	a, b := one("10.0.0.1"), one("10.0.0.2")
	l.take(a, now)
	l.take(b, now)
	for range 3 {
		if wait := l.take(a, now); wait != time.Second {
			t.Errorf("wait %v", wait)
		}
	}
	later := now.Add(time.Second)
	if wait := l.take(a, later); wait != 0 {
		t.Errorf("the client's own tokens went with the refused requests: wait %v", wait)
	}
}

func TestTheNumberOfBucketsIsBounded(t *testing.T) {
	l := limitsOf(1, 1e9, 1, 1e9)
	busy := one("10.0.0.1")
	for i := range 5 * maxClients {
		addr := netip.AddrFrom4([4]byte{11, byte(i >> 16), byte(i >> 8), byte(i)})
		l.take(netip.PrefixFrom(addr, 32), now)
		if i%1000 == 0 {
			if wait := l.take(busy, now); i > 0 && wait == 0 {
				t.Fatalf("after %d others a busy client's bucket was forgotten", i)
			}
		}
	}
	if n := len(l.young) + len(l.old); n > 2*maxClients {
		t.Errorf("%d buckets", n)
	}
}

func TestTooManyRequestsAreToldWhenToComeAgain(t *testing.T) {
	cfg := DefaultConfig()
	cfg.ClientRate, cfg.ClientBurst = 0.1, 1
	h, _, _ := guarded(t, cfg)
	serve(h, request("GET", path))
	w := serve(h, request("GET", path))
	if w.Code != 429 || w.Header().Get("Retry-After") != "10" {
		t.Errorf("%d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	if w = serve(h, request("GET", "/healthz")); w.Code != 200 {
		t.Errorf("a probe: %d", w.Code)
	}
}

func TestTheClientIsTheLastAddressThatIsNoTrustedProxy(t *testing.T) {
	c := newClients([]string{"10.0.0.0/8", "fd00::/8"})
	for _, x := range []struct{ remote, forwarded, want string }{
		{"192.0.2.1:99", "", "192.0.2.1/32"},
		{"192.0.2.1:99", "198.51.100.7", "192.0.2.1/32"},
		{"10.0.0.1:99", "198.51.100.7", "198.51.100.7/32"},
		{"10.0.0.1:99", "203.0.113.9, 198.51.100.7, 10.2.3.4", "198.51.100.7/32"},
		{"10.0.0.1:99", "nonsense", "10.0.0.1/32"},
		{"10.0.0.1:99", "", "10.0.0.1/32"},
		{"[2001:db8:1:2:3:4:5:6]:99", "", "2001:db8:1:2::/64"},
		{"[::ffff:192.0.2.1]:99", "", "192.0.2.1/32"},
		{"[fd00::1]:99", "2001:db8:1:2::9", "2001:db8:1:2::/64"},
	} {
		r := request("GET", path)
		r.RemoteAddr = x.remote
		if x.forwarded != "" {
			r.Header.Set("X-Forwarded-For", x.forwarded)
		}
		if got := fmt.Sprint(c.of(r)); got != x.want {
			t.Errorf("%s for %q is %s, want %s", x.remote, x.forwarded, got, x.want)
		}
	}
}
