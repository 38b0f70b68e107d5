package app

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// inBackticks is what could be a path: it has a slash, and nothing that paths have not.
var inBackticks = regexp.MustCompile("`([A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+)`")

func TestThePathsOfTheArchitectureExist(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "deploy", "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, m := range inBackticks.FindAllStringSubmatch(string(page), -1) {
		path := m[1]
		for _, wing := range []string{"gateway/", "operate/", "service/", "dev/", "proof/"} {
			if strings.HasPrefix(path, wing) {
				path = "cmd/internal/" + path
			}
		}
		if _, err := os.Stat(filepath.Join(root, path)); err != nil {
			t.Errorf("the page names %s: %v", m[1], err)
		}
		found++
	}
	if found < 20 {
		t.Errorf("only %d paths were found on the page", found)
	}
}

func TestEveryPackageIsOnThePageOfTheArchitecture(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "deploy", "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range goPackages(t, "./cmd/...", "./pipeline/...") {
		name := p.ImportPath[strings.LastIndex(p.ImportPath, "/")+1:]
		if !strings.Contains(string(page), "`"+name+"`") && !strings.Contains(string(page), "/"+name+"`") {
			t.Errorf("the page does not name %s", p.ImportPath)
		}
	}
}
