package grafana

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"satisflow/deploy/testkit"
)

// Packages of npm that the dashboards are held against.
const (
	schemaPackage     = "@grafana/schema@13.2.3"
	typescriptPackage = "typescript@5.9.3"
)

// installed returns a folder with the packages; it is kept, since installing them takes some seconds.
func installed(t *testing.T) string {
	t.Helper()
	npm := testkit.Require(t, "npm", "install Debian's package npm")
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "satisflow", "grafana-schema", strings.NewReplacer("@", "-", "/", "-").Replace(schemaPackage+"-"+typescriptPackage))
	if _, err := os.Stat(filepath.Join(dir, "complete")); err == nil {
		return dir
	}
	write(t, filepath.Join(dir, "package.json"), []byte("{}\n"))
	cmd := exec.Command(npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--save-exact", schemaPackage, typescriptPackage)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		testkit.Unavailable(t, "npm cannot install Grafana's schema: %v\n%s", err, out)
	}
	write(t, filepath.Join(dir, "complete"), nil)
	return dir
}

// compile checks boards against Grafana's types and returns what the compiler says.
func compile(t *testing.T, boards []Dashboard) (string, error) {
	t.Helper()
	types, err := os.ReadFile(filepath.Join("testdata", "schema.ts"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.Write(types)
	constant := func(kind string, i int, v any) {
		content, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "export const %s%d: %s = %s;\n", strings.ToLower(kind), i, kind, content)
	}
	for i, d := range boards {
		constant("Board", i, d)
		for _, p := range d.Panels {
			switch p.Type {
			case "timeseries":
				constant("Graph", 1000*i+p.ID, p.FieldConfig.Defaults.Custom)
			case "table":
				constant("Table", 1000*i+p.ID, p.FieldConfig.Defaults.Custom)
			}
		}
	}
	dir := installed(t)
	// The compiler looks for packages above the file.
	work, err := os.MkdirTemp(dir, "check-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(work)
	file := filepath.Join(work, "boards.ts")
	write(t, file, []byte(b.String()))
	node := testkit.Require(t, "node", "install Debian's package nodejs")
	out, err := exec.Command(node, filepath.Join(dir, "node_modules", "typescript", "bin", "tsc"), "--noEmit", "--strict", "--skipLibCheck",
		"--module", "nodenext", "--moduleResolution", "nodenext", "--target", "es2022", file).CombinedOutput()
	return string(out), err
}

func TestTheDashboardsHaveTheTypesOfGrafana(t *testing.T) {
	boards, err := Dashboards(DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	if out, err := compile(t, boards); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	boards[0].Panels[1].FieldConfig.Defaults.Color.Mode = "fixd"
	boards[0].Templating.List[0].Type = "queries"
	if out, err := compile(t, boards[:1]); err == nil || !strings.Contains(out, "fixd") || !strings.Contains(out, "queries") {
		t.Errorf("misspelled words are not noticed: %v\n%s", err, out)
	}
}

func TestTheLinkedRunbooksAreThere(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Rules.RunbookBase = "https://example.com"
	boards, err := Dashboards(cfg)
	if err != nil {
		t.Fatal(err)
	}
	linked := 0
	for _, d := range boards {
		for _, p := range d.Panels {
			for _, l := range p.Links {
				if uid, ok := strings.CutPrefix(l.URL, "/d/"); ok {
					if !slices.ContainsFunc(boards, func(d Dashboard) bool { return d.UID == uid }) {
						t.Errorf("panel %q: no dashboard %s", p.Title, uid)
					}
					continue
				}
				linked++
				if _, err := os.Stat(filepath.Join("..", "runbooks", strings.TrimPrefix(l.URL, "https://example.com/"))); err != nil {
					t.Errorf("panel %q: %v", p.Title, err)
				}
			}
		}
	}
	if linked == 0 {
		t.Error("no panel links to a runbook")
	}
}
