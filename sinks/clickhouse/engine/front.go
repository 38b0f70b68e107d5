//go:build linux && !noengine

package engine

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/rs/zerolog"
)

// front is ClickHouse's HTTP interface over connections of the engine.
type front struct {
	access   access
	connect  func() (*connection, error)
	slots    chan struct{}
	maxBody  int64
	version  string
	timezone string
	log      zerolog.Logger
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/ping" {
		_, _ = io.WriteString(w, "Ok.\n")
		return
	}
	if err := f.serve(w, r); err != nil {
		f.fail(w, r, err)
	}
}

// serve answers a request, or returns the error of one that has no answer yet.
func (f *front) serve(w http.ResponseWriter, r *http.Request) error {
	if err := f.access.check(r); err != nil {
		return err
	}
	if r.Method == http.MethodGet && !r.URL.Query().Has("query") {
		_, err := io.WriteString(w, "Ok.\n")
		return err
	}
	rq, err := readRequest(r, f.maxBody)
	if err != nil {
		return err
	}
	f.setHeader(w.Header(), rq)
	if isHello(rq.statement.sql) {
		reply := helloBlock(clientRevision(rq.query.Get("client_protocol_version")), f.version, f.timezone)
		return f.reply(w, r, rq, reply)
	}
	return f.run(w, r, rq)
}

func (f *front) setHeader(h http.Header, rq *request) {
	id := rq.query.Get("query_id")
	if id == "" {
		id = rand.Text()
	}
	h.Set("X-ClickHouse-Query-Id", id)
	h.Set("X-ClickHouse-Server-Display-Name", displayName)
	h.Set("X-ClickHouse-Timezone", f.timezone)
}

// run executes the statement on a connection of its own, when fewer than MaxStatements are running.
func (f *front) run(w http.ResponseWriter, r *http.Request, rq *request) error {
	select {
	case f.slots <- struct{}{}:
		defer func() { <-f.slots }()
	case <-r.Context().Done():
		return r.Context().Err()
	}
	c, err := f.connect()
	if err != nil {
		return err
	}
	defer c.close()
	if err := rq.prepare(c); err != nil {
		return err
	}
	if rq.statement.kind == kindInsert {
		return f.insert(w, c, rq)
	}
	if c.statements(rq.statement.sql) > 1 {
		return exceptionf(codeSyntaxError, "Syntax error (Multi-statements are not allowed)")
	}
	tag, release := f.killOnDisconnect(r.Context())
	defer release()
	rq.statement.sql = tag + rq.statement.sql
	if rq.statement.kind == kindSelect && rq.format == "Native" && !rq.wholeReply {
		return f.stream(w, r, c, rq)
	}
	return f.query(w, r, c, rq)
}

func (f *front) insert(w http.ResponseWriter, c *connection, rq *request) error {
	start := time.Now()
	insert, err := c.insert(rq.statement.sql, rq.statement.format, rq.params)
	if err != nil {
		return err
	}
	did, err := insert.load(rq.statement.inline, rq.body)
	if err != nil {
		return err
	}
	setSummary(w.Header(), did, time.Since(start))
	w.Header().Set("Content-Length", "0")
	return nil
}

func (f *front) query(w http.ResponseWriter, r *http.Request, c *connection, rq *request) error {
	start := time.Now()
	data, did, err := c.query(rq.statement.sql, rq.format, rq.params)
	if err != nil {
		return err
	}
	setSummary(w.Header(), did, time.Since(start))
	return f.reply(w, r, rq, data)
}

func (f *front) reply(w http.ResponseWriter, r *http.Request, rq *request, data []byte) error {
	setFormat(w.Header(), rq.format)
	if len(data) == 0 {
		w.Header().Set("Content-Length", "0")
		return nil
	}
	out := encodeReply(w, r, rq.query)
	_, err := out.Write(data)
	f.logLost(errors.Join(err, out.Close()))
	return nil
}

// fail answers with an exception. The client takes it compressed when it asked for compression.
func (f *front) fail(w http.ResponseWriter, r *http.Request, err error) {
	// A client that is still sending would see a broken connection in place of the answer.
	_, _ = io.CopyN(io.Discard, r.Body, f.maxBody)
	e := asException(err)
	h := w.Header()
	h.Set("X-ClickHouse-Exception-Code", strconv.Itoa(e.code))
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	if e.code == codeRequiredPassword {
		h.Set("WWW-Authenticate", `Basic realm="clickhouse"`)
	}
	w.WriteHeader(e.status())
	var out io.Writer = w
	if query := r.URL.Query(); query.Get("compress") == "1" {
		out = newFrameWriter(w, frameMethod(query))
	}
	_, err = fmt.Fprintf(out, "%s (version %s (embedded))\n", e.message, f.version)
	f.logLost(err)
}

// logLost notes a reply that its client did not wait for.
func (f *front) logLost(err error) {
	if err != nil {
		f.log.Debug().Err(err).Msg("reply not delivered")
	}
}
