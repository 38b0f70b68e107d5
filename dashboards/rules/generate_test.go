package rules

import (
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write the committed rules file")

const committed = "satisflow.rules.yml"

func TestTheCommittedRulesAreThoseOfTheDefaultConfiguration(t *testing.T) {
	want, err := Generate(DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(committed, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(committed)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s is stale: run go test ./dashboards/rules -update", committed)
	}
}
