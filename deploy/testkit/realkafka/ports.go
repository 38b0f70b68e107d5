package realkafka

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports for servers that are started again: below those that the kernel gives to clients (see Non-obvious).
const lowestPort, highestPort = 20000, 31999

// FreePort finds a port on loopback that nobody listens on, for a server that is started again.
func FreePort() (int, error) {
	for range 100 {
		port := lowestPort + rand.IntN(highestPort-lowestPort+1)
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return port, listener.Close()
		}
	}
	return 0, errors.New("no free port found from 20000 to 31999")
}
