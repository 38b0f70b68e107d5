package load

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
)

// gateway takes ratings as the API does; it is busy at first.
func gateway(t *testing.T, busy int, good *int64, took map[string]int) *httptest.Server {
	a, err := admit.NewAdmitter(event.DefaultConfig(), admit.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if busy--; busy >= 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body, _ := io.ReadAll(r.Body)
		took[r.Header.Get("Content-Type")]++
		rows := [][]byte{body}
		if r.Header.Get("Content-Type") == "application/x-ndjson" {
			rows = bytes.Split(bytes.TrimSpace(body), []byte("\n"))
		}
		for _, row := range rows {
			var e event.Event
			if rej := a.Admit(&admit.Record{Timestamp: event.RecordTime(time.Now().UnixMilli()), Value: row}, &e); rej != nil || r.URL.Path != recordPath {
				w.WriteHeader(http.StatusUnprocessableEntity)
				return
			}
		}
		*good += int64(len(rows))
	}))
	t.Cleanup(server.Close)
	return server
}

func TestByTheAPIBadRecordsSpoilNoGoodOnes(t *testing.T) {
	var good int64
	took := map[string]int{}
	server := gateway(t, 2, &good, took)
	told := 0
	h, err := NewHTTP(server.Client(), server.URL+"/", 10*time.Second, func(error) { told++ })
	if err != nil {
		t.Fatal(err)
	}
	c := paced(0, 0)
	c.Count, c.Ratings.Bad = 5000, 0.02
	c.Rate, c.For = 1e6, time.Minute // ratings of now: the API judges by its own clock
	s, err := Run(t.Context(), c, h, nil)
	if err != nil || s.Unexpected != 0 || s.Good != good || took["application/json"] != int(s.Bad) || s.Bad < 50 || told != 2 {
		t.Errorf("%v %+v: %d good, %v, told %d times", err, s, good, took, told)
	}
}

func TestWhatTheAPITakesOrRefusesWronglyIsCounted(t *testing.T) {
	for status, all := range map[int]bool{http.StatusOK: false, http.StatusUnprocessableEntity: true, http.StatusForbidden: true} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		h, err := NewHTTP(server.Client(), server.URL, time.Second, nil)
		if err != nil {
			t.Fatal(err)
		}
		c := paced(0, 0)
		c.Count, c.Ratings.Bad = 1000, 0.1
		s, err := Run(t.Context(), c, h, nil)
		want := s.Bad
		if all {
			want = s.Good
		}
		if status == http.StatusForbidden {
			want = s.Sent
		}
		if err != nil || s.Unexpected != want || want == 0 {
			t.Errorf("%d: %v %+v, want %d unexpected", status, err, s, want)
		}
		server.Close()
	}
}

func TestAnAPIThatIsNotThereIsWaitedForSoLong(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	h, err := NewHTTP(http.DefaultClient, server.URL, 300*time.Millisecond, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := paced(0, 0)
	c.Count = 10
	if s, err := Run(t.Context(), c, h, nil); !errors.Is(err, ErrUnreachable) || s.Complete {
		t.Errorf("%v %+v", err, s)
	}
	for _, bad := range []string{"", "127.0.0.1:8080", "ftp://x", "http://"} {
		if _, err := NewHTTP(http.DefaultClient, bad, 0, nil); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}
