package engine

import (
	"fmt"
	"os"
	"runtime"
)

// glibcLoader is the dynamic loader of glibc on x86-64, at the path that its ABI fixes.
const glibcLoader = "/lib64/ld-linux-x86-64.so.2"

// checkPlatform returns an error that is ErrUnavailable where there is no package of the engine.
func checkPlatform() error {
	system := runtime.GOOS + "/" + runtime.GOARCH
	if system != "linux/amd64" {
		return unavailable("it runs on linux x86-64 and this is %s: use a ClickHouse server by --clickhouse DSN", system)
	}
	if leftOut {
		return unavailable("this program was built without it (-tags noengine): use a ClickHouse server by --clickhouse DSN")
	}
	if _, err := os.Stat(glibcLoader); err != nil {
		return unavailable("it needs glibc and this system lacks %s: use a ClickHouse server by --clickhouse DSN", glibcLoader)
	}
	return nil
}

func unavailable(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnavailable, fmt.Sprintf(format, args...))
}
