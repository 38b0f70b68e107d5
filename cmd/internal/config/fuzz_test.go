package config

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// FuzzFile holds a configuration file, whatever is in it, to one of two ends: a valid configuration, or problems that each
// say something. The seeds are mistakes that people make.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		"", "log:\n  level: debug\n", "log: debug\n", "log:\n\tlevel: debug\n", "log:\n  level: debug\n  level: info\n",
		"kafka:\n  brokers: kafka:9092\n", "kafka:\n  brokers: [kafka:9092,]\n", "kafka:\n  brokers:\n", "Kafka:\n  brokers: [a:1]\n",
		"processor:\n  flush_interval: 1\n", "processor:\n  flush_interval: -1s\n", "processor:\n  flush_interval: 1 s\n", "admission:\n  horizon: 35d\n",
		"bands:\n  satisfied: 4,0\n", "bands:\n  satisfied: 4.001\n", "target:\n  share: 95%\n", "target:\n  share: .nan\n", "target:\n  standards: [legal_consulting]\n",
		"windows:\n  list: [1h/5m, 28d]\n", "windows:\n  list: 1h/0m\n", "windows:\n  timezone: Asia/Shanghai\n", "windows:\n  timezone: +8\n",
		"event:\n  quality: [{name: cost, min: 1, max: 0}]\n", "event:\n  services: any\n  attributes: [region, region]\n", "a: &a [*a]\n", "\xff\xfe\n", "{", "- a\n- b\n", "---\n---\n",
	} {
		f.Add([]byte(seed))
	}
	path := filepath.Join(f.TempDir(), "satisflow.yaml")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		loaded, err := Load(Sources{File: path})
		var problems Problems
		switch {
		case err == nil:
			if left := loaded.Config.problems(); len(left) > 0 {
				t.Fatalf("%q was taken, with %v", text, left)
			}
		case !errors.As(err, &problems) || len(problems) == 0:
			t.Fatalf("%q: %v", text, err)
		default:
			for _, p := range problems {
				if p.Message == "" {
					t.Fatalf("%q: a problem that says nothing", text)
				}
			}
		}
	})
}
