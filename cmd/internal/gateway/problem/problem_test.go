package problem

import (
	"net/http/httptest"
	"testing"
	"time"
)

func TestAProblemIsAnsweredAsOne(t *testing.T) {
	w := httptest.NewRecorder()
	p := New(429, "too many: %d", 9).With(Entry{Parameter: "n", Detail: "n: 9"}).RetryAfter(1500 * time.Millisecond)
	p.ServeHTTP(w, nil)
	const want = `{"type":"about:blank","title":"Too Many Requests","status":429,"detail":"too many: 9","errors":[{"parameter":"n","detail":"n: 9"}]}` + "\n"
	if w.Code != 429 || w.Header().Get("Retry-After") != "2" || w.Header().Get("Content-Type") != ContentType || w.Body.String() != want {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if got := New(503, "").RetryAfter(0).GetHeaders().Get("Retry-After"); got != "1" {
		t.Errorf("Retry-After %s for no time at all", got)
	}
}
