package apply

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/grafana/grafana-openapi-client-go/models"
)

// fake is a Grafana as far as Apply speaks to it, from the client's own models and what a real one was seen to do: a save
// makes a new version also of an unchanged dashboard; ids, versions and further keys appear by themselves; an old version
// is refused by 412 (dashboards, folders) or 409 (data sources); passwords come back as a sign that they are there; secrets
// of contact points come back hidden; a rule needs its folder; the tree of policies is replaced whole; some statuses are
// in no model; the health of a data source may be 404.
type fake struct {
	*httptest.Server
	t *testing.T

	mu        sync.Mutex
	version   string
	token     string
	folders   map[string]*models.Folder
	sources   map[string]*models.DataSource
	secrets   map[string]map[string]string
	boards    map[string]*models.DashboardFullWithMeta
	history   map[string]int // versions of each dashboard
	rules     map[string]*models.ProvisionedAlertRule
	contacts  []*models.EmbeddedContactPoint
	tree      map[string]any
	writes    []string
	fail      map[string]int // answers, by method and path
	before    func(r *http.Request)
	unhealthy bool
	noExport  bool // as before Grafana 10
	forgetful bool // takes a contact point and does not store it
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{t: t, version: "12.1.0", token: "good", folders: map[string]*models.Folder{}, sources: map[string]*models.DataSource{}, secrets: map[string]map[string]string{},
		boards: map[string]*models.DashboardFullWithMeta{}, history: map[string]int{}, rules: map[string]*models.ProvisionedAlertRule{}, fail: map[string]int{},
		tree: map[string]any{"receiver": "theirs", "group_by": []any{"alertname"}, "unknown_to_models": "kept", "routes": []any{
			map[string]any{"receiver": "theirs", "object_matchers": []any{[]any{"team", "=", "other"}}, "active_time_intervals": []any{"weekdays"}, "also_unknown": 7.0}}}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/health", f.health)
	f.handle(mux, "GET /api/folders/{uid}", func(r *http.Request) (any, int) { return found(f.folders[r.PathValue("uid")]) })
	f.handle(mux, "POST /api/folders", f.createFolder)
	f.handle(mux, "PUT /api/folders/{uid}", f.updateFolder)
	f.handle(mux, "GET /api/datasources/uid/{uid}", func(r *http.Request) (any, int) { return found(f.sources[r.PathValue("uid")]) })
	f.handle(mux, "POST /api/datasources", f.createSource)
	f.handle(mux, "PUT /api/datasources/uid/{uid}", f.updateSource)
	f.handle(mux, "GET /api/datasources/uid/{uid}/health", f.sourceHealth)
	f.handle(mux, "GET /api/dashboards/uid/{uid}", func(r *http.Request) (any, int) { return found(f.boards[r.PathValue("uid")]) })
	f.handle(mux, "POST /api/dashboards/db", f.saveBoard)
	f.handle(mux, "GET /api/v1/provisioning/alert-rules/{uid}", func(r *http.Request) (any, int) { return found(f.rules[r.PathValue("uid")]) })
	f.handle(mux, "POST /api/v1/provisioning/alert-rules", f.createRule)
	f.handle(mux, "PUT /api/v1/provisioning/alert-rules/{uid}", f.updateRule)
	f.handle(mux, "GET /api/v1/provisioning/contact-points", f.listContacts)
	f.handle(mux, "GET /api/v1/provisioning/contact-points/export", f.exportContacts)
	f.handle(mux, "POST /api/v1/provisioning/contact-points", f.createContact)
	f.handle(mux, "PUT /api/v1/provisioning/contact-points/{uid}", f.updateContact)
	f.handle(mux, "GET /api/v1/provisioning/policies", func(*http.Request) (any, int) { return f.tree, http.StatusOK })
	f.handle(mux, "PUT /api/v1/provisioning/policies", f.putTree)
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

// handle signs in, fails where a test wants it, and notes what is written.
func (f *fake) handle(mux *http.ServeMux, pattern string, answer func(*http.Request) (any, int)) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if f.before != nil {
			f.before(r)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		body, status := any(map[string]string{"message": "Invalid API key"}), http.StatusUnauthorized
		if r.Header.Get("Authorization") == "Bearer "+f.token {
			key := r.Method + " " + r.URL.Path
			if status = f.fail[key]; status != 0 {
				body = map[string]string{"message": "made to fail"}
			} else {
				body, status = answer(r)
				if r.Method != http.MethodGet && status < 300 {
					f.writes = append(f.writes, key)
				}
			}
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	})
}

func found[T any](v *T) (any, int) {
	if v == nil {
		return says("not found"), http.StatusNotFound
	}
	return v, http.StatusOK
}

func says(message string) map[string]string { return map[string]string{"message": message} }

func read[T any](r *http.Request) *T {
	v := new(T)
	if err := json.NewDecoder(r.Body).Decode(v); err != nil {
		panic(err)
	}
	return v
}

func (f *fake) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(models.HealthResponse{Version: f.version, Database: "ok"})
}

