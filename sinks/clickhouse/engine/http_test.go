package engine_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"satisflow/deploy/testkit"
)

// request is one to the engine, as curl would send it.
type request struct {
	method, path, body string
	query              url.Values
	header             http.Header
}

// do sends a request as it is: without the token, if it has none.
func (rq request) do(t *testing.T, db *testkit.ClickHouseDB) (*http.Response, string) {
	t.Helper()
	address, err := url.Parse(db.DSN)
	if err != nil {
		t.Fatal(err)
	}
	address.User, address.Path, address.RawQuery = nil, rq.path, rq.query.Encode()
	req, err := http.NewRequestWithContext(t.Context(), rq.method, address.String(), strings.NewReader(rq.body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = rq.header
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func token(t *testing.T, db *testkit.ClickHouseDB) string {
	t.Helper()
	dsn, err := url.Parse(db.DSN)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := dsn.User.Password()
	return password
}

func post(t *testing.T, db *testkit.ClickHouseDB, query url.Values, body string) (*http.Response, string) {
	t.Helper()
	if query == nil {
		query = url.Values{}
	}
	query.Set("database", db.Name)
	header := http.Header{"X-Clickhouse-Key": {token(t, db)}}
	return request{method: "POST", path: "/", query: query, header: header, body: body}.do(t, db)
}

func TestNothingButPingIsAnsweredWithoutTheToken(t *testing.T) {
	db := testkit.ClickHouse(t)
	secret := token(t, db)
	basic := func(password string) http.Header {
		r := &http.Request{Header: http.Header{}}
		r.SetBasicAuth("anybody", password)
		return r.Header
	}
	file := url.Values{"query": {"SELECT * FROM file('/etc/passwd', 'LineAsString')"}}
	for name, c := range map[string]struct {
		request
		want int
	}{
		"ping":                       {request{path: "/ping"}, 200},
		"a file":                     {request{path: "/", query: file}, 401},
		"the root":                   {request{path: "/"}, 401},
		"another path":               {request{path: "/replicas_status"}, 401},
		"a wrong token":              {request{path: "/", header: basic(secret + "x")}, 403},
		"an empty password":          {request{path: "/", header: basic("")}, 401},
		"the token by basic auth":    {request{path: "/", header: basic(secret)}, 200},
		"the token by header":        {request{path: "/", header: http.Header{"X-Clickhouse-Key": {secret}}}, 200},
		"the token by parameter":     {request{path: "/", query: url.Values{"password": {secret}}}, 200},
		"a wrong token by header":    {request{path: "/", header: http.Header{"X-Clickhouse-Key": {"wrong"}}}, 403},
		"a wrong token by parameter": {request{path: "/", query: url.Values{"password": {"wrong"}}}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			response, body := c.do(t, db)
			if response.StatusCode != c.want || strings.Contains(body, "root:") {
				t.Errorf("got status %d and %q, want %d", response.StatusCode, body, c.want)
			}
		})
	}
}

func TestAStatementIsAnsweredAsByAServer(t *testing.T) {
	db := testkit.ClickHouse(t)
	for name, c := range map[string]struct {
		query       url.Values
		body        string
		status      int
		contentType string
		want        string
	}{
		"tab-separated unless said":      {nil, "SELECT 1, 'a'", 200, "text/tab-separated-values; charset=UTF-8", "1\ta\n"},
		"in the format of the statement": {nil, "SELECT 1 AS a FORMAT JSONEachRow", 200, "application/x-ndjson; charset=UTF-8", "{\"a\":1}\n"},
		"in the default format":          {url.Values{"default_format": {"CSV"}}, "SELECT 1, 'a'", 200, "text/csv; charset=UTF-8", "1,\"a\"\n"},
		"DDL":                            {nil, "CREATE TABLE made (n UInt8) ENGINE = MergeTree ORDER BY n", 200, "text/tab-separated-values; charset=UTF-8", ""},
		"with a parameter":               {url.Values{"param_n": {"41"}}, "SELECT {n:UInt8} + 1", 200, "text/tab-separated-values; charset=UTF-8", "42\n"},
		"begun in the URL":               {url.Values{"query": {"SELECT 1"}}, "+ 1", 200, "text/tab-separated-values; charset=UTF-8", "2\n"},
		"an unknown table":               {nil, "SELECT * FROM nowhere", 404, "text/plain; charset=UTF-8", "UNKNOWN_TABLE"},
		"bad syntax":                     {nil, "SELEKT 1", 400, "text/plain; charset=UTF-8", "SYNTAX_ERROR"},
		"two statements":                 {nil, "SELECT 1; SELECT 2", 400, "text/plain; charset=UTF-8", "Multi-statements are not allowed"},
		"a session":                      {url.Values{"session_id": {"s"}}, "SELECT 1", 501, "text/plain; charset=UTF-8", "session_id"},
		"a body that is too large":       {nil, strings.Repeat(" ", 65<<20), 413, "text/plain; charset=UTF-8", "QUERY_IS_TOO_LARGE"},
	} {
		t.Run(name, func(t *testing.T) {
			response, body := post(t, db, c.query, c.body)
			if response.StatusCode != c.status || response.Header.Get("Content-Type") != c.contentType {
				t.Errorf("got status %d of type %q, want %d %q", response.StatusCode, response.Header.Get("Content-Type"), c.status, c.contentType)
			}
			if c.status == 200 && body != c.want || !strings.Contains(body, c.want) {
				t.Errorf("got %q, want %q", body, c.want)
			}
		})
	}
}

func TestAnUnknownDatabaseIsRefused(t *testing.T) {
	db := testkit.ClickHouse(t)
	elsewhere := &testkit.ClickHouseDB{DSN: db.DSN, Name: "nowhere"}
	if response, body := post(t, elsewhere, nil, "SELECT 1"); response.StatusCode != 404 || response.Header.Get("X-ClickHouse-Exception-Code") != "81" {
		t.Errorf("got status %d, %q, want 404 of code 81", response.StatusCode, body)
	}
}

func TestGetCannotWrite(t *testing.T) {
	db := testkit.ClickHouse(t)
	query := url.Values{"query": {"CREATE TABLE t (n UInt8) ENGINE = Memory"}, "database": {db.Name}, "password": {token(t, db)}}
	if response, body := (request{method: "GET", path: "/", query: query}).do(t, db); response.Header.Get("X-ClickHouse-Exception-Code") != "164" {
		t.Errorf("got status %d, %q, want exception 164 (READONLY)", response.StatusCode, body)
	}
}

func TestInsertedDataMayStandAnywhere(t *testing.T) {
	db := testkit.ClickHouse(t)
	post(t, db, nil, "CREATE TABLE rows (s String) ENGINE = MergeTree ORDER BY s")
	for name, c := range map[string]struct{ query, body, want string }{
		"all in the body":             {"", "INSERT INTO rows VALUES ('body')", "body"},
		"statement in the URL":        {"INSERT INTO rows FORMAT TSV", "url\n", "url"},
		"begun in the URL":            {"INSERT INTO rows VALUES ('begun'),", "('ended')", "begun,ended"},
		"with blank lines":            {"", "INSERT INTO rows FORMAT CSV\n\"a\n\nb\"\n", "a\n\nb"},
		"with what looks like an end": {"", "INSERT INTO rows VALUES (';')", ";"},
	} {
		t.Run(name, func(t *testing.T) {
			post(t, db, nil, "TRUNCATE TABLE rows")
			query := url.Values{}
			if c.query != "" {
				query.Set("query", c.query)
			}
			if response, body := post(t, db, query, c.body); response.StatusCode != 200 {
				t.Fatal(body)
			}
			if _, got := post(t, db, nil, "SELECT arrayStringConcat(arraySort(groupArray(s)), ',') FROM rows FORMAT RawBLOB"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
