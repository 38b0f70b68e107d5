package importer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"
)

// Input is an open file of ratings. Close it when it was read.
type Input struct {
	Name string // base name of the file, or stdin
	Size int64  // in bytes as stored; 0 when it is not known

	workbook bool   // or another zip file
	path     string // of a regular file, which can be read again; else empty
	file     io.Closer
	read     atomic.Int64 // bytes taken from the file
	plain    *bufio.Reader
	suffix   string // of the name without the compression's: csv, ndjson, jsonl, json or another
	closes   []func()
}

// Open opens a file, or the stream given as stdin for the path "-", and finds out how it is compressed. An error about the
// file wraps ErrUsage.
func Open(path string, stdin io.Reader) (*Input, error) {
	in := &Input{Name: "stdin"}
	raw := stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, usage("%w", err)
		}
		in.Name, in.file, raw = filepath.Base(path), file, file
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			in.Size, in.path = info.Size(), path
		} else if err == nil && info.IsDir() {
			_ = file.Close()
			return nil, usage("%s is a folder: want a file of ratings", path)
		}
	}
	if err := in.decompress(&counted{raw, &in.read}); err != nil {
		in.Close()
		return nil, usage("open %s: %w", in.Name, err)
	}
	return in, nil
}

// again opens the file once more; nil where it can't be.
func (in *Input) again() (*Input, error) {
	if in.path == "" {
		return nil, nil
	}
	return Open(in.path, nil)
}

// Close closes the file. It leaves stdin open.
func (in *Input) Close() {
	for _, f := range in.closes {
		f()
	}
	if in.file != nil {
		_ = in.file.Close()
	}
}

// Read returns how many bytes of the file were read, as stored.
func (in *Input) Read() int64 { return in.read.Load() }

// decompress tells the compression by the first bytes, which the name may contradict.
func (in *Input) decompress(raw io.Reader) error {
	const buffer = 256 << 10
	in.plain = bufio.NewReaderSize(raw, buffer)
	name := strings.ToLower(in.Name)
	for _, s := range []string{".gz", ".zst", ".zstd"} {
		name = strings.TrimSuffix(name, s)
	}
	in.suffix = strings.TrimPrefix(filepath.Ext(name), ".")
	head, err := in.plain.Peek(4)
	if err != nil && err != io.EOF {
		return err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		r, err := gzip.NewReader(in.plain)
		if err != nil {
			return err
		}
		in.plain = bufio.NewReaderSize(r, buffer)
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		r, err := zstd.NewReader(in.plain, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return err
		}
		in.closes = append(in.closes, r.Close)
		in.plain = bufio.NewReaderSize(r, buffer)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		in.workbook = true
	case bytes.HasPrefix(head, []byte{0xd0, 0xcf, 0x11, 0xe0}):
		return fmt.Errorf("it is a workbook of an old Excel (.xls): save it as .xlsx or as CSV UTF-8")
	}
	return nil
}

// counted counts the bytes read.
type counted struct {
	r io.Reader
	n *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}
