package apply

import (
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/grafana/grafana-openapi-client-go/models"
	"go.uber.org/goleak"

	"satisflow/dashboards/grafana"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func (f *fake) options() Options {
	o := DefaultOptions()
	o.URL, o.Token = f.URL, f.token
	o.Sources.Password = "secret"
	return o
}

func (f *fake) apply(o Options) Plan {
	f.t.Helper()
	plan, err := Apply(f.t.Context(), o)
	if err != nil {
		f.t.Fatalf("%v\n%s", err, plan)
	}
	return plan
}

const objects = 9 // a folder, two data sources, four dashboards, two rules

func TestApplyTwiceChangesNothingTheSecondTime(t *testing.T) {
	f := newFake(t)
	o := f.options()
	o.Notify = &Notify{Type: "webhook", Address: "http://127.0.0.1/hook"}
	first := f.apply(o)
	if first.Changes() != objects+2 || len(f.writes) != objects+2 {
		t.Errorf("the first made %d changes by %q, want %d\n%s", first.Changes(), f.writes, objects+2, first)
	}
	f.writes = nil
	second := f.apply(o)
	if second.Changes() != 0 || len(f.writes) != 0 {
		t.Errorf("the second made %d changes by %q\n%s", second.Changes(), f.writes, second)
	}
	for uid, versions := range f.history {
		if versions != 1 {
			t.Errorf("dashboard %s has %d versions, want 1", uid, versions)
		}
	}
}

func TestADryRunChangesNothingAndSaysWhatWouldBe(t *testing.T) {
	f := newFake(t)
	o := f.options()
	o.DryRun = true
	if plan := f.apply(o); plan.Changes() != objects || len(f.writes) != 0 {
		t.Errorf("%d changes, wrote %q", plan.Changes(), f.writes)
	}
	f.apply(f.options())
	f.writes = nil
	board := f.boards[grafana.LeadershipUID].Dashboard.(map[string]any)
	board["title"] = "mine"
	f.sources[grafana.PrometheusUID].URL = "http://elsewhere:9090"
	plan := f.apply(o)
	text := plan.String()
	for _, want := range []string{
		`update    dashboard Customer satisfaction: leadership (satisflow-leadership)`, `title: "mine" → "Customer satisfaction: leadership"`,
		`URL: "http://elsewhere:9090" → "http://127.0.0.1:9090"`, "unchanged folder satisflow (satisflow)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the plan lacks %q:\n%s", want, text)
		}
	}
	if plan.Changes() != 2 || len(f.writes) != 0 {
		t.Errorf("%d changes, wrote %q", plan.Changes(), f.writes)
	}
}

func TestWhatIsNotOursStays(t *testing.T) {
	f := newFake(t)
	o := f.options()
	o.Notify = &Notify{Type: "email", Address: "cx@example.com"}
	before, _ := plain(f.tree)
	f.apply(o)
	routes := f.tree["routes"].([]any)
	if !reflect.DeepEqual(routes[0].(map[string]any)["object_matchers"], ourMatchers) {
		t.Errorf("our route is not first: %v", routes)
	}
	f.tree["routes"] = routes[1:]
	if !reflect.DeepEqual(f.tree, before) {
		t.Errorf("the tree without our route is %v, want %v", f.tree, before)
	}

	source := f.sources[grafana.ClickHouseUID]
	source.IsDefault = true
	source.JSONData.(map[string]any)["logs"] = "theirs"
	f.apply(o)
	o.Sources.Database = "other"
	f.apply(o)
	source = f.sources[grafana.ClickHouseUID]
	settings := source.JSONData.(map[string]any)
	if !source.IsDefault || settings["logs"] != "theirs" || settings["defaultDatabase"] != "other" || f.secrets[grafana.ClickHouseUID]["password"] != "secret" {
		t.Errorf("got %+v", source)
	}
}

