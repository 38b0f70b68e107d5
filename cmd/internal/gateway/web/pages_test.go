package web

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"satisflow/pipeline/alert"
	"satisflow/pipeline/event"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

var noQuality = event.NoQuality()

// someWorld has 40 ratings of 28 days, of which 36 are satisfied, 10 of the 28 days before, and two alerts.
func someWorld() *world {
	w := &world{alerts: []alert.Alert{low("abc", "c-1"), low("def", "c-2")}, record: []alert.Entry{
		{Version: 1, At: now.Add(-5 * time.Hour), By: alert.System, Action: alert.Opened},
		{Version: 2, At: now.Add(-2 * time.Hour), By: "li.na", Action: alert.Comment, Comment: "<b>called</b>"},
		{Version: 3, At: now.Add(-time.Hour), By: "wang.wei", Action: alert.Assign, Assignee: "li.na"}}}
	w.alerts[0].Assignee = "li.na"
	w.alerts[1].Severity, w.alerts[1].State = alert.Minor, alert.Acknowledged
	add := func(n int, customer, service string, ago time.Duration, rating int32) {
		for i := range n {
			w.ratings = append(w.ratings, rated{customer, service, ago + time.Duration(i)*time.Minute, rating})
		}
	}
	add(30, "c-2", "data_analysis", 3*day, 450)
	add(6, "c-1", "legal_consulting", 2*day, 400)
	add(4, "c-1", "legal_consulting", 30*time.Minute, 200)
	add(10, "c-1", "legal_consulting", 30*day, 500)
	add(1, "c-old", "legal_consulting", 300*day, 500)
	return w
}

func TestTheStartPageSaysWhereSatisfactionStandsAndWhoIsNeeded(t *testing.T) {
	h := site(t, someWorld())
	wantPage(t, get(h, "/", "en"), http.StatusOK, `<span class="big">90.0 %</span>`, "(76.9–96.0, n = 40)", "not decided yet", "<dt>Target</dt><dd>95 %</dd>", "<dt>Mean</dt><dd>4.17</dd>",
		"40 ratings; about 12 more would decide at this share", "100.0 % (72.2–100.0, n = 10)", "−10.0 points", "not significant (may be chance)", "Figures of 20:34",
		`<a href="/services/legal_consulting?lang=en">legal_consulting</a></td><td>60.0 % (31.3–83.2, n = 10)`, "no ratings", `<span class="big">2</span> alerts need somebody`,
		`<strong class="overdue">⚠ 2</strong> overdue`, "<strong>1</strong> critical", "<strong>1</strong> seen by nobody", `href="/openapi.json"`, `href="/runbooks/?lang=en"`,
		"Times are in UTC+08:00.", "The share over 28 days ")
	wantPage(t, get(h, "/", "zh"), http.StatusOK, "满意度现状", `<span class="big">90.0%</span>`, "尚不能判定", "条警报需要处理", "时间按 UTC+08:00 显示。", "数据截至 20:34")
}

func TestWithoutRatingsTheStartPageSaysHowToSendTheFirst(t *testing.T) {
	body := wantPage(t, get(site(t, &world{}), "/", "en"), http.StatusOK, "No data yet", "curl -s http://example.com/api/v1/enterprise-satisfaction/satisfaction/record",
		`"service": "legal_consulting"`, "No alert needs anybody")
	if strings.Contains(body, "%") {
		t.Error("there is a figure without data")
	}
}

func TestServicesAndSegmentsHavePages(t *testing.T) {
	h := site(t, someWorld())
	wantPage(t, get(h, "/services/legal_consulting", "en"), http.StatusOK, `<span class="big">60.0 %</span>`, "(31.3–83.2, n = 10)", "below target", "<th scope=\"row\">1 hour</th><td>0.0 % (0.0–49.0, n = 4)",
		"<th scope=\"row\">web</th><td>60.0 % (31.3–83.2, n = 10)", "The gateway has raised no alert about it.", "−40.0 points (−68.7 to −3.8): significant")
	wantPage(t, get(h, "/segments/vip", "zh"), http.StatusOK, "客户群", `<span class="big">90.0%</span>`, "网关没有就此触发过警报")
	wantPage(t, get(h, "/services/quiet", "en"), http.StatusOK, "no data")
	wantPage(t, get(h, "/segments/once", "en"), http.StatusOK, "no data")
	wantPage(t, get(h, "/services/nonsense", "en"), http.StatusNotFound, "There is no service of this name", `href="/?lang=en"`)
	wantPage(t, get(h, "/segments/nonsense", "zh"), http.StatusNotFound, "没有这个名称的客户群")
}

