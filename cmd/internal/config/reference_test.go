package config

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the generated reference pages")

func TestTheReferenceIsFresh(t *testing.T) {
	deploy := filepath.Join("..", "..", "..", "deploy")
	for path, want := range map[string][]byte{
		filepath.Join(deploy, "docs", "reference", "configuration.md"): Reference(),
		filepath.Join(deploy, "satisflow.reference.yaml"):              ReferenceFile(),
	} {
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is stale (%v): go test ./cmd/internal/config -run Reference -update", path, err)
		}
	}
}

func TestTheReferenceFileSaysTheDefaults(t *testing.T) {
	path := write(t, string(ReferenceFile()))
	loaded, err := Load(Sources{File: path})
	if err != nil {
		t.Fatal(err)
	}
	want, err := Load(Sources{})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range loaded.Values {
		if v.Default {
			t.Errorf("%s is not in the reference file", v.Key)
		}
		if v.Text != want.Values[i].Text {
			t.Errorf("%s is %q in the reference file, %q by default", v.Key, v.Text, want.Values[i].Text)
		}
	}
}

func TestEveryKeyIsExplained(t *testing.T) {
	names := map[string]string{}
	for _, k := range Keys() {
		if len(k.Help) < 10 {
			t.Errorf("%s: the help %q says too little", k.Name, k.Help)
		}
		if strings.ToLower(k.Name) != k.Name {
			t.Errorf("%s: want lower case", k.Name)
		}
		if other, taken := names[k.Env]; taken {
			t.Errorf("%s and %s share the variable %s", k.Name, other, k.Env)
		}
		if slices.Contains(notKeys, k.Env) || foreign.MatchString(k.Env) {
			t.Errorf("%s: the variable %s means something else", k.Name, k.Env)
		}
		names[k.Env] = k.Name
	}
	if len(names) < 50 {
		t.Errorf("only %d keys are found", len(names))
	}
}

func TestEverySecretHasAFile(t *testing.T) {
	for _, l := range keys().leaves {
		if _, ok := keys().byKey[l.key+"_file"]; l.secret && !ok {
			t.Errorf("%s cannot come from a file", l.key)
		}
	}
}

func TestAFileOfSettingsSaysThem(t *testing.T) {
	settings := []Setting{{"windows.list", "2h/10m,14d/1d", ""}, {"kafka.brokers", "a:1,b:2", ""}, {"kafka.group.id", "x y: #z", ""}, {"kafka.tls.enabled", "true", ""},
		{"event.quality", "[{name: cost, unit: CNY, min: 0, max: 9.5, decimals: 1, better: lower}]", ""}, {"clickhouse.dsn_file", "/x", ""}}
	loaded, err := Load(Sources{File: write(t, string(File("made by a test", settings...))), SecretsUnread: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range settings {
		for _, v := range loaded.Values {
			if v.Key == s.Key && v.Text != s.Text {
				t.Errorf("%s is %q, want %q", v.Key, v.Text, s.Text)
			}
		}
		if !loaded.IsSet(s.Key) {
			t.Errorf("%s is not set", s.Key)
		}
	}
}