func TestAPasswordIsSentWhenThereIsNoneOrWhenAsked(t *testing.T) {
	f := newFake(t)
	o := f.options()
	o.Sources.Password = ""
	f.apply(o)
	o.Sources.Password = "one"
	if plan := f.apply(o); plan.Changes() != 1 || f.secrets[grafana.ClickHouseUID]["password"] != "one" {
		t.Errorf("missing: %s", plan)
	}
	o.Sources.Password = "two"
	if plan := f.apply(o); plan.Changes() != 0 {
		t.Errorf("not asked: %s", plan)
	}
	o.SendPassword = true
	if plan := f.apply(o); plan.Changes() != 1 || f.secrets[grafana.ClickHouseUID]["password"] != "two" || strings.Contains(plan.String(), "two") {
		t.Errorf("asked: %s", plan)
	}
}

func TestApplyRefusesWhatSomebodyElseHas(t *testing.T) {
	for _, c := range []struct {
		name, want string
		given      func(f *fake)
	}{
		{"a dashboard without our tag", "somebody else's", func(f *fake) {
			f.boards[grafana.OnCallUID] = &models.DashboardFullWithMeta{Dashboard: map[string]any{"uid": grafana.OnCallUID, "tags": []any{"x"}}, Meta: &models.DashboardMeta{}}
		}},
		{"a provisioned dashboard that differs", "title: nothing → \"Customer satisfaction: on call\"", func(f *fake) {
			f.boards[grafana.OnCallUID] = &models.DashboardFullWithMeta{Dashboard: map[string]any{"uid": grafana.OnCallUID, "tags": []any{"satisflow"}}, Meta: &models.DashboardMeta{Provisioned: true}}
		}},
		{"a data source of another type", "of the type loki", func(f *fake) {
			f.sources[grafana.PrometheusUID] = &models.DataSource{UID: grafana.PrometheusUID, Type: "loki"}
		}},
		{"a read-only data source that differs", "URL: nothing → \"http://127.0.0.1:9090\"", func(f *fake) {
			f.sources[grafana.PrometheusUID] = &models.DataSource{UID: grafana.PrometheusUID, Type: "prometheus", ReadOnly: true}
		}},
		{"a contact point of our name", "rename that", func(f *fake) {
			f.contacts = []*models.EmbeddedContactPoint{{UID: "other", Name: "satisflow", Type: ptr("email")}}
		}},
		{"policies from a file", "the route with object_matchers [[app = satisflow]] and the receiver satisflow: add it", func(f *fake) { f.tree["provenance"] = "file" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			c.given(f)
			o := f.options()
			o.Notify = &Notify{Type: "email", Address: "cx@example.com"}
			_, err := Apply(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), c.want) || len(f.writes) != 0 {
				t.Errorf("got %v and wrote %q, want an error with %q and nothing written", err, f.writes, c.want)
			}
		})
	}
}

func TestASaveInBetweenIsAConflictAndNotLost(t *testing.T) {
	f := newFake(t)
	f.apply(f.options())
	board := f.boards[grafana.OnCallUID].Dashboard.(map[string]any)
	board["title"] = "mine"
	f.before = func(r *http.Request) {
		if r.URL.Path == "/api/dashboards/db" {
			f.mu.Lock()
			f.history[grafana.OnCallUID]++
			f.mu.Unlock()
		}
	}
	plan, err := Apply(t.Context(), f.options())
	if !isStatus(err, http.StatusPreconditionFailed) || !strings.Contains(err.Error(), "run again") {
		t.Fatalf("got %v", err)
	}
	if board["title"] != "mine" || plan.Changes() != 1 {
		t.Errorf("the title is %v, %d changes", board["title"], plan.Changes())
	}
}

