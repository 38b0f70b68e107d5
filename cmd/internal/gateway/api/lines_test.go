package api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"satisflow/pipeline/source"
)

const ndjson = "application/x-ndjson"

func line(i int) string {
	return fmt.Sprintf(`{"rating_id":"r-%d","occurred_at":"2026-11-20T12:30:00Z","customer_id":"c-%d","service":"data_analysis","rating":4.5}`, i, i%1000)
}

func TestLinesAreProducedInTheirOrder(t *testing.T) {
	w := newWorld(t)
	var got Recorded
	body := line(1) + "\r\n\n  \n" + line(2) + "\n" + line(3)
	w.post(ndjson, body).into(http.StatusOK, &got)
	if got.Accepted != 3 || len(got.Ratings) != 0 || len(w.log.messages) != 3 || string(w.log.messages[2].Value) != line(3) {
		t.Errorf("%+v, %d messages", got, len(w.log.messages))
	}
	if w.counter("satisflow_ratings_accepted_total", "ndjson") != 3 {
		t.Error("not counted")
	}
}

func TestGoodLinesCountThoughOthersAreWrong(t *testing.T) {
	w := newWorld(t)
	var got RecordProblem
	body := line(1) + "\n\n" + `{"rating":7}` + "\n" + "{\n" + line(2) + "\n"
	w.post(ndjson, body).into(http.StatusUnprocessableEntity, &got)
	want := []string{
		"line 3 #/rating | rating: 7: want a number from 1 to 5 with at most two decimals, such as 4.5",
		"line 3 #/customer_id | customer_id: missing: want a string of 1 to 128 characters, none of them a control character, or an integer",
		"line 3 #/service | service: missing: want a string of at most 128 characters, none of them a control character",
		"line 4  | not JSON at byte 1: the text ends: want a key in double quotes",
	}
	if all := sentences(got.Errors); !slices.Equal(all, want) {
		t.Errorf("errors\n%s\nwant\n%s", strings.Join(all, "\n"), strings.Join(want, "\n"))
	}
	if got.Accepted != 2 || w.log.n != 2 || got.ResumeLine != 0 ||
		got.Detail != "2 ratings are wrong and 2 accepted: mend the lines that are listed and send these again" {
		t.Errorf("%+v, %d produced", got, w.log.n)
	}
}

func TestALineThatIsTooLongIsSkipped(t *testing.T) {
	for _, length := range []int{1<<20 + 1, 3 << 20} {
		w := newWorld(t)
		var got RecordProblem
		w.post(ndjson, line(1)+"\n"+strings.Repeat("x", length)+"\n"+line(2)).into(http.StatusUnprocessableEntity, &got)
		if all := sentences(got.Errors); got.Accepted != 2 || len(all) != 1 || all[0] != "line 2  | a rating of 1048577 bytes: want at most 900000 (admission.max_bytes)" {
			t.Errorf("%d bytes: %d accepted, %v", length, got.Accepted, all)
		}
	}
}

func TestSomeLinesLongerThanTheBufferAreTaken(t *testing.T) {
	w := newWorld(t)
	long := strings.TrimSuffix(line(1), "}") + strings.Repeat(" ", 200<<10) + "}"
	var got Recorded
	w.post(ndjson, long+"\n"+line(2)+"\n"+long).into(http.StatusOK, &got)
	if got.Accepted != 3 {
		t.Errorf("%d accepted", got.Accepted)
	}
}

func TestAfterAThousandErrorsTheRestIsLeft(t *testing.T) {
	w := newWorld(t)
	var got RecordProblem
	body := line(1) + "\n" + strings.Repeat("x\n", 1000) + line(2) + "\n" + strings.Repeat(line(3)+"\n", 20_000)
	w.post(ndjson, body).into(http.StatusUnprocessableEntity, &got)
	if got.Accepted != 1 || w.log.n != 1 || len(got.Errors) != 1000 || got.ResumeLine != 1002 {
		t.Errorf("%d accepted, %d produced, %d errors, resume at %d", got.Accepted, w.log.n, len(got.Errors), got.ResumeLine)
	}
}

func TestWhenKafkaStopsTheAnswerSaysWhereToGoOn(t *testing.T) {
	w := newWorld(t)
	w.log.refuse = func(context.Context, []source.Message) error {
		if w.log.n >= 2000 {
			return errKafka
		}
		return nil
	}
	var body strings.Builder
	for i := range 2500 {
		body.WriteString(line(i) + "\n\n")
	}
	var got RecordProblem
	w.post(ndjson, body.String()).into(http.StatusServiceUnavailable, &got)
	if got.Accepted != 2000 || got.ResumeLine != 4001 {
		t.Errorf("%d accepted, resume at %d: want 2000 and 4001", got.Accepted, got.ResumeLine)
	}
}

func TestABodyThatBreaksOffKeepsItsWholeLines(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Config.BodyTimeout = 200 * time.Millisecond })
	for name, c := range map[string]struct {
		end    func(net.Conn)
		status int
	}{
		"its end is missing": {func(conn net.Conn) { _ = conn.(*net.TCPConn).CloseWrite() }, http.StatusBadRequest},
		"it does not go on":  {func(net.Conn) {}, http.StatusRequestTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			w.log.n = 0
			conn, err := net.Dial("tcp", w.server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			part := line(1) + "\n" + line(2)[:40]
			fmt.Fprintf(conn, "POST %s/record HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: 1000\r\n\r\n%s", base, ndjson, part)
			c.end(conn)
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(response.Body)
			var got RecordProblem
			(&answer{t, response.StatusCode, response.Header, text}).into(c.status, &got)
			if got.Accepted != 1 || got.ResumeLine != 2 || w.log.n != 1 {
				t.Errorf("%s, %d produced", text, w.log.n)
			}
		})
	}
}

// many is a body of lines that is made while it is read.
type many struct {
	lines, at int
	rest      []byte
	peak      uint64
}

func (m *many) Read(b []byte) (int, error) {
	if len(m.rest) == 0 {
		if m.at == m.lines {
			return 0, io.EOF
		}
		for range 100 {
			m.rest = append(m.rest, line(m.at)+"\n"...)
			m.at++
		}
		if m.at%5000 == 0 {
			var s runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&s)
			m.peak = max(m.peak, s.HeapAlloc)
		}
	}
	n := copy(b, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

func TestAHundredThousandLinesTakeLittleMemory(t *testing.T) {
	w := newWorld(t)
	w.log.keep = false
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	body := &many{lines: 100_000}
	var got Recorded
	w.do(http.MethodPost, base+"/record", ndjson, body).into(http.StatusOK, &got)
	const most = 8 << 20 // the body has 12 MB
	if got.Accepted != 100_000 || w.log.n != 100_000 || int64(body.peak)-int64(before.HeapAlloc) > most {
		t.Errorf("%d accepted, %d produced, %d bytes of memory", got.Accepted, w.log.n, int64(body.peak)-int64(before.HeapAlloc))
	}
}