func (f *fake) createFolder(r *http.Request) (any, int) {
	c := read[models.CreateFolderCommand](r)
	for _, other := range f.folders {
		if other.Title == c.Title || other.UID == c.UID {
			return says("a folder with the same name already exists in the current location"), http.StatusPreconditionFailed
		}
	}
	f.folders[c.UID] = &models.Folder{UID: c.UID, Title: c.Title, Version: 1}
	return found(f.folders[c.UID])
}

func (f *fake) updateFolder(r *http.Request) (any, int) {
	c, have := read[models.UpdateFolderCommand](r), f.folders[r.PathValue("uid")]
	if have != nil && c.Version != have.Version && !c.Overwrite {
		return says("the folder has been changed by someone else"), http.StatusPreconditionFailed
	}
	if have != nil {
		have.Title, have.Version = c.Title, have.Version+1
	}
	return found(have)
}

func (f *fake) createSource(r *http.Request) (any, int) {
	c := read[models.AddDataSourceCommand](r)
	for _, other := range f.sources {
		if other.Name == c.Name || other.UID == c.UID {
			return says("data source with the same name already exists"), http.StatusConflict
		}
	}
	f.secrets[c.UID] = c.SecureJSONData
	f.sources[c.UID] = &models.DataSource{UID: c.UID, Name: c.Name, Type: c.Type, Access: c.Access, URL: c.URL, JSONData: c.JSONData, IsDefault: c.IsDefault,
		ID: int64(len(f.sources) + 1), OrgID: 1, Version: 1, SecureJSONFields: f.secretsOf(c.UID)}
	return map[string]any{"id": 1, "message": "Datasource added", "name": c.Name, "datasource": f.sources[c.UID]}, http.StatusOK
}

func (f *fake) secretsOf(uid string) map[string]bool {
	fields := map[string]bool{}
	for name := range f.secrets[uid] {
		fields[name] = true
	}
	return fields
}

func (f *fake) updateSource(r *http.Request) (any, int) {
	c, have := read[models.UpdateDataSourceCommand](r), f.sources[r.PathValue("uid")]
	switch {
	case have == nil:
		return found(have)
	case have.ReadOnly:
		return says("Cannot update read-only data source"), http.StatusForbidden
	case c.Version != have.Version:
		return says("Datasource has already been updated by someone else. Please reload and try again"), http.StatusConflict
	}
	for name, secret := range c.SecureJSONData {
		if f.secrets[c.UID] == nil {
			f.secrets[c.UID] = map[string]string{}
		}
		f.secrets[c.UID][name] = secret
	}
	*have = models.DataSource{UID: c.UID, Name: c.Name, Type: c.Type, Access: c.Access, URL: c.URL, JSONData: c.JSONData, IsDefault: c.IsDefault, BasicAuth: c.BasicAuth,
		BasicAuthUser: c.BasicAuthUser, Database: c.Database, User: c.User, ID: have.ID, OrgID: 1, Version: have.Version + 1, SecureJSONFields: f.secretsOf(c.UID)}
	return map[string]any{"message": "Datasource updated", "name": c.Name, "datasource": have}, http.StatusOK
}

func (f *fake) sourceHealth(r *http.Request) (any, int) {
	switch {
	case f.unhealthy:
		return map[string]string{"status": "ERROR", "message": "dial tcp: connection refused"}, http.StatusBadRequest
	case strings.Contains(r.URL.Path, "prometheus"):
		return map[string]string{"status": "OK", "message": "works"}, http.StatusOK
	}
	return says("plugin has no health check"), http.StatusNotFound
}

