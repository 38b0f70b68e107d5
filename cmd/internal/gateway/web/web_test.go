package web

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"satisflow/dashboards/runbooks"
)

func TestThePageIsInTheLanguageThatIsAskedForOrPreferred(t *testing.T) {
	h := pages(t)
	for _, c := range []struct{ name, query, browser, want string }{
		{"a Chinese browser", "", "zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"},
		{"a Taiwanese browser", "", "zh-TW", "zh-Hans"},
		{"an English browser", "", "en-GB", "en"},
		{"English before Chinese", "", "en;q=0.9,zh;q=0.8", "en"},
		{"another language, then Chinese", "", "fr,zh;q=0.5", "zh-Hans"},
		{"another language", "", "fr", "en"},
		{"none", "", "", "en"},
		{"nonsense", "", ";;q=x", "en"},
		{"the choice goes first", "?lang=zh", "en", "zh-Hans"},
		{"and back", "?lang=en", "zh", "en"},
		{"a choice that there is not", "?lang=xx", "zh", "zh-Hans"},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := get(h, "/runbooks/SatisflowConsumerLag"+c.query, c.browser)
			if got := answer.Header().Get("Content-Language"); got != c.want || !strings.Contains(answer.Body.String(), `<html lang="`+c.want+`">`) {
				t.Errorf("in %q, want %q", got, c.want)
			}
			if !strings.Contains(answer.Header().Get("Vary"), "Accept-Language") {
				t.Error("a cache would give it to readers of another language")
			}
		})
	}
}

var (
	href   = regexp.MustCompile(`(?:href|action)="([^"]*)"`)
	inline = regexp.MustCompile(`(?i)<script|<style|<iframe|\sstyle=|\son[a-z]+=|javascript:`)
)

var (
	tag    = regexp.MustCompile(`<[^>]*>`)
	quoted = regexp.MustCompile(`"[^"]*"`)
	script = regexp.MustCompile(`(?i)(?:href|action)="\s*(?:javascript|data|vbscript):`)
)

// forbidden is what a page has in its tags, and not in its texts, that its policy forbids; else nothing.
func forbidden(body string) string {
	if found := script.FindString(body); found != "" {
		return found
	}
	return inline.FindString(strings.Join(tag.FindAllString(quoted.ReplaceAllString(body, `""`), -1), ""))
}

func TestEveryPageStandsAndItsLinksLeadToPages(t *testing.T) {
	h, all := site(t, someWorld()), allRunbooks(t)
	paths := []string{"/runbooks/?lang=en", "/runbooks/?lang=zh"}
	for _, path := range []string{"/", "/alerts", "/alerts?state=all", "/alerts/abc", "/customers/c-1", "/services/legal_consulting", "/segments/vip"} {
		paths = append(paths, to(path, english), to(path, chinese))
	}
	for _, r := range all {
		paths = append(paths, "/runbooks/"+r.Alert+"?lang=en", "/runbooks/"+r.Alert+"?lang=zh")
	}
	followed := map[string]bool{}
	for _, path := range paths {
		answer := get(h, path, "")
		body := answer.Body.String()
		if answer.Code != http.StatusOK || !strings.Contains(body, "<h1") {
			t.Fatalf("%s: %d\n%s", path, answer.Code, body)
		}
		if found := forbidden(body); found != "" || answer.Header().Get("Content-Security-Policy") != policy {
			t.Errorf("%s has %q, which its policy forbids, or no policy", path, found)
		}
		for _, m := range href.FindAllStringSubmatch(body, -1) {
			link := strings.ReplaceAll(m[1], "&amp;", "&")
			if link == "/openapi.json" || link == "/customers/" {
				continue // of the API, and a form that needs an id
			}
			if !strings.HasPrefix(link, "/") {
				link = "/runbooks/" + link
			}
			if followed[link] {
				continue
			}
			followed[link] = true
			if code := get(h, link, "").Code; code != http.StatusOK {
				t.Errorf("%s links %s: %d", path, link, code)
			}
		}
	}
	if len(followed) < len(paths) {
		t.Errorf("%d links of %d pages", len(followed), len(paths))
	}
}

