//go:build linux && !noengine

package engine

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
)

// stream answers a SELECT block by block. An error before the first block is returned, one after it ends the reply.
func (f *front) stream(w http.ResponseWriter, r *http.Request, c *connection, rq *request) error {
	tag := rand.Text()[:16]
	w.Header().Set("X-ClickHouse-Exception-Tag", tag)
	setFormat(w.Header(), rq.format)
	var out io.WriteCloser
	err := c.stream(rq.statement.sql, rq.format, rq.params, func(block []byte) error {
		if err := r.Context().Err(); err != nil {
			return err
		}
		if out == nil {
			out = encodeReply(w, r, rq.query)
		}
		_, err := out.Write(block)
		return err
	})
	if out == nil {
		if err == nil {
			w.Header().Set("Content-Length", "0")
		}
		return err
	}
	if err != nil {
		err = writeLateException(afterFrames(out, w), tag, err)
	}
	f.logLost(err)
	f.logLost(out.Close())
	return nil
}

// afterFrames is where an error goes that follows data: behind ClickHouse's frames it stands uncompressed, but an HTTP
// content encoding spans the whole reply.
func afterFrames(out io.Writer, w io.Writer) io.Writer {
	if _, framed := out.(*frameWriter); framed {
		return w
	}
	return out
}

// writeLateException writes an error in the layout that marks it as no data: the tag of the header, and the length.
func writeLateException(w io.Writer, tag string, err error) error {
	message := asException(err).message
	_, err = fmt.Fprintf(w, "\r\n__exception__\r\n%s\r\n%s\n%d %s\r\n__exception__\r\n", tag, message, len(message)+1, tag)
	return err
}
