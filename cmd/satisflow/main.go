// Command satisflow keeps exact rolling windows of customer satisfaction ratings; satisflow --help says how.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"satisflow/cmd/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(app.Execute(ctx, app.Invocation{
		Args: os.Args, Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	}))
}