func TestTheOpenAlertOfAGroupIsOnItsPage(t *testing.T) {
	w := someWorld()
	a := low("grp", "data_analysis")
	a.Rule, a.Subject.Dimension = alert.GroupFalling, window.Service
	w.alerts = append(w.alerts, a)
	wantPage(t, get(site(t, w), "/services/data_analysis", "en"), http.StatusOK, `<a href="/alerts/grp?lang=en">`, "group falling", "Resolve", "in 1 d 19 h")
}

func TestTheCustomerPageShowsWhatTheCustomerRated(t *testing.T) {
	h := site(t, someWorld())
	wantPage(t, get(h, "/customers/c-1", "en"), http.StatusOK, `<span class="big">3.2</span>`, "Mean, n = 10, 28 days", "&lt; 3.5", "60.0 % (31.3–83.2, n = 10)",
		"5.0 (n = 10) · Satisfied 100.0 % (72.2–100.0, n = 10)", "20 ratings on 3 days, mean 4.1.", "alert below 3.5", `<b aria-current="true">90 days</b>`,
		`href="/customers/c-1?days=28&amp;lang=en"`, "2026-11-20: 2.0 (n = 4)", `<a href="/alerts/abc?lang=en">a rating of 2.0 &lt;low&gt;</a>`)
	body := wantPage(t, get(h, "/customers/c-1?days=28", "zh"), http.StatusOK, "10 个评分，分布在 2 天，均值 3.2", "<b aria-current=\"true\">28 天</b>", "低于此值警报：3.5")
	if n := strings.Count(body, `class="lowly"`); n != 4 {
		t.Errorf("%d low ratings, want 4", n)
	}
	wantPage(t, get(h, "/customers/c-old", "en"), http.StatusOK, "no data", "No ratings in the last 90 days.")
	wantPage(t, get(h, "/customers/nobody", "en"), http.StatusNotFound, "There are no ratings of this customer")
}

func TestAShareThatMissesTheTargetDoesNotLookLikeIt(t *testing.T) {
	for _, c := range []struct {
		share float64
		want  string
	}{{0.9496, "94.96 %"}, {0.95004, "95.004 %"}, {0.95, "95.0 %"}, {0.94, "94.0 %"}, {1, "100.0 %"}, {0.95000001, "95.000001 %"}, {0.949999999, "94.9999999 %"}, {0.9499, "94.99 %"}} {
		if got := plain(say{lang: english}.Share(figure{N: 1, Share: c.share, Target: 0.95})); got != c.want {
			t.Errorf("%v is shown as %s, want %s", c.share, got, c.want)
		}
	}
}

