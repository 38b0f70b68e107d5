package app

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../../.."

// goPackage is what go list says of a package.
type goPackage struct {
	ImportPath string
	Imports    []string // without those of its tests
}

func goPackages(t *testing.T, args ...string) []goPackage {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports"}, args...)...)
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err := errors.Join(err, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	var all []goPackage
	for decoder := json.NewDecoder(out); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return all
}

// under says whether the package is one of the trees: "pipeline" is itself alone, "pipeline/…" it and all below.
func under(importPath string, trees ...string) bool {
	return slices.ContainsFunc(trees, func(tree string) bool {
		tree, whole := strings.CutSuffix(tree, "/…")
		return importPath == tree || whole && strings.HasPrefix(importPath, tree+"/")
	})
}

// boundaries are the imports that there must not be, outside of tests.
var boundaries = []struct {
	from, except []string // trees of packages
	forbidden    []string
	reason       string
}{
	{[]string{"satisflow/pipeline/…"}, nil,
		[]string{"satisflow/sinks/…", "satisflow/cmd/…", "satisflow/dashboards/…", "satisflow/deploy/…"},
		"imports point down: the pipeline is given its store and sinks"},
	{[]string{"satisflow/pipeline/…"}, []string{"satisflow/pipeline"}, []string{"satisflow/pipeline"},
		"imports point down: the parts do not know the whole"},
	{[]string{"satisflow/pipeline/…"}, []string{"satisflow/pipeline/source"},
		[]string{"net/http", "github.com/segmentio/kafka-go/…", "github.com/twmb/franz-go/…", "github.com/ClickHouse/…", "github.com/prometheus/…"},
		"what is exact must not depend on a protocol: only pipeline/source speaks Kafka"},
	{[]string{"satisflow/sinks/…", "satisflow/dashboards/…"}, nil, []string{"satisflow/cmd/…", "satisflow/deploy/…"},
		"imports point down: sinks serve any program"},
	{[]string{"satisflow/sinks/…"}, []string{"satisflow/sinks/clickhouse/…"}, []string{"satisflow/sinks/clickhouse/…"},
		"sinks do not know each other"},
	{[]string{"satisflow/…"}, []string{"satisflow/sinks/clickhouse/…", "satisflow/cmd/…", "satisflow/deploy/testkit/…"}, []string{"github.com/ClickHouse/…"},
		"only sinks/clickhouse speaks ClickHouse; commands pass its connections on"},
	{[]string{"satisflow/…"}, []string{"satisflow/pipeline/source", "satisflow/deploy/testkit/…", "satisflow/cmd/internal/proof/oracle", "satisflow/cmd/internal/proof/chaos"}, []string{"github.com/segmentio/kafka-go/…"},
		"only pipeline/source speaks Kafka; what judges it (testkit, oracle, chaos) must not rest on it"},
	{[]string{"satisflow/…"}, []string{"satisflow/cmd/internal/dev/devstack", "satisflow/cmd/internal/proof/chaos", "satisflow/pipeline/source"}, []string{"github.com/twmb/franz-go/…"},
		"franz-go's broker is for development and tests; package source asks by its client for the id of a topic, which kafka-go does not know"},
	{[]string{"satisflow/…"}, []string{"satisflow/sinks/clickhouse/engine/…"}, []string{"github.com/ebitengine/purego/…"},
		"only the engine's child process loads a library"},
	{[]string{"satisflow/…"}, []string{"satisflow/sinks/mail"}, []string{"github.com/wneessen/go-mail/…"},
		"only sinks/mail speaks SMTP"},
	{[]string{"satisflow/…"}, []string{"satisflow/cmd/internal/app"}, []string{"github.com/spf13/cobra"},
		"commands are package app's; what they do must be callable without them"},
	{[]string{"satisflow/cmd/internal/proof/oracle"}, nil, []string{"satisflow/pipeline/…", "satisflow/sinks/…"},
		"an oracle that shares code with what it judges shares its errors"},
	{[]string{"satisflow/cmd/internal/service/…"}, nil,
		[]string{"satisflow/cmd/internal/gateway/…", "satisflow/cmd/internal/operate/…", "satisflow/cmd/internal/dev/…", "satisflow/cmd/internal/proof/…", "satisflow/cmd/internal/app", "satisflow/cmd/internal/config"},
		"what people work with does not know how it is reached, nor who operates it"},
	{[]string{"satisflow/cmd/internal/gateway/…"}, nil,
		[]string{"satisflow/cmd/internal/operate/…", "satisflow/cmd/internal/dev/…", "satisflow/cmd/internal/proof/…", "satisflow/cmd/internal/app", "satisflow/cmd/internal/config"},
		"the gateway serves the service; what operators and developers run is not its concern"},
	{[]string{"satisflow/cmd/internal/operate/…"}, nil,
		[]string{"satisflow/cmd/internal/gateway/…", "satisflow/cmd/internal/service/…", "satisflow/cmd/internal/dev/…", "satisflow/cmd/internal/proof/…", "satisflow/cmd/internal/app", "satisflow/cmd/internal/config"},
		"what operators run works without a gateway"},
	{[]string{"satisflow/cmd/internal/dev/…"}, nil,
		[]string{"satisflow/cmd/internal/gateway/…", "satisflow/cmd/internal/service/…", "satisflow/cmd/internal/operate/…", "satisflow/cmd/internal/proof/…", "satisflow/cmd/internal/app", "satisflow/cmd/internal/config"},
		"what is embedded for development knows nothing of what runs on it"},
	{[]string{"satisflow/…"}, []string{"satisflow/cmd/internal/app", "satisflow/cmd/internal/proof/…"}, []string{"satisflow/cmd/internal/proof/…"},
		"what judges the rest is used by its command alone"},
	{[]string{"satisflow/…"}, []string{"satisflow/cmd/…"}, []string{"satisflow/cmd/…"},
		"imports point down: nothing below knows a command"},
	{[]string{"satisflow/…"}, []string{"satisflow/deploy/…", "satisflow/sinks/sinktest"}, []string{"testing", "satisflow/deploy/testkit", "satisflow/sinks/sinktest"},
		"test code is not shipped"},
}

func TestImportsKeepTheBoundaries(t *testing.T) {
	met := make([]bool, len(boundaries))
	for _, p := range goPackages(t, "./...") {
		for i, b := range boundaries {
			if !under(p.ImportPath, b.from...) {
				continue
			}
			met[i] = true
			if under(p.ImportPath, b.except...) {
				continue
			}
			for _, imported := range p.Imports {
				if under(imported, b.forbidden...) {
					t.Errorf("%s imports %s: %s", p.ImportPath, imported, b.reason)
				}
			}
		}
	}
	for i, b := range boundaries {
		if !met[i] {
			t.Errorf("the boundary of %v is about no package", b.from)
		}
	}
}

// The packages that the project was given to build on.
var given = []string{
	"github.com/segmentio/kafka-go", "github.com/ClickHouse/clickhouse-go/v2",
	"github.com/prometheus/client_golang/prometheus", "github.com/rs/zerolog", "github.com/grafana/grafana-openapi-client-go/client",
}

func TestTheGivenPackagesAreUsedInWhatIsShipped(t *testing.T) {
	users := map[string][]string{}
	for _, p := range goPackages(t, "-deps", "./cmd/satisflow") {
		if !strings.HasPrefix(p.ImportPath, "satisflow/") {
			continue
		}
		for _, imported := range p.Imports {
			users[imported] = append(users[imported], p.ImportPath)
		}
	}
	for _, name := range given {
		if len(users[name]) == 0 {
			t.Errorf("%s is not used by any package of cmd/satisflow", name)
		}
	}
}

// topLevel is all that may lie at the top beside dot-files: it is the user's first sight.
var topLevel = []string{
	"README.md", "CHANGELOG.md", "LICENSE", "go.mod", "go.sum", "docker-compose.yml",
	"cmd", "pipeline", "sinks", "dashboards", "deploy",
}

func TestTheTopLevelHoldsOnlyWhatBelongsThere(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	ignored := ignoredNames(t)
	for _, e := range entries {
		name := e.Name()
		matches := func(pattern string) bool {
			ok, err := path.Match(pattern, name)
			return err == nil && ok
		}
		if strings.HasPrefix(name, ".") || slices.Contains(topLevel, name) || slices.ContainsFunc(ignored, matches) {
			continue
		}
		t.Errorf("%s does not belong at the top level (%s)", name, strings.Join(topLevel, ", "))
	}
}

// ignoredNames are what git ignores, such as a built program.
func ignoredNames(t *testing.T) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(content)) {
		if name := strings.Trim(strings.TrimSpace(line), "/"); name != "" && !strings.HasPrefix(name, "#") {
			names = append(names, name)
		}
	}
	return names
}
