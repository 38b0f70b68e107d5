package engine_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/deploy/testkit"
)

// Every way of compression is a protocol of its own: frames, content encodings, and where an error stands in them.
var compressions = map[string]*clickhouse.Compression{
	"none":    nil,
	"lz4":     {Method: clickhouse.CompressionLZ4},
	"zstd":    {Method: clickhouse.CompressionZSTD, Level: 3},
	"gzip":    {Method: clickhouse.CompressionGZIP, Level: 3},
	"deflate": {Method: clickhouse.CompressionDeflate, Level: 3},
	"brotli":  {Method: clickhouse.CompressionBrotli, Level: 3},
}

var conformance = map[string]func(*testing.T, driver.Conn){
	"a batch of rows returns as it was sent":              batchReturns,
	"a batch of columns returns as it was sent":           columnsReturn,
	"an insert ends at its last byte, not at blank lines": blankLinesReturn,
	"parameters keep their characters":                    parametersReturn,
	"a large result arrives whole":                        largeResultArrives,
	"an empty result has its columns":                     emptyResultHasColumns,
	"an unknown table is exception 60":                    unknownTableIsTyped,
	"an error amid a result is typed":                     lateErrorIsTyped,
	"a refused row is typed and nothing is stored":        refusedRowIsTyped,
	"settings reach the statement":                        settingsReach,
	"a statement does not outlive its client":             cancelKills,
	"an external table can be joined":                     externalTableJoins,
	"a session does not leak into the next":               sessionsAreSeparate,
}

func TestClickHouseGoTakesItForAServer(t *testing.T) {
	for name, compression := range compressions {
		t.Run(name, func(t *testing.T) {
			conn := openCompressed(t, testkit.ClickHouse(t).DSN, compression)
			if err := conn.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
			for name, check := range conformance {
				t.Run(name, func(t *testing.T) { check(t, conn) })
			}
		})
	}
}

func openCompressed(t *testing.T, dsn string, compression *clickhouse.Compression) driver.Conn {
	t.Helper()
	options, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	options.Compression = compression
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func batchReturns(t *testing.T, conn driver.Conn) {
	mustExec(t, conn, "CREATE OR REPLACE TABLE batch (id UInt64, at DateTime64(3, 'UTC'), kind LowCardinality(String), tags Map(String, String), score Nullable(Float64), list Array(String)) ENGINE = MergeTree ORDER BY id")
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO batch")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 1, 2, 3, 456_000_000, time.UTC)
	for id := range uint64(1000) {
		score := new(float64)
		*score = float64(id) / 2
		if err := batch.Append(id, at, "kind", map[string]string{"地区": "华东"}, score, []string{"a\x00b", ""}); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("1000 %dkind华东 249750a\x00b", at.UnixMilli())
	if got := scan[string](t, conn, "SELECT concat(count(), ' ', any(toUnixTimestamp64Milli(at)), any(kind), any(tags['地区']), ' ', sum(score), any(list[1])) FROM batch"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func columnsReturn(t *testing.T, conn driver.Conn) {
	mustExec(t, conn, "CREATE OR REPLACE TABLE columnar (id UInt64, name String) ENGINE = MergeTree ORDER BY id")
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO columnar (id, name)")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(batch.Column(0).Append([]uint64{1, 2}), batch.Column(1).Append([]string{"one", "two"}), batch.Send()); err != nil {
		t.Fatal(err)
	}
	if got := scan[string](t, conn, "SELECT arrayStringConcat(groupArray(name)) FROM (SELECT name FROM columnar ORDER BY id)"); got != "onetwo" {
		t.Errorf("got %q, want onetwo", got)
	}
}

func blankLinesReturn(t *testing.T, conn driver.Conn) {
	mustExec(t, conn, "CREATE OR REPLACE TABLE blank (body String) ENGINE = MergeTree ORDER BY tuple()")
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO blank")
	if err != nil {
		t.Fatal(err)
	}
	body := "\n\nfirst\n\nsecond;\n\n"
	if err := errors.Join(batch.Append(body), batch.Append(body), batch.Send()); err != nil {
		t.Fatal(err)
	}
	if got := scan[uint64](t, conn, "SELECT countIf(body = '\\n\\nfirst\\n\\nsecond;\\n\\n') FROM blank"); got != 2 {
		t.Errorf("%d of 2 rows returned whole", got)
	}
}

func parametersReturn(t *testing.T, conn driver.Conn) {
	text := "it's \\ \"x\"\n\t华"
	var got string
	if err := conn.QueryRow(t.Context(), "SELECT {text:String}", clickhouse.Named("text", text)).Scan(&got); err != nil {
		t.Fatal(err)
	}
	if got != text {
		t.Errorf("got %q, want %q", got, text)
	}
}

func largeResultArrives(t *testing.T, conn driver.Conn) {
	rows, err := conn.Query(t.Context(), "SELECT number, toString(number) FROM numbers(500000)")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var sum, number uint64
	var text string
	for rows.Next() {
		if err := rows.Scan(&number, &text); err != nil {
			t.Fatal(err)
		}
		sum += number
	}
	if err := rows.Err(); err != nil || sum != 499_999*250_000 {
		t.Errorf("got sum %d and error %v, want %d and none", sum, err, 499_999*250_000)
	}
}

func emptyResultHasColumns(t *testing.T, conn driver.Conn) {
	rows, err := conn.Query(t.Context(), "SELECT 1 AS a, 'x' AS b WHERE 0")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if rows.Next() || rows.Err() != nil {
		t.Errorf("an empty result has a row, or the error %v", rows.Err())
	}
}

func unknownTableIsTyped(t *testing.T, conn driver.Conn) {
	assertCode(t, conn.Exec(t.Context(), "SELECT * FROM nowhere"), 60)
	assertCode(t, conn.QueryRow(t.Context(), "SELECT * FROM nowhere").Err(), 60)
	_, err := conn.PrepareBatch(t.Context(), "INSERT INTO nowhere")
	assertCode(t, err, 60)
}

func lateErrorIsTyped(t *testing.T, conn driver.Conn) {
	rows, err := conn.Query(t.Context(), "SELECT throwIf(number = 900000, 'amid'), number FROM numbers(1000000) SETTINGS max_block_size = 1000, max_threads = 1")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	if n == 0 {
		t.Error("the error came before the first row: this does not test what it should")
	}
	assertCode(t, rows.Err(), 395)
}

func refusedRowIsTyped(t *testing.T, conn driver.Conn) {
	mustExec(t, conn, "CREATE OR REPLACE TABLE small (n UInt64, CONSTRAINT small CHECK n < 10) ENGINE = MergeTree ORDER BY n")
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO small")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(batch.Append(uint64(1)), batch.Append(uint64(50))); err != nil {
		t.Fatal(err)
	}
	assertCode(t, batch.Send(), 469)
	if n := scan[uint64](t, conn, "SELECT count() FROM small"); n != 0 {
		t.Errorf("%d rows of a refused insert are stored", n)
	}
}

func settingsReach(t *testing.T, conn driver.Conn) {
	ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"log_comment": `it's \me`, "max_threads": 3}))
	var got string
	if err := conn.QueryRow(ctx, "SELECT concat(getSetting('log_comment'), toString(getSetting('max_threads')))").Scan(&got); err != nil {
		t.Fatal(err)
	}
	if got != `it's \me3` {
		t.Errorf(`got %q, want it's \me3`, got)
	}
}

