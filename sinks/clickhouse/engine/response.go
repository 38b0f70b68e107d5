//go:build linux && !noengine

package engine

import (
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// encodeReply is where a reply's data goes: ClickHouse's frames if the client asked for them (compress=1), else an HTTP
// content encoding that it accepts, else the plain bytes. It must be closed; that leaves w open.
func encodeReply(w http.ResponseWriter, r *http.Request, query url.Values) io.WriteCloser {
	if query.Get("compress") == "1" {
		return newFrameWriter(w, frameMethod(query))
	}
	if query.Get("enable_http_compression") == "0" {
		return plainWriter{w}
	}
	return encodeContent(w, r.Header.Get("Accept-Encoding"))
}

func encodeContent(w http.ResponseWriter, accepted string) io.WriteCloser {
	for _, encoding := range []string{"zstd", "br", "gzip", "deflate"} {
		if strings.Contains(accepted, encoding) {
			w.Header().Set("Content-Encoding", encoding)
			return contentEncoders[encoding](w)
		}
	}
	return plainWriter{w}
}

// contentEncoders compress at a low level: the reply crosses the loopback only. Their errors are about levels and
// options alone, which are constants here.
var contentEncoders = map[string]func(io.Writer) io.WriteCloser{
	"br": func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, 1) },
	"gzip": func(w io.Writer) io.WriteCloser {
		encoder, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		return encoder
	},
	"deflate": func(w io.Writer) io.WriteCloser {
		encoder, _ := zlib.NewWriterLevel(w, zlib.BestSpeed)
		return encoder
	},
	"zstd": func(w io.Writer) io.WriteCloser {
		encoder, _ := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
		return encoder
	},
}

type plainWriter struct{ io.Writer }

func (plainWriter) Close() error { return nil }

func frameMethod(query url.Values) compress.Method {
	if strings.EqualFold(query.Get("network_compression_method"), "zstd") {
		return compress.ZSTD
	}
	return compress.LZ4
}

// frameWriter writes ClickHouse's compressed frames, of at most 1 MiB of data each.
type frameWriter struct {
	w          io.Writer
	compressor *compress.Writer
	method     compress.Method
}

func newFrameWriter(w io.Writer, method compress.Method) *frameWriter {
	return &frameWriter{w: w, compressor: compress.NewWriter(0, method), method: method}
}

func (f *frameWriter) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		piece := p[written:min(len(p), written+1<<20)]
		if err := f.compressor.Compress(piece); err != nil {
			return written, err
		}
		if _, err := f.w.Write(f.compressor.Data); err != nil {
			return written, err
		}
		written += len(piece)
	}
	return written, nil
}

func (f *frameWriter) Close() error { return nil }

func setSummary(h http.Header, t tally, elapsed time.Duration) {
	h.Set("X-ClickHouse-Summary", fmt.Sprintf(
		`{"read_rows":"%d","read_bytes":"%d","written_rows":"%d","written_bytes":"%d","total_rows_to_read":"0","result_rows":"%d","result_bytes":"%d","elapsed_ns":"%d"}`,
		t.rowsRead, t.bytesRead, t.rowsWritten, t.bytesWritten, t.rows, t.bytes, elapsed.Nanoseconds()))
}

func setFormat(h http.Header, format string) {
	h.Set("X-ClickHouse-Format", format)
	h.Set("Content-Type", contentType(format))
}

func contentType(format string) string {
	switch {
	case strings.HasSuffix(format, "EachRow"):
		return "application/x-ndjson; charset=UTF-8"
	case strings.HasPrefix(format, "JSON"):
		return "application/json; charset=UTF-8"
	case format == "Native", strings.HasPrefix(format, "RowBinary"):
		return "application/octet-stream"
	case strings.HasPrefix(format, "CSV"):
		return "text/csv; charset=UTF-8"
	case strings.HasPrefix(format, "TabSeparated"), strings.HasPrefix(format, "TSV"):
		return "text/tab-separated-values; charset=UTF-8"
	default:
		return "text/plain; charset=UTF-8"
	}
}
