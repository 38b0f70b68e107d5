package chaos

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// BrokerCommand is the hidden command of this program that calls ServeBroker, with its folder, the address to listen on and
// the one to advertise.
const BrokerCommand = "chaos-broker"

// ServeBroker serves the embedded broker until ctx ends: on one address, telling clients to use another.
func ServeBroker(ctx context.Context, dir, listen, advertise string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", listen, err)
	}
	address, err := net.ResolveTCPAddr("tcp", advertise)
	if err != nil {
		return fmt.Errorf("advertise %s: %w", advertise, err)
	}
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1), kfake.ClusterID("satisflow-chaos"), kfake.DataDir(dir), kfake.GroupMinSessionTimeout(time.Second),
		kfake.ListenFn(func(string, string) (net.Listener, error) { return advertised{listener, address}, nil }),
		kfake.BrokerConfigs(map[string]string{"log.retention.ms": "-1"}),
	)
	if err != nil {
		return fmt.Errorf("serve the embedded broker with the data in %s: %w", dir, err)
	}
	<-ctx.Done()
	cluster.Close()
	return nil
}

// advertised is a listener that says it has another address.
type advertised struct {
	net.Listener
	address net.Addr
}

func (a advertised) Addr() net.Addr { return a.address }
