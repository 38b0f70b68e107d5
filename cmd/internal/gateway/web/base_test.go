package web

import (
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// behind is a proxy that shows the pages at /satisflow/ and another application beside them.
func behind(t *testing.T) *httptest.Server {
	t.Helper()
	pages := site(t, someWorld(), func(o *Options) { o.BasePath = "/satisflow" })
	mux := http.NewServeMux()
	mux.Handle("/satisflow/", http.StripPrefix("/satisflow", pages))
	mux.HandleFunc("/satisflow/openapi.json", func(http.ResponseWriter, *http.Request) {}) // the API's
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s asks the other application", r.Method, r.URL)
		http.NotFound(w, r)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

var references = regexp.MustCompile(`(?:href|src|action)="([^"]*)"`)

func TestBehindAPathPrefixEveryLinkStyleAndFormLeadsBack(t *testing.T) {
	server := behind(t)
	client := server.Client()
	seen := map[string]bool{}
	todo := []string{server.URL + "/satisflow/", server.URL + "/satisflow/alerts/", server.URL + "/satisflow/runbooks", server.URL + "/satisflow/customers/?id=c-1",
		server.URL + "/satisflow/runbooks/SatisflowConsumerLag.md", server.URL + "/satisflow/services/nonsense", server.URL + "/satisflow/alerts/nonsense"}
	styled := 0
	for len(todo) > 0 && len(seen) < 400 {
		address := todo[0]
		if todo = todo[1:]; seen[address] {
			continue
		}
		seen[address] = true
		answer, err := client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		body := readAll(t, answer)
		if answer.StatusCode != http.StatusOK && !strings.Contains(address, "nonsense") && !strings.Contains(address, "/customers/") {
			t.Errorf("%s: %d", address, answer.StatusCode)
		}
		if strings.Contains(answer.Header.Get("Content-Type"), "css") {
			styled++
		}
		if !strings.Contains(answer.Header.Get("Content-Type"), "html") {
			continue
		}
		for _, m := range references.FindAllStringSubmatch(body, -1) {
			to, err := answer.Request.URL.Parse(html.UnescapeString(m[1]))
			if err != nil {
				t.Fatal(err)
			}
			if to.Host == answer.Request.URL.Host {
				todo = append(todo, to.String())
			}
		}
		if command := regexp.MustCompile(`<code>(curl[^<]*)</code>`).FindStringSubmatch(body); command != nil && !strings.Contains(command[1], "/satisflow/") {
			t.Errorf("%s: %s", address, command[1])
		}
	}
	if styled != 1 || len(seen) < 100 {
		t.Errorf("%d style sheets and %d pages", styled, len(seen))
	}
}

func TestBehindAPathPrefixAFormAndItsCookieLeadBack(t *testing.T) {
	server := behind(t)
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := client.PostForm(server.URL+"/satisflow/alerts/abc", url.Values{"version": {"3"}, "by": {"li.na"}, "action": {"acknowledge"}})
	if err != nil {
		t.Fatal(err)
	}
	readAll(t, answer)
	if to, cookie := answer.Header.Get("Location"), answer.Header.Get("Set-Cookie"); to != "/satisflow/alerts/abc?done=acknowledge&lang=en" || !strings.Contains(cookie, "Path=/satisflow/alerts;") {
		t.Errorf("to %s, cookie %s", to, cookie)
	}
}

func readAll(t *testing.T, answer *http.Response) string {
	t.Helper()
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