func TestAfterAFailureASecondRunGoesOn(t *testing.T) {
	f := newFake(t)
	f.fail["POST /api/dashboards/db"] = http.StatusInternalServerError
	plan, err := Apply(t.Context(), f.options())
	if !isStatus(err, http.StatusInternalServerError) || !strings.Contains(err.Error(), "create dashboard satisflow-leadership") {
		t.Fatalf("got %v", err)
	}
	done := 0
	for _, s := range plan.Steps {
		if s.Done {
			done++
		}
	}
	if done != 3 || len(f.writes) != 3 {
		t.Errorf("%d steps done, wrote %q; want folder and data sources", done, f.writes)
	}
	f.fail = nil
	if plan := f.apply(f.options()); plan.Changes() != objects-3 {
		t.Errorf("the second run changes %d, want %d", plan.Changes(), objects-3)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	const folderPath = "GET /api/folders/satisflow"
	for _, c := range []struct {
		name, want string
		given      func(f *fake, o *Options)
	}{
		{"401", "service account", func(_ *fake, o *Options) { o.Token = "bad" }},
		{"403", "role Admin", func(f *fake, _ *Options) {
			f.fail["GET /api/datasources/uid/satisflow-prometheus"] = http.StatusForbidden
		}},
		{"404", "the path that it is served below", func(_ *fake, o *Options) { o.URL += "/grafana" }},
		{"409", "something else has this name", func(f *fake, _ *Options) {
			f.sources["x"] = &models.DataSource{UID: "x", Name: "satisflow Prometheus"}
		}},
		{"412", "something else has this name", func(f *fake, _ *Options) { f.folders["x"] = &models.Folder{UID: "x", Title: "satisflow"} }},
		{"500", "look into its log", func(f *fake, _ *Options) { f.fail[folderPath] = http.StatusInternalServerError }},
		{"a status in no model", "made to fail", func(f *fake, _ *Options) { f.fail[folderPath] = http.StatusTeapot }},
		{"too old", "too old: it is 9.3.6: want 9.4", func(f *fake, _ *Options) { f.version = "9.3.6" }},
		{"no Grafana", "is the address that of Grafana", func(f *fake, _ *Options) { f.version = "" }},
		{"nobody there", "is Grafana running there", func(_ *fake, o *Options) { o.URL = "http://127.0.0.1:1" }},
		{"no TLS there", "use http://", func(f *fake, o *Options) { o.URL = strings.Replace(f.URL, "http:", "https:", 1) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			o := f.options()
			c.given(f, &o)
			if _, err := Apply(t.Context(), o); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestACertificateThatIsNotTrustedIsSaidAndCanBe(t *testing.T) {
	f := newFake(t)
	secure := httptest.NewUnstartedServer(f.Config.Handler)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	o := f.options()
	o.URL = secure.URL
	if _, err := Apply(t.Context(), o); err == nil || !strings.Contains(err.Error(), "CA file") {
		t.Errorf("got %v, want advice on a CA file", err)
	}
	o.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	if err := os.WriteFile(o.CAFile, block, 0o600); err != nil {
		t.Fatal(err)
	}
	f.apply(o)
	if resp, err := http.Get(secure.URL); err == nil {
		resp.Body.Close()
		t.Error("now the whole process trusts it")
	}
}

func TestQuestionsAreRepeatedAndCommandsAreNot(t *testing.T) {
	f := newFake(t)
	asked := map[string]int{}
	f.before = func(r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		key := r.Method + " " + r.URL.Path
		asked[key]++
		if asked["GET /api/folders/satisflow"] == 2 {
			delete(f.fail, "GET /api/folders/satisflow")
		}
	}
	f.fail["GET /api/folders/satisflow"], f.fail["POST /api/folders"] = http.StatusServiceUnavailable, http.StatusServiceUnavailable
	_, err := Apply(t.Context(), f.options())
	if !isStatus(err, http.StatusServiceUnavailable) || asked["GET /api/folders/satisflow"] != 2 || asked["POST /api/folders"] != 1 {
		t.Errorf("got %v after %v", err, asked)
	}
}

func TestADataSourceThatDoesNotWorkIsAWarning(t *testing.T) {
	f := newFake(t)
	if plan := f.apply(f.options()); len(plan.Warnings) != 0 {
		t.Errorf("got %q, want none", plan.Warnings)
	}
	f.unhealthy, f.version = true, "9.4.7"
	plan := f.apply(f.options())
	if len(plan.Warnings) != 3 || !strings.Contains(plan.String(), "older than 11.6") || !strings.Contains(plan.String(), "connection refused") {
		t.Errorf("got %q", plan.Warnings)
	}
}

func TestBadOptionsAreRefused(t *testing.T) {
	for want, spoil := range map[string]func(*Options){
		"url":               func(o *Options) { o.URL = "grafana:3000" },
		"url: holds":        func(o *Options) { o.URL = "http://admin:admin@grafana:3000" },
		"token: missing":    func(o *Options) { o.Token = "" },
		"token: set beside": func(o *Options) { o.Username = "admin" },
		"timeout":           func(o *Options) { o.Timeout = 0 },
		"notify":            func(o *Options) { o.Notify = &Notify{Type: "fax", Address: "1"} },
		"clickhouse":        func(o *Options) { o.Sources.ClickHousePort = 0 },
		"ca_file":           func(o *Options) { o.CAFile = "/nowhere.pem" },
	} {
		o := DefaultOptions()
		o.Token = "x"
		spoil(&o)
		if _, err := Apply(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
	if _, err := Apply(t.Context(), DefaultOptions()); errors.Is(err, ErrTooOld) {
		t.Error("no token is not an old Grafana")
	}
}

func TestWhatWasChangedByHandIsChangedBack(t *testing.T) {
	f := newFake(t)
	o := f.options()
	o.Notify = &Notify{Type: "email", Address: "cx@example.com"}
	f.apply(o)
	f.folders[grafana.FolderUID].Title = "x"
	f.boards[grafana.OnCallUID].Dashboard.(map[string]any)["panels"].([]any)[1].(map[string]any)["title"] = "x"
	f.boards[grafana.LeadershipUID].Meta.FolderUID = "elsewhere"
	f.rules["satisflow-checkpoint-stale"].Title = ptr("x")
	f.rules["satisflow-contact-overdue"].Data[0].Model.(map[string]any)["rawSql"] = "SELECT 0"
	f.contacts[0].Settings = map[string]any{"addresses": "x@example.com", "singleEmail": true}
	ourRoute := f.tree["routes"].([]any)[0].(map[string]any)
	ourRoute["receiver"] = "theirs"
	plan := f.apply(o)
	if plan.Changes() != 7 {
		t.Errorf("%d changes, want 7\n%s", plan.Changes(), plan)
	}
	if again := f.apply(o); again.Changes() != 0 {
		t.Errorf("the next run changes\n%s", again)
	}
	if f.history[grafana.OnCallUID] != 2 || f.history[grafana.OnCallUID+"-zh"] != 1 {
		t.Errorf("versions are %v", f.history)
	}
}

func TestDifferencesAreThoseThatMatter(t *testing.T) {
	for _, c := range []struct {
		name       string
		want, have any
		say        string
	}{
		{"the same", map[string]any{"a": 1, "b": []int{1, 2}}, map[string]any{"a": 1, "b": []int{1, 2}}, ""},
		{"keys that Grafana adds", map[string]any{"a": 1}, map[string]any{"a": 1, "id": 7, "version": 3, "pluginVersion": "12"}, ""},
		{"empty keys", map[string]any{"a": 1}, map[string]any{"a": 1, "links": []int{}, "hide": false, "options": map[string]any{"x": nil}}, ""},
		{"another value", map[string]any{"a": 1}, map[string]any{"a": 2}, "a: 2 → 1"},
		{"a key of somebody else", map[string]any{"a": 1}, map[string]any{"a": 1, "links": []int{1}}, "links: [1] → nothing"},
		{"a missing key", map[string]any{"a": map[string]any{"b": "x"}}, map[string]any{"a": map[string]any{}}, `a.b: nothing → "x"`},
		{"a longer list", map[string]any{"a": []int{1}}, map[string]any{"a": []int{1, 2}}, "a: [1,2] → [1]"},
		{"another value in a list", map[string]any{"a": []int{1, 3}}, map[string]any{"a": []int{1, 2}}, "a[1]: 2 → 3"},
		{"a hidden secret", map[string]any{"url": "x"}, map[string]any{"url": "[REDACTED]"}, ""},
	} {
		got, err := differences(c.want, c.have)
		if err != nil || strings.Join(got, "; ") != c.say {
			t.Errorf("%s: got %q %v, want %q", c.name, got, err, c.say)
		}
	}
}
