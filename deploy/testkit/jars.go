package testkit

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"satisflow/sinks/clickhouse/engine/filelock"
)

// kafkaVersion is that of the pom.
const kafkaVersion = "4.3.1"

const (
	javaHint  = "install a Java runtime of version 17 or newer (Debian: apt-get install default-jre-headless)"
	mavenHint = "install Apache Maven, which fetches Apache Kafka (Debian: apt-get install maven)"
)

//go:embed kafka/pom.xml
var kafkaPom []byte

// errNoMaven says that the jars are neither cached nor can they be fetched here.
var errNoMaven = errors.New("mvn is missing")

// KafkaJars returns the folder with Apache Kafka's jars, which Maven fetches once (44 MB) into the user's cache folder.
func KafkaJars(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	dir, err := kafkaJars(ctx)
	if errors.Is(err, errNoMaven) {
		Unavailable(t, "this test needs Apache Kafka: %v: %s", err, mavenHint)
	}
	if err != nil {
		t.Fatalf("find Apache Kafka: %v", err)
	}
	return dir
}

func kafkaJars(ctx context.Context) (path string, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	home := filepath.Join(cache, "satisflow", "kafka-"+kafkaVersion)
	jars := filepath.Join(home, "lib")
	if isDir(jars) {
		return jars, nil
	}
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return "", errNoMaven
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
	return jars, fetchJars(ctx, mvn, home, jars)
}

// fetchJars lets Maven copy the jars beside their place, and renames them when all are there.
func fetchJars(ctx context.Context, mvn, home, jars string) error {
	fmt.Fprintf(os.Stderr, "fetching Apache Kafka %s by Maven, 44 MB, once (tests run a real broker)\n", kafkaVersion)
	work := filepath.Join(home, "fetching")
	if err := errors.Join(os.RemoveAll(work), os.MkdirAll(work, 0o755)); err != nil {
		return err
	}
	pom := filepath.Join(work, "pom.xml")
	if err := os.WriteFile(pom, kafkaPom, 0o644); err != nil {
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
			kafkaVersion, errors.Join(ctx.Err(), err), strings.TrimSpace(out.String()))
	}
	return errors.Join(os.Rename(fetched, jars), os.RemoveAll(work))
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
