//go:build linux && !noengine

package engine

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
)

// request is one statement with all that came with it by HTTP.
type request struct {
	query      url.Values
	database   string
	set        string
	statement  statement
	format     string
	params     parameters
	body       io.Reader // the rest of an INSERT's data
	external   []externalTable
	wholeReply bool
}

// externalTable is a temporary table that comes with a request, as multipart form data.
type externalTable struct {
	name, structure, format string
	data                    []byte
}

// readRequest reads all of a request but the data of an INSERT.
func readRequest(r *http.Request, maxBody int64) (*request, error) {
	query := r.URL.Query()
	if query.Has("session_id") {
		return nil, exceptionf(codeNotImplemented, "the embedded engine has no sessions (session_id)")
	}
	body, err := decodeBody(r, query)
	if err != nil {
		return nil, err
	}
	rq := &request{
		query:      query,
		database:   cmp.Or(r.Header.Get("X-ClickHouse-Database"), query.Get("database"), "default"),
		set:        setStatement(query, r.Method == http.MethodGet || r.Method == http.MethodHead),
		params:     urlParameters(query),
		body:       body,
		wholeReply: query.Get("wait_end_of_query") == "1",
	}
	sql, err := rq.readStatement(r, maxBody)
	if err != nil {
		return nil, err
	}
	rq.statement = parseStatement(sql)
	rq.format = cmp.Or(rq.statement.format, r.Header.Get("X-ClickHouse-Format"), query.Get("default_format"), "TabSeparated")
	return rq, rq.appendBody(maxBody)
}

func (rq *request) readStatement(r *http.Request, maxBody int64) (string, error) {
	if mediaType, options, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); mediaType == "multipart/form-data" {
		return rq.readForm(multipart.NewReader(bounded(rq.body, maxBody), options["boundary"]))
	}
	if sql := rq.query.Get("query"); sql != "" {
		return sql, nil
	}
	return rq.takeBody(maxBody)
}

// appendBody completes a statement of the URL that goes on in the body, unless the body is the data of an INSERT.
func (rq *request) appendBody(maxBody int64) error {
	if rq.statement.kind == kindInsert {
		return nil
	}
	rest, err := rq.takeBody(maxBody)
	if rest != "" {
		rq.statement.sql += "\n" + rest
	}
	return err
}

func (rq *request) takeBody(maxBody int64) (string, error) {
	data, err := readBounded(rq.body, maxBody)
	rq.body = http.NoBody
	return string(data), err
}

// readForm reads the parts of a form: the statement, its parameters, and external tables.
func (rq *request) readForm(form *multipart.Reader) (string, error) {
	sql := rq.query.Get("query")
	rq.body = http.NoBody
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return sql, nil
		}
		if err != nil {
			return "", bodyError(err)
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return "", bodyError(err)
		}
		name := part.FormName()
		if param, ok := strings.CutPrefix(name, "param_"); ok {
			rq.params[param] = string(data)
		} else if name == "query" {
			sql += string(data)
		} else {
			rq.external = append(rq.external, externalTable{
				name: name, data: data,
				structure: rq.query.Get(name + "_structure"),
				format:    cmp.Or(rq.query.Get(name+"_format"), "TabSeparated"),
			})
		}
	}
}

// prepare gives a new connection the request's database, settings and external tables.
func (rq *request) prepare(c *connection) error {
	if rq.database != "default" {
		if err := c.exec("USE " + quoteIdentifier(rq.database)); err != nil {
			return err
		}
	}
	for _, table := range rq.external {
		if err := table.load(c); err != nil {
			return err
		}
	}
	if rq.set != "" {
		return c.exec(rq.set)
	}
	return nil
}

func (t externalTable) load(c *connection) error {
	name := quoteIdentifier(t.name)
	if err := c.exec(fmt.Sprintf("CREATE TEMPORARY TABLE %s (%s)", name, t.structure)); err != nil {
		return err
	}
	insert, err := c.insert("INSERT INTO "+name, t.format, nil)
	if err != nil {
		return err
	}
	_, err = insert.load("", bytes.NewReader(t.data))
	return err
}
