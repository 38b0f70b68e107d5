//go:build linux && !noengine

package engine

import (
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// decodeBody undoes a body's Content-Encoding and, inside of it, ClickHouse's own frames (decompress=1).
func decodeBody(r *http.Request, query url.Values) (io.Reader, error) {
	body, err := decodeContent(r.Header.Get("Content-Encoding"), r.Body)
	if err != nil {
		return nil, exceptionf(codeCannotReadAllData, "decode the body: %v", err)
	}
	if query.Get("decompress") == "1" {
		body = frameReader{compress.NewReader(body)}
	}
	return body, nil
}

func decodeContent(encoding string, body io.Reader) (io.Reader, error) {
	switch encoding {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
		return gzip.NewReader(body)
	case "deflate":
		return zlib.NewReader(body)
	case "br":
		return brotli.NewReader(body), nil
	case "zstd":
		// One goroutine, so that a request abandoned half-way leaves none behind.
		return zstd.NewReader(body, zstd.WithDecoderConcurrency(1))
	case "lz4":
		return lz4.NewReader(body), nil
	default:
		return nil, fmt.Errorf("content-encoding %q is none of gzip, deflate, br, zstd, lz4", encoding)
	}
}

// frameReader gives a plain io.EOF at the end of the last frame, which ch-go wraps.
type frameReader struct{ frames io.Reader }

func (f frameReader) Read(p []byte) (int, error) {
	n, err := f.frames.Read(p)
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

var errBodyTooLarge = errors.New("body too large")

// bounded fails after limit bytes, where io.LimitReader would pretend that the body ends there.
func bounded(r io.Reader, limit int64) io.Reader { return &boundedReader{r, limit} }

type boundedReader struct {
	r    io.Reader
	left int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errBodyTooLarge
	}
	return n, err
}

func readBounded(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(bounded(r, limit))
	if err != nil {
		return nil, bodyError(err)
	}
	return data, nil
}

func bodyError(err error) error {
	if errors.Is(err, errBodyTooLarge) {
		return exceptionf(codeQueryTooLarge, "the request is too large; put the statement into the URL and only its data into the body")
	}
	return exceptionf(codeCannotReadAllData, "read the body: %v", err)
}
