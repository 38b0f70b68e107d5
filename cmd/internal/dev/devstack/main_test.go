package devstack

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

// brokerEnv turns this test binary into a broker with its data in the named folder.
const brokerEnv = "DEVSTACK_TEST_BROKER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(brokerEnv); dir != "" {
		if err := beBroker(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// beBroker serves until its standard input ends or it is killed.
func beBroker(path string) error {
	dir, err := OpenDir(path)
	if err != nil {
		return err
	}
	k, err := StartKafka(context.Background(), dir, 0, zerolog.New(os.Stderr))
	if err != nil {
		return err
	}
	fmt.Println(k.Address())
	_, _ = os.Stdin.Read(make([]byte, 1))
	k.Close()
	return dir.Close()
}
