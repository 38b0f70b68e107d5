package apply

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"satisflow/dashboards/grafana"
)

func webhook(o Options, address string) Options {
	o.Notify = &Notify{Type: "webhook", Address: address}
	return o
}

// A proxy that redirects http to https does so for all methods: a client that follows turns PUT and POST into GET.
func TestARedirectIsAnErrorThatNamesTheNewAddress(t *testing.T) {
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		f := newFake(t)
		front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, f.URL+"/grafana"+r.URL.RequestURI(), status)
		}))
		defer front.Close()
		o := webhook(f.options(), "http://127.0.0.1/hook")
		o.URL = front.URL
		plan, err := Apply(t.Context(), o)
		var elsewhere *RedirectError
		if !errors.As(err, &elsewhere) || elsewhere.Address != f.URL+"/grafana" || !strings.Contains(err.Error(), f.URL+"/grafana: nothing was sent there") || len(f.writes) != 0 {
			t.Errorf("%d: %v after %q\n%s", status, err, f.writes, plan)
		}
	}
}

// Only what changes something is redirected: questions are answered.
func TestARedirectedCommandIsNotDone(t *testing.T) {
	f := newFake(t)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			http.Redirect(w, r, f.URL+r.URL.RequestURI(), http.StatusMovedPermanently)
			return
		}
		f.Config.Handler.ServeHTTP(w, r)
	}))
	defer front.Close()
	o := webhook(f.options(), "http://127.0.0.1/hook")
	o.URL = front.URL
	plan, err := Apply(t.Context(), o)
	var elsewhere *RedirectError
	if !errors.As(err, &elsewhere) || elsewhere.Address != f.URL || len(f.writes) != 0 || strings.Contains(plan.String(), "done") {
		t.Errorf("%v after %q\n%s", err, f.writes, plan)
	}
}

func TestWhatWasTakenAndNotStoredIsNotDone(t *testing.T) {
	f := newFake(t)
	f.apply(webhook(f.options(), "http://127.0.0.1/old"))
	f.forgetful = true
	plan, err := Apply(t.Context(), webhook(f.options(), "http://127.0.0.1/new"))
	if err == nil || !strings.Contains(err.Error(), `it is not as it was sent: settings.url: "http://127.0.0.1/old" → "http://127.0.0.1/new"`) || strings.Contains(plan.String(), "done") {
		t.Errorf("%v\n%s", err, plan)
	}
}

func TestAnotherWebhookIsAChange(t *testing.T) {
	for name, noExport := range map[string]bool{"that can be read back": false, "that Grafana hides": true} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.noExport = noExport
			f.apply(webhook(f.options(), "http://127.0.0.1/old"))
			again := f.apply(webhook(f.options(), "http://127.0.0.1/old"))
			if want := map[bool]int{true: 1}[noExport]; again.Changes() != want {
				t.Errorf("the same again makes %d changes, want %d\n%s", again.Changes(), want, again)
			}
			plan := f.apply(webhook(f.options(), "http://127.0.0.1/new"))
			if got := f.contacts[0].Settings.(map[string]any)["url"]; plan.Changes() != 1 || got != "http://127.0.0.1/new" {
				t.Errorf("%d changes, the address is %v\n%s", plan.Changes(), got, plan)
			}
		})
	}
}