func TestATrendEndsWithTheHeadlineAndComparesLikeWithLike(t *testing.T) {
	s, spec := say{lang: english}, window.DefaultWindows()[4]
	at := func(days int, n int64, share float64, whole bool) trendPoint {
		return trendPoint{now.Add(-time.Duration(days) * day), whole, figure{N: n, Share: share, Target: 0.95}}
	}
	for _, c := range []struct {
		points []trendPoint
		want   string
	}{
		{[]trendPoint{at(2, 5, 0.2, true), at(1, 100, 0.9, true), at(0, 100, 0.95, true)}, "The share over 28 days rose from 90.0 % to 95.0 % within 24 hours."},
		{[]trendPoint{at(3, 5, 0.2, true), at(2, 100, 0.957, false), at(1, 100, 0.953, true), at(0, 100, 0.918, true)}, "The share over 28 days fell from 95.3 % to 91.8 % within 24 hours."},
		{[]trendPoint{at(2, 100, 0.9, true), at(1, 100, 0.8, true), at(0, 100, 0.9, true)}, "The share over 28 days is where it was 2 days before: 90.0 %."},
		{[]trendPoint{at(2, 100, 0.9, false), at(1, 100, 0.8, false), at(0, 100, 0.918, true)}, "The share over 28 days is 91.8 % now. There is no whole earlier period to compare it with."},
		{[]trendPoint{at(1, 2000, 0.9, true), at(0, 100, 0.918, true)}, "The share over 28 days is 91.8 % now. There is no whole earlier period to compare it with."},
		{[]trendPoint{at(1, 100, 0.8999, true), at(0, 100, 0.9001, true)}, "The share over 28 days rose from 89.99 % to 90.0 % within 24 hours."},
		{[]trendPoint{at(1, 9, 0.9, true), at(0, 0, 0, true)}, "The last 28 days have no ratings."},
	} {
		if got := plain(trendTitle(c.points, spec, s)); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

func TestTheTitleOfTheTrendEndsWithTheShareOfTheHeadline(t *testing.T) {
	w := someWorld()
	w.ratings = append(w.ratings, rated{"c-9", "data_analysis", 100 * day, 500})
	h := site(t, w)
	for _, path := range []string{"/", "/services/legal_consulting", "/segments/vip"} {
		body := wantPage(t, get(h, path, "en"), http.StatusOK)
		headline := regexp.MustCompile(`<span class="big">([0-9.]+ %)</span>`).FindStringSubmatch(body)
		title := regexp.MustCompile(`<figcaption>.* to ([0-9.]+ %) within`).FindStringSubmatch(body)
		if headline == nil || title == nil || headline[1] != title[1] || !strings.Contains(body, "<td>now</td><td>"+headline[1]) {
			t.Errorf("%s: headline %q, title %q", path, headline, title)
		}
	}
}

func TestAPeriodThatIsNotWholeIsNotComparedWith(t *testing.T) {
	of := func(n, satisfied int64) *figure {
		return &figure{N: n, Satisfied: satisfied, Share: float64(satisfied) / float64(max(n, 1))}
	}
	from := now.Add(-56 * day)
	for name, c := range map[string]struct {
		now, before *figure
		begin       time.Time
		want        string
	}{
		"whole":                          {of(1000, 918), of(1000, 957), from, "−3.9 points (−6.1 to −1.8): significant"},
		"whole, by chance":               {of(100, 95), of(100, 96), from.Add(-day), "−1.0 points (−7.6 to +5.5): not significant (may be chance)"},
		"19 ratings from late ones":      {of(40000, 36700), of(19, 19), from.Add(-day), "not comparable: the previous period is not whole (n = 19)"},
		"ratings began in between":       {of(1000, 918), of(990, 957), from.Add(time.Millisecond), "not comparable: the previous period is not whole (n = 990)"},
		"a tenth is just comparable":     {of(1000, 918), of(100, 100), from, "significant"},
		"now a tenth is just comparable": {of(100, 90), of(1000, 999), from, "significant"},
		"less than a tenth is not":       {of(1000, 918), of(99, 99), from, "not comparable"},
		"now less than a tenth is not":   {of(99, 90), of(1000, 999), from, "not comparable"},
		"nothing before":                 {of(99, 90), of(0, 0), from, "nothing to compare with"},
	} {
		if got := plain(say{lang: english}.ChangeText(changeOf(c.now, c.before, from, c.begin))); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestTheChartHoldsItsPointsAndSaysThemInItsTable(t *testing.T) {
	body := wantPage(t, get(site(t, someWorld()), "/services/legal_consulting", "en"), http.StatusOK, "<td>2026-11-20</td><td>100.0 % (61.0–100.0, n = 6)</td>")
	for _, m := range regexp.MustCompile(`cx="([0-9.]+)" cy="([0-9.]+)"`).FindAllStringSubmatch(body, -1) {
		x, _ := strconv.ParseFloat(m[1], 64)
		y, _ := strconv.ParseFloat(m[2], 64)
		if x < 52 || x > 848 || y < 24 || y > 222 {
			t.Errorf("a point at %v, %v", x, y)
		}
	}
	if windows := strings.Count(body, "<tr><td>2026-"); windows != 28 {
		t.Errorf("%d windows in the table, want 28", windows)
	}
}

// hostile are ids that must work in links, and be inert.
var hostile = []string{"a/b", `"quoted"`, "客户 一", "<script>alert(1)</script>", "a?b=c&d#e", "%2F", "..", ".", "a+b", `'"><img src=x onerror=alert(1)>`, "javascript:alert(1)", "{{.}}", "a\\b", "-", "x;y"}

func TestOddIDsWorkInLinksAndAreInert(t *testing.T) {
	w := someWorld()
	for i, id := range hostile {
		w.alerts = append(w.alerts, low(fmt.Sprint("odd", i), id))
		w.ratings = append(w.ratings, rated{id, "legal_consulting", time.Hour, 200})
	}
	h := site(t, w)
	body := wantPage(t, get(h, "/alerts", "en"), http.StatusOK)
	links := regexp.MustCompile(`<td class="who"><a href="([^"]+)">`).FindAllStringSubmatch(body, -1)
	if len(links) != 2*len(w.alerts) {
		t.Fatalf("%d links of %d alerts", len(links), len(w.alerts))
	}
	for i, m := range links[len(w.alerts):] {
		id := w.alerts[i].Subject.Value
		address := strings.ReplaceAll(m[1], "&amp;", "&")
		wantPage(t, get(h, address, "en"), http.StatusOK, "<h1 class=\"id\">"+escaped(id)+"</h1>")
	}
	for _, id := range hostile {
		answer := get(h, "/customers/?id="+regexp.MustCompile(`[^a-zA-Z.]`).ReplaceAllStringFunc(id, func(c string) string {
			out := ""
			for _, b := range []byte(c) {
				out += fmt.Sprintf("%%%02X", b)
			}
			return out
		}), "en")
		if to := answer.Header().Get("Location"); answer.Code == http.StatusSeeOther {
			answer = get(h, to, "en")
		}
		wantPage(t, answer, http.StatusOK, "<h1 class=\"id\">"+escaped(id)+"</h1>")
	}
}

func TestServicesAndSegmentsOfOddNamesAreFoundByTheirLinks(t *testing.T) {
	w := someWorld()
	for _, name := range hostile {
		w.ratings = append(w.ratings, rated{"c-1", name, time.Hour, 200})
	}
	h := site(t, w)
	body := get(h, "/", "en").Body.String()
	var names []string
	for _, m := range regexp.MustCompile(`<td class="who"><a href="([^"]+)">`).FindAllStringSubmatch(body, -1) {
		address, err := url.Parse(html.UnescapeString(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		address = (&url.URL{Scheme: "http", Host: "example.com", Path: "/"}).ResolveReference(address) // as a browser does
		answer := get(h, address.RequestURI(), "en")
		if answer.Code == http.StatusOK {
			_, name, _ := strings.Cut(answer.Body.String(), "<h1>")
			name, _, _ = strings.Cut(name, "</h1>")
			names = append(names, html.UnescapeString(name))
			if channels := strings.Count(answer.Body.String(), `<th scope="row">web</th>`); channels != 1 && name != "quiet" {
				t.Errorf("service %s has %d channels, want web", name, channels)
			}
		}
	}
	for _, name := range hostile {
		if !slices.Contains(names, name) {
			t.Errorf("no link leads to the page of service %q: %q", name, names)
		}
	}
	for _, path := range []string{"/segments/?name=nonsense", "/services/?name=", "/segments/"} {
		wantPage(t, get(h, path, "en"), http.StatusNotFound)
	}
}

func escaped(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;", "+", "+").Replace(text)
}

func TestACustomerIsFoundUnderThePseudonym(t *testing.T) {
	h := site(t, someWorld(), func(o *Options) { o.Stored = func(id string) string { return "hmac/" + id } })
	if to := get(h, "/customers/?id=c+1&lang=zh", "").Header().Get("Location"); to != "/customers/hmac%2Fc%201?lang=zh" {
		t.Errorf("led to %s", to)
	}
	const pseudonym = "37d35f2bbd1ac25ba767073ffd13e704" // as a page or the API gives it
	if to := get(h, "/customers/?id="+pseudonym, "en").Header().Get("Location"); to != "/customers/"+pseudonym+"?lang=en" {
		t.Errorf("led to %s", to)
	}
	wantPage(t, get(h, "/customers/?id=", "en"), http.StatusNotFound)
}

func TestWhatIsMissingIsSaidWithItsStatus(t *testing.T) {
	paths := []string{"/", "/alerts", "/alerts/abc", "/customers/c-1", "/services/legal_consulting", "/segments/vip"}
	away, absent := someWorld(), someWorld()
	away.err, absent.absent = errAway, true
	for _, path := range paths {
		answer := get(site(t, away), path, "en")
		wantPage(t, answer, http.StatusServiceUnavailable, "The figures cannot be read now", "ClickHouse did not answer", "/readyz", "Try again")
		if answer.Header().Get("Retry-After") == "" || strings.Contains(answer.Body.String(), errAway.Error()) {
			t.Errorf("%s: no Retry-After, or the error itself", path)
		}
		if !strings.HasPrefix(path, "/alerts") {
			wantPage(t, get(site(t, absent), path, "zh"), http.StatusServiceUnavailable, "处理器从未启动过", "satisflow serve")
		}
	}
	wantPage(t, get(site(t, someWorld()), "/alerts/nonsense", "en"), http.StatusNotFound, "There is no alert of this id", `href="/alerts?lang=en"`)
}

func TestThePageSaysWhenFiguresAreLate(t *testing.T) {
	w := &lateWorld{world: someWorld(), at: now.Add(-3 * time.Hour)}
	h := site(t, w.world, func(o *Options) { o.Reader = w })
	wantPage(t, get(h, "/", "en"), http.StatusOK, "Figures of 17:34", "catching up")
	w.at = time.Unix(0, 0)
	wantPage(t, get(h, "/services/data_analysis", "en"), http.StatusOK, "No partition has been read yet")
}

func TestBothLanguagesHaveEveryText(t *testing.T) {
	en, zh := reflect.ValueOf(englishPages), reflect.ValueOf(chinesePages)
	for i := range en.NumField() {
		name := en.Type().Field(i).Name
		if en.Field(i).Kind() == reflect.String {
			if en.Field(i).String() == "" || zh.Field(i).String() == "" {
				t.Errorf("%s is empty", name)
			}
			continue
		}
		a, b := en.Field(i).Interface().(map[string]string), zh.Field(i).Interface().(map[string]string)
		for key := range a {
			if a[key] == "" || b[key] == "" || len(a) != len(b) {
				t.Errorf("%s: %s", name, key)
			}
		}
	}
	for _, words := range []pageWords{englishPages, chinesePages} {
		for _, rule := range alert.AllRules() {
			if words.Rules[string(rule)] == "" {
				t.Errorf("rule %s has no name", rule)
			}
		}
		for _, action := range append(alert.AllActions(), alert.Opened, alert.Updated, alert.Escalated, alert.Recovered, alert.Mailed) {
			if words.Actions[string(action)] == "" {
				t.Errorf("action %s has no text", action)
			}
		}
		for _, action := range alert.AllActions() {
			if words.Acts[string(action)] == "" || words.Did[string(action)] == "" {
				t.Errorf("action %s has no button, or no answer", action)
			}
		}
		for _, s := range alert.AllStates() {
			if words.States[s.String()] == "" {
				t.Errorf("state %s has no name", s)
			}
		}
		for _, s := range alert.AllSeverities() {
			if words.Levels[s.String()] == "" {
				t.Errorf("severity %s has no name", s)
			}
		}
	}
}

func TestTheFilterOfTheListReachesTheStore(t *testing.T) {
	w := someWorld()
	w.next = "17.abc"
	h := site(t, w)
	body := wantPage(t, get(h, "/alerts?state=resolved&rule=falling&severity=major&service=s&assignee=li.na&overdue=true&after=1.x&lang=en", ""), http.StatusOK,
		`<option value="resolved" selected>`, `<option value="falling" selected>`, `value="li.na"`, "checked", "Newest alerts",
		`href="/alerts?after=17.abc&amp;assignee=li.na&amp;lang=en&amp;overdue=true&amp;rule=falling&amp;service=s&amp;severity=major&amp;state=resolved"`)
	if f := w.filter; !slices.Equal(f.States, []alert.State{alert.Resolved}) || !slices.Equal(f.Rules, []alert.Rule{alert.Falling}) || !slices.Equal(f.Severities, []alert.Severity{alert.Major}) ||
		f.Service != "s" || f.Assignee != "li.na" || f.Unassigned || !f.OverdueAt.Equal(now) || f.After != "1.x" || f.Limit != perPage {
		t.Errorf("%+v", f)
	}
	if strings.Contains(body, "Who needs attention now") {
		t.Error("the watch list is on another page than the first")
	}
	wantPage(t, get(h, "/alerts", "en"), http.StatusOK, "Who needs attention now", "3.25 (n = 2)", "2.0</span>, <span", "More customers", `href="/alerts?lang=en&amp;watch=further"`, "3.497 (n = 3)", "legal_consulting, 20:34")
	if f := w.filter; !slices.Equal(f.States, atWork()) || f.Rules != nil || f.Assignee != "" || !f.OverdueAt.IsZero() {
		t.Errorf("%+v", f)
	}
	if get(h, "/alerts?state=all&assignee=-", "en"); w.filter.States != nil || !w.filter.Unassigned || w.filter.Assignee != "" {
		t.Errorf("%+v", w.filter)
	}
	for query, want := range map[string]string{"state=x": "This state is not known", "rule=x": "This rule is not known", "severity=x": "This severity is not known", "after=nonsense": "There is no such page", "watch=nonsense": "There is no such page"} {
		wantPage(t, get(h, "/alerts?"+query, "en"), http.StatusUnprocessableEntity, want)
	}
	wantPage(t, get(site(t, &world{}), "/alerts", "en"), http.StatusOK, "Nobody. A customer comes here", "No alert is at work.")
}

// lateWorld was read up to another time.
type lateWorld struct {
	*world
	at time.Time
}

func (w *lateWorld) Freshness(context.Context, *clickhouse.Epoch) (clickhouse.Freshness, error) {
	return clickhouse.Freshness{FreshAt: w.at}, nil
}
