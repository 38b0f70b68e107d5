package api

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"satisflow/deploy/testkit"
	"satisflow/pipeline/alert"
	"satisflow/sinks/clickhouse"
)

// paged is a desk with five alerts, in pages.
type paged struct {
	desk
	acted []string
}

func (d *paged) List(_ context.Context, f clickhouse.AlertFilter) (page []alert.Alert, next string, err error) {
	begin, _ := strconv.Atoi(f.After)
	for i := begin; i < 5; i++ {
		if len(page) == f.Limit {
			return page, fmt.Sprint(i), nil
		}
		page = append(page, numbered(fmt.Sprintf("a-%d", i)))
	}
	return page, "", nil
}

func (d *paged) Get(_ context.Context, id string) (alert.Alert, []alert.Entry, error) {
	a := numbered(id)
	if slices.Contains(d.acted, id) {
		a.State = alert.Acknowledged
	}
	return a, []alert.Entry{{Version: 1, At: now, By: alert.System, Action: alert.Opened}}, nil
}

func (d *paged) Act(ctx context.Context, id string, _ uint64, _ alert.Request) (alert.Alert, []alert.Entry, error) {
	d.acted = append(d.acted, id)
	a, record, _ := d.Get(ctx, id)
	return a, record, nil
}

func numbered(id string) alert.Alert {
	a := someAlert()
	a.ID = id
	return a
}

func clientWorld(t *testing.T) *world {
	return figuresWorld(t, func(o *Options) { o.Alerts = &paged{} })
}

func TestTheClientOfOpenAPIPythonClientWorks(t *testing.T) {
	py, w, dir := pythonWithTools(t), clientWorld(t), t.TempDir()
	putFile(t, filepath.Join(dir, "openapi.json"), string(w.api.OpenAPI()))
	putFile(t, filepath.Join(dir, "client.py"), fixture(t, "client.py"))
	py.run(t, dir, "", "-m", "openapi_python_client", "generate", "--path", "openapi.json", "--output-path", "satisflow_client", "--meta", "none")
	py.run(t, dir, "", "client.py", w.server.URL)
	if w.log.n != 4 {
		t.Errorf("%d ratings came", w.log.n)
	}
}

func TestTheClientOfOpenAPITypeScriptWorks(t *testing.T) {
	tools, w, dir := nodeWithTools(t), clientWorld(t), t.TempDir()
	node := testkit.Require(t, "node", "install Debian's package npm")
	putFile(t, filepath.Join(dir, "openapi.json"), string(w.api.OpenAPI()))
	putFile(t, filepath.Join(dir, "package.json"), `{"type":"module"}`)
	putFile(t, filepath.Join(dir, "client.ts"), fixture(t, "client.ts"))
	if err := os.Symlink(filepath.Join(tools, "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	run(t, dir, nil, "", node, "node_modules/openapi-typescript/bin/cli.js", "openapi.json", "-o", "schema.d.ts")
	run(t, dir, nil, "", node, "node_modules/typescript/bin/tsc", "--strict", "--target", "es2022", "--module", "nodenext", "--types", "node", "client.ts")
	run(t, dir, nil, "", node, "client.js", w.server.URL)
	if w.log.n != 3 {
		t.Errorf("%d ratings came", w.log.n)
	}
}

func TestOpenAPIGeneratorMakesAJavaClient(t *testing.T) {
	java := testkit.Require(t, "java", "install Debian's package openjdk-17-jre-headless")
	mvn := testkit.Require(t, "mvn", "install Debian's package maven")
	tools := installed(t, "openapi-generator", []string{"-Dartifact=" + javaTool}, mvn, "-q", "-B", "dependency:copy", "-DoutputDirectory=.")
	jars, err := filepath.Glob(filepath.Join(tools, "*.jar"))
	if err != nil || len(jars) != 1 {
		t.Fatalf("%v, %v", jars, err)
	}
	w, dir := clientWorld(t), t.TempDir()
	putFile(t, filepath.Join(dir, "openapi.json"), string(w.api.OpenAPI()))
	run(t, dir, nil, "", java, "-jar", jars[0], "generate", "-i", "openapi.json", "-g", "java", "--library", "native", "-o", "out")
	models := filepath.Join(dir, "out", "src", "main", "java", "org", "openapitools", "client")
	for _, name := range []string{"model/RatingEvent.java", "model/Rating.java", "model/AlertPage.java", "api/RatingsApi.java", "api/AlertsApi.java"} {
		if _, err := os.Stat(filepath.Join(models, name)); err != nil {
			t.Error(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(models, "api", "RatingsApi.java"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"public Recorded recordRatings(", `localVarRequestBuilder.header("Content-Type", "application/json")`} {
		if !contains(string(text), want) {
			t.Errorf("the client has no %q", want)
		}
	}
}
