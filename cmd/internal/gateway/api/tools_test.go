package api

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"satisflow/deploy/testkit"
)

// What generates and validates as users do it, each at one version.
var (
	pythonTools = []string{"openapi-python-client==0.29.1", "jsonschema==4.26.0"}
	nodeTools   = []string{"openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3", "ajv@8.20.0", "ajv-formats@3.0.1", "@types/node@20.19.25"}
	javaTool    = "org.openapitools:openapi-generator-cli:7.16.0"
)

// installed returns a folder of the cache that the command filled once: it runs there, and installing takes some seconds.
func installed(t *testing.T, name string, tools []string, program string, args ...string) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	versions := strings.NewReplacer("@", "-", "/", "-", "=", "", ":", "-").Replace(strings.Join(tools, "_"))
	dir := filepath.Join(cache, "satisflow", name, versions)
	done := filepath.Join(dir, "complete")
	if _, err := os.Stat(done); err == nil {
		return dir
	}
	putFile(t, filepath.Join(dir, "package.json"), `{"private":true}`)
	cmd := exec.CommandContext(t.Context(), program, append(args, tools...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		testkit.Unavailable(t, "%s can't install %v: %v\n%s", program, tools, err, out)
	}
	putFile(t, done, "")
	return dir
}

func putFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// python is an interpreter with the tools.
type python struct{ program, tools string }

func pythonWithTools(t *testing.T) python {
	program := testkit.Require(t, "python3", "install Debian's package python3")
	return python{program, installed(t, "python-tools", pythonTools, program, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--target", ".")}
}

func nodeWithTools(t *testing.T) string {
	npm := testkit.Require(t, "npm", "install Debian's package npm")
	return installed(t, "node-tools", nodeTools, npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--save-exact")
}

// run returns what the command writes, and fails the test if it fails.
func run(t *testing.T, dir string, environ []string, stdin string, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = dir, append(os.Environ(), environ...), strings.NewReader(stdin)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s\n%s", filepath.Base(program), err, out.String(), errs.String())
	}
	return out.String()
}

func (p python) run(t *testing.T, dir, stdin string, args ...string) string {
	t.Helper()
	return run(t, dir, []string{fmt.Sprintf("PYTHONPATH=%s:%s", dir, p.tools), "PYTHONDONTWRITEBYTECODE=1"}, stdin, p.program, args...)
}

func fixture(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "clients", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
