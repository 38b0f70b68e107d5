package devstack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// portPatience is how long a port may be in use by a part that a killed process left dying.
const portPatience = time.Second

// Listen opens a listener on loopback. Where the port is in use the error names it, the process that has it where the system
// tells, and the flag that moves it.
func Listen(ctx context.Context, address, flag string) (net.Listener, error) {
	ctx, cancel := context.WithTimeout(ctx, portPatience)
	defer cancel()
	for {
		listener, err := new(net.ListenConfig).Listen(context.WithoutCancel(ctx), "tcp", address)
		if err == nil {
			return listener, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("listen on %s: %w: give another address by %s", address, err, flag)
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return nil, PortInUse(address, flag)
		}
	}
}

// PortInUse is the error about an address that another process listens on.
func PortInUse(address, flag string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		port = address
	}
	return fmt.Errorf("port %s is in use%s: end that, or give another port by %s: %w", port, usedBy(port), flag, syscall.EADDRINUSE)
}

// RequireLoopback refuses addresses that other machines reach: there is no sign-in.
func RequireLoopback(address, flag string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%s %s: want host:port, such as 127.0.0.1:8080", flag, address)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("%s %s: dev has no sign-in and serves loopback only: want 127.0.0.1:PORT, or use `satisflow serve` behind a proxy", flag, address)
	}
	return nil
}