func cancelKills(t *testing.T, conn driver.Conn) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	marker := fmt.Sprintf("marker_%d", time.Now().UnixNano())
	if err := conn.QueryRow(ctx, "SELECT count() AS "+marker+" FROM numbers(1000000000000) WHERE number % 7 = 3").Err(); err == nil {
		t.Fatal("a statement that takes hours returned")
	}
	running := "SELECT count() FROM system.processes WHERE query LIKE '%" + marker + "%' AND query NOT LIKE '%system.processes%'"
	deadline := time.Now().Add(5 * time.Second)
	for scan[uint64](t, conn, running) > 0 {
		if time.Now().After(deadline) {
			t.Fatal("the statement still runs 5 s after its client left")
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func externalTableJoins(t *testing.T, conn driver.Conn) {
	table, err := ext.NewTable("wanted", ext.Column("n", "UInt64"))
	if err := errors.Join(err, table.Append(uint64(5)), table.Append(uint64(6))); err != nil {
		t.Fatal(err)
	}
	ctx := clickhouse.Context(t.Context(), clickhouse.WithExternalTable(table))
	var got uint64
	if err := conn.QueryRow(ctx, "SELECT count() FROM numbers(6) WHERE number IN (SELECT n FROM wanted)").Scan(&got); err != nil || got != 1 {
		t.Errorf("got %d and error %v, want 1 and none", got, err)
	}
}

func sessionsAreSeparate(t *testing.T, conn driver.Conn) {
	mustExec(t, conn, "CREATE TEMPORARY TABLE leak (n UInt8)")
	mustExec(t, conn, "SET max_threads = 7")
	assertCode(t, conn.Exec(t.Context(), "SELECT * FROM leak"), 60)
	if got := scan[uint64](t, conn, "SELECT toUInt64(getSetting('max_threads'))"); got == 7 {
		t.Error("a setting of another request holds")
	}
}

func mustExec(t *testing.T, conn driver.Conn, sql string) {
	t.Helper()
	if err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func scan[T any](t *testing.T, conn driver.Conn, sql string) (value T) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), sql).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

func assertCode(t *testing.T, err error, want int32) {
	t.Helper()
	exception, ok := errors.AsType[*clickhouse.Exception](err)
	if !ok || exception.Code != want {
		t.Errorf("got error %v, want exception %d", err, want)
	}
}
