package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"satisflow/cmd/internal/gateway/problem"
	"satisflow/cmd/internal/service/erasure"
	"satisflow/sinks/clickhouse"
)

// eraser keeps what it was asked for.
type eraser struct {
	asked []erasure.Request
	entry clickhouse.Erasure
	err   error
}

func (e *eraser) Erase(_ context.Context, r erasure.Request) (clickhouse.Erasure, error) {
	if err := r.Validate(); err != nil {
		return clickhouse.Erasure{}, err
	}
	e.asked = append(e.asked, r)
	return e.entry, e.err
}

func (e *eraser) Erasure(_ context.Context, id string) (clickhouse.Erasure, error) {
	if id != e.entry.ID {
		return clickhouse.Erasure{}, clickhouse.ErrUnknownErasure
	}
	return e.entry, e.err
}

func TestErasuresAreBegunAndTheirStateIsTold(t *testing.T) {
	e := &eraser{entry: clickhouse.Erasure{ID: "0199", State: clickhouse.ErasureAsked, Ratings: 3, RequestedAt: now}}
	w := newWorld(t, func(o *Options) { o.Eraser = e })
	for body, want := range map[string]erasure.Request{
		`{"customer_id":"c-1","by":"ticket 7"}`:   {Kind: erasure.KindCustomer, IDs: []string{"c-1"}, By: "api: ticket 7"},
		`{"customer_id":12345678901234567890123}`: {Kind: erasure.KindCustomer, IDs: []string{"12345678901234567890123"}, By: "api"},
		`{"rating_ids":["r-1","r-2"]}`:            {Kind: erasure.KindRating, IDs: []string{"r-1", "r-2"}, By: "api"},
	} {
		e.asked = nil
		var got Erasure
		a := w.do(http.MethodPost, base+"/erase", "application/json", strings.NewReader(body))
		a.into(http.StatusAccepted, &got)
		if got.ID != "0199" || got.State != "asked" || got.Ratings != 3 || got.FinishedAt != nil || a.header.Get("Location") != base+"/erase/0199" {
			t.Errorf("%s: %+v, at %q", body, got, a.header.Get("Location"))
		}
		if len(e.asked) != 1 || e.asked[0].Kind != want.Kind || strings.Join(e.asked[0].IDs, " ") != strings.Join(want.IDs, " ") || e.asked[0].By != want.By {
			t.Errorf("%s: asked %+v, want %+v", body, e.asked, want)
		}
	}
	e.entry.State, e.entry.FinishedAt = clickhouse.ErasureFinished, now.Add(time.Minute)
	var got Erasure
	w.get(base+"/erase/0199").into(http.StatusOK, &got)
	if got.State != "finished" || !got.FinishedAt.Equal(now.Add(time.Minute)) {
		t.Errorf("%+v", got)
	}
	if a := w.get(base + "/erase/other"); a.status != http.StatusNotFound {
		t.Errorf("an unknown one: %d", a.status)
	}
}

func TestErasuresThatCannotBeAreRefusedWithoutQuotingTheCustomer(t *testing.T) {
	e := &eraser{}
	w := newWorld(t, func(o *Options) { o.Eraser = e })
	for name, c := range map[string]struct {
		contentType, body string
		status            int
	}{
		"nothing named":      {"application/json", `{}`, http.StatusUnprocessableEntity},
		"both named":         {"application/json", `{"customer_id":"ann@example.com","rating_ids":["r"]}`, http.StatusUnprocessableEntity},
		"a wrong rating id":  {"application/json", `{"rating_ids":["ann@example.com"]}`, http.StatusUnprocessableEntity},
		"a long customer id": {"application/json", `{"customer_id":"ann@example.com` + strings.Repeat("x", 128) + `"}`, http.StatusUnprocessableEntity},
		"a key twice":        {"application/json", `{"customer_id":"ann@example.com","customer_id":"bob"}`, http.StatusBadRequest},
		"a key in capitals":  {"application/json", `{"Customer_ID":"ann@example.com"}`, http.StatusUnprocessableEntity},
		"no customer at all": {"application/json", `{"customer_id":""}`, http.StatusUnprocessableEntity},
		"half a number":      {"application/json", `{"customer_id":12.5}`, http.StatusUnprocessableEntity},
		"an unknown field":   {"application/json", `{"customer":"ann@example.com"}`, http.StatusUnprocessableEntity},
		"no JSON":            {"application/json", `customer ann@example.com`, http.StatusBadRequest},
		"a form":             {"application/x-www-form-urlencoded", `customer_id=ann@example.com`, http.StatusUnsupportedMediaType},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.do(http.MethodPost, base+"/erase", c.contentType, strings.NewReader(c.body))
			if a.status != c.status || strings.Contains(string(a.body), "ann@") || len(e.asked) > 0 {
				t.Errorf("%d %s, want %d; asked %v", a.status, a.body, c.status, e.asked)
			}
		})
	}
	for err, want := range map[error]string{erasure.ErrBusy: "under way", erasure.ErrNoEpoch: "processor", errors.New("dial tcp"): "ask again"} {
		e.err = err
		a := w.do(http.MethodPost, base+"/erase", "application/json", strings.NewReader(`{"customer_id":"c"}`))
		if a.status != http.StatusServiceUnavailable || !strings.Contains(string(a.body), want) || strings.Contains(string(a.body), "dial") || a.header.Get("Retry-After") == "" {
			t.Errorf("%v: %d %s", err, a.status, a.body)
		}
	}
}

func TestWhatIsWrongWithAnErasureIsNamed(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Eraser = &eraser{} })
	for body, want := range map[string]problem.Entry{
		`{"customer_id":"c","by":"` + strings.Repeat("x", 51) + `"}`: {Field: "by", Pointer: "#/by", Detail: "by: expected length <= 50"},
		`{"rating_ids":["r",7]}`:                                     {Field: "rating_ids[1]", Pointer: "#/rating_ids/1", Detail: "rating_ids[1]: expected string"},
		`{"customer_id":"c","rating_ids":["r"]}`: {Field: "rating_ids", Pointer: "#/rating_ids",
			Want:   "either customer_id or rating_ids: which of them was meant is not for us to say",
			Detail: "rating_ids: given beside customer_id: want either customer_id or rating_ids: which of them was meant is not for us to say"},
		`{"by":"a","by":"b"}`: {Detail: "body: by: given twice: want each key once"},
	} {
		var got problem.Problem
		a := w.do(http.MethodPost, base+"/erase", "application/json", strings.NewReader(body))
		if err := json.Unmarshal(a.body, &got); err != nil || len(got.Errors) != 1 || got.Errors[0] != want {
			t.Errorf("%s: %s, want %+v", body, a.body, want)
		}
	}
}
