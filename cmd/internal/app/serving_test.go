package app

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestTheGatewayIsServedBelowItsPathAndAtTheRoot(t *testing.T) {
	h := belowBase("/satisflow", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Path", r.URL.EscapedPath()) }))
	for path, want := range map[string]string{
		"/satisflow/alerts?x=1": "/alerts", "/satisflow/": "/", "/alerts": "/alerts", "/satisflow/customers/a%2Fb": "/customers/a%2Fb",
		"/satisflowers": "/satisflowers", "/": "/", "/satisflow/satisflow/x": "/satisflow/x",
	} {
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		if got := answer.Header().Get("Path"); got != want || answer.Code != http.StatusOK {
			t.Errorf("%s is %d %s, want %s", path, answer.Code, got, want)
		}
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/satisflow", nil))
	if answer.Code != http.StatusMovedPermanently || answer.Header().Get("Location") != "/satisflow/" {
		t.Errorf("%d to %s", answer.Code, answer.Header().Get("Location"))
	}
}
