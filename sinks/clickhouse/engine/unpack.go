package engine

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// checkIntegrity compares a file with the hash that npm publishes for it, "sha512-…".
func checkIntegrity(path, want string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("check the clickhouse engine: %w", err)
	}
	defer file.Close()
	hash := sha512.New()
	if _, err := io.Copy(hash, file); err != nil {
		return fmt.Errorf("check the clickhouse engine: %w", err)
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(hash.Sum(nil)); got != want {
		return fmt.Errorf("the clickhouse engine that npm fetched is not the one that was published: its integrity is %s, must be %s; try again, or %s",
			got, want, remedy)
	}
	return nil
}

// unpack writes one member of a gzipped tar to a new file and syncs it.
func unpack(tarball, member, path string) error {
	file, err := os.Open(tarball)
	if err != nil {
		return fmt.Errorf("unpack the clickhouse engine: %w", err)
	}
	defer file.Close()
	zipped, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("unpack the clickhouse engine: %w", err)
	}
	files := tar.NewReader(zipped)
	for {
		header, err := files.Next()
		if err != nil {
			return fmt.Errorf("unpack the clickhouse engine: find %s: %w", member, err)
		}
		if header.Name == member {
			return writeSynced(path, files)
		}
	}
}

func writeSynced(path string, content io.Reader) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return fmt.Errorf("unpack the clickhouse engine: %w", err)
	}
	_, err = io.Copy(file, content)
	err = errors.Join(err, file.Sync(), file.Close())
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("unpack the clickhouse engine: the disk is full: free 1 GB, or %s: %w", remedy, err)
	}
	if err != nil {
		return fmt.Errorf("unpack the clickhouse engine: %w", err)
	}
	return nil
}
