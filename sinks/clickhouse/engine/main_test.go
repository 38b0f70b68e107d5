package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"satisflow/sinks/clickhouse/engine"
)

// roleEnv turns this test binary into the child that a test needs.
const roleEnv = "ENGINE_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleEnv) {
	case "":
		os.Exit(m.Run())
	case "engine":
		exit(engine.Child(context.Background(), os.Stdin, os.Stdout, zerolog.New(os.Stderr)))
	case "die":
		exit(errors.New("the disk is on fire"))
	case "babble":
		fmt.Println("hello")
		time.Sleep(time.Minute)
	case "hang":
		time.Sleep(time.Minute)
	case "parent":
		exit(startAndPrintPID())
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