func allRunbooks(t *testing.T) []runbooks.Runbook {
	t.Helper()
	all, err := runbooks.All()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTheRunbookOfAnAlertSaysWhatItsFileSays(t *testing.T) {
	h := pages(t)
	for path, want := range map[string][]string{
		"/runbooks/SatisfactionSharpDrop?lang=en": {">Page</span>", "<h1>A service has fallen sharply within the hour.</h1>", "<h2>What to do</h2>", "the measurement (deploy/docs/watching/false-pages.md)"},
		"/runbooks/SatisfactionSharpDrop?lang=zh": {">紧急</span>", "<h1>服务在一小时内急剧下降</h1>", "<h2>处理</h2>"},
		"/runbooks/SatisflowNotFresh?lang=en":     {`<a href="SatisflowConsumerLag?lang=en">SatisflowConsumerLag</a>`},
		"/runbooks/SatisflowMailsPending?lang=en": {">Ticket</span>", "<code>SatisflowMailsPending</code>", `href="/runbooks/SatisflowMailsPending?lang=zh"`},
	} {
		body := get(h, path, "").Body.String()
		for _, text := range want {
			if !strings.Contains(body, text) {
				t.Errorf("%s has no %q:\n%s", path, text, body)
			}
		}
	}
}

func TestTheLinkOfAnAlertLeadsToItsPage(t *testing.T) {
	h := pages(t)
	for from, to := range map[string]string{
		"/runbooks":                                 "/runbooks/",
		"/runbooks/SatisflowDeadLetters.md":         "/runbooks/SatisflowDeadLetters",
		"/runbooks/SatisflowDeadLetters.md?lang=zh": "/runbooks/SatisflowDeadLetters?lang=zh",
	} {
		if answer := get(h, from, ""); answer.Code != http.StatusMovedPermanently || answer.Header().Get("Location") != to {
			t.Errorf("%s: %d %s", from, answer.Code, answer.Header().Get("Location"))
		}
	}
	answer := get(h, "/runbooks/OfNobody", "zh")
	if answer.Code != http.StatusNotFound || !strings.Contains(answer.Body.String(), `href="/runbooks/?lang=zh"`) {
		t.Errorf("%d\n%s", answer.Code, answer.Body)
	}
}

func TestTheListIsSearched(t *testing.T) {
	h := pages(t)
	entries := regexp.MustCompile(`class="name">(\w+)<`)
	for _, c := range []struct{ query, want string }{
		{"", ""},
		{"q=vErIfY+differences", "SatisflowVerifyDifferences"},
		{"q=figures+vanished", "SatisflowSeriesVanished"},
		{"q=%E6%B0%B8%E4%B9%85+%E9%82%AE%E4%BB%B6", "SatisflowMailsRefused"},
		{"q=zebra", "none"},
		{"q=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E", "none"},
	} {
		body := get(h, "/runbooks/?lang=en&"+c.query, "").Body.String()
		found := entries.FindAllStringSubmatch(body, -1)
		switch {
		case c.want == "" && len(found) != len(allRunbooks(t)):
			t.Errorf("%d of all", len(found))
		case c.want == "none" && (len(found) > 0 || !strings.Contains(body, "No runbook has these words.")):
			t.Errorf("%s finds %v", c.query, found)
		case c.want != "" && c.want != "none" && (len(found) != 1 || found[0][1] != c.want):
			t.Errorf("%s finds %v, want %s", c.query, found, c.want)
		}
		if inline.MatchString(body) {
			t.Errorf("%s is not escaped:\n%s", c.query, body)
		}
	}
	body := get(h, "/runbooks/?lang=en&q=a%26b", "").Body.String()
	if !strings.Contains(body, `href="/runbooks/?q=a%26b&amp;lang=zh"`) || !strings.Contains(body, `value="a&amp;b"`) {
		t.Errorf("the other language forgets what was searched:\n%s", body)
	}
}

func TestHTMLInMarkdownIsLeftOut(t *testing.T) {
	html, err := renderMarkdown("a <b onclick=x>b</b> [c](javascript:alert(1)) [d](https://example.org/x.md) `<i>`\n\n<script>e</script>\n", english)
	if err != nil || strings.Contains(string(html), "<script") || strings.Contains(string(html), "onclick") || strings.Contains(string(html), "href=\"javascript") ||
		!strings.Contains(string(html), `href="https://example.org/x.md"`) || !strings.Contains(string(html), "<code>&lt;i&gt;</code>") {
		t.Errorf("%v\n%s", err, html)
	}
}

func TestTheStyleIsKeptByBrowsersUnderTheNameOfItsContent(t *testing.T) {
	h := pages(t)
	path := regexp.MustCompile(`/assets/satisflow-[0-9a-f]{12}\.css`).FindString(get(h, "/runbooks/", "").Body.String())
	answer := get(h, path, "")
	if answer.Code != http.StatusOK || !strings.HasPrefix(answer.Header().Get("Content-Type"), "text/css") || !strings.Contains(answer.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("%s: %d %v", path, answer.Code, answer.Header())
	}
	content, err := os.ReadFile("assets/satisflow.css")
	if err != nil || answer.Body.String() != string(content) {
		t.Errorf("it is another one: %v", err)
	}
}