func (f *fake) saveBoard(r *http.Request) (any, int) {
	c := read[models.SaveDashboardCommand](r)
	board := c.Dashboard.(map[string]any)
	uid := board["uid"].(string)
	have := f.boards[uid]
	version, _ := board["version"].(float64)
	switch {
	case f.folders[c.FolderUID] == nil:
		return says("folder not found"), http.StatusBadRequest
	case have != nil && have.Meta.Provisioned:
		return says("Cannot save provisioned dashboard"), http.StatusBadRequest
	case have != nil && !c.Overwrite && int(version) != f.history[uid]:
		return map[string]string{"message": "The dashboard has been changed by someone else", "status": "version-mismatch"}, http.StatusPreconditionFailed
	}
	f.history[uid]++
	board["id"], board["version"] = 100+len(f.boards), f.history[uid]
	for _, p := range board["panels"].([]any) {
		p.(map[string]any)["pluginVersion"] = f.version
	}
	f.boards[uid] = &models.DashboardFullWithMeta{Dashboard: board, Meta: &models.DashboardMeta{FolderUID: c.FolderUID, Version: int64(f.history[uid])}}
	return map[string]any{"id": 1, "uid": uid, "url": "/d/" + uid, "status": "success", "version": f.history[uid], "slug": uid, "title": board["title"]}, http.StatusOK
}

func (f *fake) createRule(r *http.Request) (any, int) {
	c := read[models.ProvisionedAlertRule](r)
	if f.folders[*c.FolderUID] == nil {
		return says("folder does not exist"), http.StatusBadRequest
	}
	c.ID, c.Provenance = 5, provenance(r)
	f.rules[c.UID] = c
	return c, http.StatusCreated
}

func provenance(r *http.Request) models.Provenance {
	if r.Header.Get("X-Disable-Provenance") == "true" {
		return ""
	}
	return "api"
}

func (f *fake) updateRule(r *http.Request) (any, int) {
	c, have := read[models.ProvisionedAlertRule](r), f.rules[r.PathValue("uid")]
	if have == nil {
		return found(have)
	}
	if have.Provenance != provenance(r) {
		return says("cannot change provenance from 'api' to ''"), http.StatusConflict
	}
	c.ID, c.Provenance = have.ID, have.Provenance
	f.rules[c.UID] = c
	return c, http.StatusOK
}

func (f *fake) listContacts(*http.Request) (any, int) {
	var all []models.EmbeddedContactPoint
	for _, c := range f.contacts {
		shown := *c
		if settings, ok := c.Settings.(map[string]any); ok && settings["url"] != nil {
			masked := maps.Clone(settings)
			masked["url"] = "[REDACTED]"
			shown.Settings = masked
		}
		all = append(all, shown)
	}
	return all, http.StatusOK
}

// exportContacts is there since Grafana 10, for admins.
func (f *fake) exportContacts(r *http.Request) (any, int) {
	if f.noExport {
		return says("not found"), http.StatusNotFound
	}
	var receivers []any
	for _, c := range f.contacts {
		receivers = append(receivers, map[string]any{"uid": c.UID, "type": c.Type, "settings": c.Settings})
	}
	return map[string]any{"apiVersion": 1, "contactPoints": []any{map[string]any{"name": "satisflow", "receivers": receivers}}}, http.StatusOK
}

func (f *fake) createContact(r *http.Request) (any, int) {
	c := read[models.EmbeddedContactPoint](r)
	f.contacts = append(f.contacts, c)
	return c, http.StatusAccepted
}

func (f *fake) updateContact(r *http.Request) (any, int) {
	c := read[models.EmbeddedContactPoint](r)
	i := slices.IndexFunc(f.contacts, func(o *models.EmbeddedContactPoint) bool { return o.UID == r.PathValue("uid") })
	if i < 0 {
		return says("not found"), http.StatusNotFound
	}
	if f.forgetful {
		return map[string]string{"message": "contactpoint updated"}, http.StatusAccepted
	}
	stored, _ := f.contacts[i].Settings.(map[string]any)
	for name, v := range c.Settings.(map[string]any) {
		if v == "[REDACTED]" {
			c.Settings.(map[string]any)[name] = stored[name]
		}
	}
	f.contacts[i] = c
	return map[string]string{"message": "contactpoint updated"}, http.StatusAccepted
}

func (f *fake) putTree(r *http.Request) (any, int) {
	tree := *read[map[string]any](r)
	for _, route := range tree["routes"].([]any) {
		receiver := route.(map[string]any)["receiver"]
		known := receiver == "theirs" || slices.ContainsFunc(f.contacts, func(c *models.EmbeddedContactPoint) bool { return c.Name == receiver })
		if !known {
			return says(fmt.Sprintf("receiver %v does not exist", receiver)), http.StatusBadRequest
		}
	}
	f.tree = tree
	return map[string]string{"message": "policies updated"}, http.StatusAccepted
}
