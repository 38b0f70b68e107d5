package realkafka

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"satisflow/sinks/clickhouse/engine/filelock"
)

// Version is that of the pom.
const Version = "4.3.1"

// Hints on how to install what is missing.
const (
	JavaHint  = "install a Java runtime of version 17 or newer (Debian: apt-get install default-jre-headless)"
	MavenHint = "install Apache Maven, which fetches Apache Kafka (Debian: apt-get install maven)"
)

//go:embed pom.xml
var pomFile []byte

// ErrNoMaven says that the jars are neither cached nor can they be fetched here.
var ErrNoMaven = errors.New("mvn is missing")

// Jars returns the folder with Apache Kafka's jars, which Maven fetches once (44 MB) into the user's cache folder, saying
// so to progress. The error wraps ErrNoMaven when they are not there and Maven is not either.
func Jars(ctx context.Context, progress io.Writer) (path string, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	home := filepath.Join(cache, "satisflow", "kafka-"+Version)
	jars := filepath.Join(home, "lib")
	if isDir(jars) {
		return jars, nil
	}
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return "", ErrNoMaven
	}
	if err := os.MkdirAll(home, 0o755); err != nil {
		return "", err
	}
	lock, err := filelock.Acquire(ctx, filepath.Join(home, "fetch.lock"))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	if isDir(jars) {
		return jars, nil
	}
	return jars, fetchJars(ctx, mvn, home, jars, progress)
}

// fetchJars lets Maven copy the jars beside their place, and renames them when all are there.
func fetchJars(ctx context.Context, mvn, home, jars string, progress io.Writer) error {
	fmt.Fprintf(progress, "fetching Apache Kafka %s by Maven, 44 MB, once\n", Version)
	work := filepath.Join(home, "fetching")
	if err := errors.Join(os.RemoveAll(work), os.MkdirAll(work, 0o755)); err != nil {
		return err
	}
	pom := filepath.Join(work, "pom.xml")
	if err := os.WriteFile(pom, pomFile, 0o644); err != nil {
		return err
	}
	fetched := filepath.Join(work, "lib")
	cmd := exec.CommandContext(ctx, mvn, "-q", "-B", "-f", pom, "dependency:copy-dependencies",
		"-DincludeScope=runtime", "-DoutputDirectory="+fetched)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("fetch Apache Kafka %s by Maven (is its repository reached?): %w\n%s",
			Version, errors.Join(ctx.Err(), err), strings.TrimSpace(out.String()))
	}
	return errors.Join(os.Rename(fetched, jars), os.RemoveAll(work))
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