func TestAnotherAddressKeepsOtherSettings(t *testing.T) {
	f := newFake(t)
	o := f.options()
	o.Notify = &Notify{Type: "email", Address: "a@example.com"}
	f.apply(o)
	f.contacts[0].Settings = map[string]any{"addresses": "a@example.com", "singleEmail": true, "subject": "ours"}
	f.contacts[0].DisableResolveMessage = true
	other := *f.contacts[0] // another integration of the same contact point, listed first
	other.UID = "abc"
	f.contacts = append(f.contacts[:0:0], &other, f.contacts[0])
	o.Notify.Address = "b@example.com"
	f.apply(o)
	got := f.contacts[1].Settings.(map[string]any)
	if got["addresses"] != "b@example.com" || got["singleEmail"] != true || got["subject"] != "ours" || !f.contacts[1].DisableResolveMessage {
		t.Errorf("the settings are %v", got)
	}
	if other.Settings.(map[string]any)["addresses"] != "a@example.com" {
		t.Errorf("the other integration has %v", other.Settings)
	}

	g := newFake(t)
	g.apply(webhook(g.options(), "http://127.0.0.1/old"))
	g.contacts[0].Settings = map[string]any{"url": "http://127.0.0.1/old", "httpMethod": "PUT", "maxAlerts": 5.0}
	g.apply(webhook(g.options(), "http://127.0.0.1/new"))
	if got := g.contacts[0].Settings.(map[string]any); got["url"] != "http://127.0.0.1/new" || got["httpMethod"] != "PUT" || got["maxAlerts"] != 5.0 {
		t.Errorf("the settings are %v", got)
	}
}

func TestAPausedRuleStaysPaused(t *testing.T) {
	f := newFake(t)
	f.apply(f.options())
	for _, r := range f.rules {
		r.IsPaused = true
	}
	if plan := f.apply(f.options()); plan.Changes() != 0 {
		t.Errorf("a paused rule is changed\n%s", plan)
	}
	f.rules["satisflow-checkpoint-stale"].Title = ptr("x")
	if plan := f.apply(f.options()); plan.Changes() != 1 || !f.rules["satisflow-checkpoint-stale"].IsPaused {
		t.Errorf("after another change the rule is not paused any more\n%s", plan)
	}
}

// On a Grafana that is provisioned the error names everything that differs, and how.
func TestAllThatIsProvisionedIsNamed(t *testing.T) {
	f := newFake(t)
	o := f.options()
	o.Notify = &Notify{Type: "email", Address: "a@example.com"}
	f.apply(o)
	f.writes = nil
	f.sources[grafana.PrometheusUID].ReadOnly, f.sources[grafana.PrometheusUID].URL = true, "http://prometheus:9090"
	f.boards[grafana.OnCallUID].Meta.Provisioned = true
	f.boards[grafana.OnCallUID].Dashboard.(map[string]any)["title"] = "theirs"
	f.rules["satisflow-contact-overdue"].Provenance, f.rules["satisflow-contact-overdue"].Title = "file", ptr("theirs")
	_, err := Apply(t.Context(), o)
	for _, want := range []string{
		"data source satisflow-prometheus: it comes from a file that Grafana is provisioned with", `URL: "http://prometheus:9090" → "http://127.0.0.1:9090"`,
		"dashboard satisflow-oncall: ", `title: "theirs" → "Customer satisfaction: on call"`,
		"alert rule satisflow-contact-overdue: ", `title: "theirs" → "SatisflowCustomerContactOverdue"`,
		"change that file, or take it out there and run again",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error has no %q: %v", want, err)
		}
	}
	if len(f.writes) != 0 {
		t.Errorf("wrote %q", f.writes)
	}
	f.sources[grafana.PrometheusUID].URL = "http://127.0.0.1:9090"
	f.boards[grafana.OnCallUID].Dashboard.(map[string]any)["title"] = "Customer satisfaction: on call"
	f.rules["satisflow-contact-overdue"].Title = ptr("SatisflowCustomerContactOverdue")
	f.tree["provenance"] = "file"
	if plan := f.apply(o); plan.Changes() != 0 {
		t.Errorf("provisioned as it should be, it is changed:\n%s", plan)
	}
}

// A passing failure of a proxy is waited out for the policies too.
func TestThePoliciesAreAskedForAgain(t *testing.T) {
	f := newFake(t)
	asked := 0
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.URL.Path == "/api/v1/provisioning/policies" {
			if asked++; asked == 1 {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
		}
		f.Config.Handler.ServeHTTP(w, r)
	}))
	defer front.Close()
	o := webhook(f.options(), "http://127.0.0.1/hook")
	o.URL = front.URL
	if _, err := Apply(t.Context(), o); err != nil || asked < 2 {
		t.Errorf("%v, asked %d times", err, asked)
	}
}
