package rules

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// untranslated are words that Chinese texts keep: names of products, commands, tables and identifiers.
var untranslated = []string{"Kafka", "ClickHouse", "Prometheus", "Alertmanager", "API", "HTTP", "satisflow", "verify", "metrics", "other", "epoch",
	"rating", "id", "occurred", "at", "customer", "satisfaction", "alerts", "h", "d", "m"}

var (
	template = regexp.MustCompile("\\{\\{.*?\\}\\}|`[^`]*`") // and commands
	latin    = regexp.MustCompile(`[A-Za-z]+`)
)

func TestChineseTextsAreTranslated(t *testing.T) {
	for name, cfg := range configurations(t) {
		file, err := Build(cfg)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range file.Alerts() {
			for _, key := range []string{"summary_zh", "description_zh"} {
				text := template.ReplaceAllString(a.Annotations[key], "，")
				for _, word := range latin.FindAllString(text, -1) {
					if !slices.Contains(untranslated, word) {
						t.Errorf("%s: %s of %s says %q: %s", name, key, a.Alert, word, text)
					}
				}
				if strings.Contains(text, " %") {
					t.Errorf("%s: %s of %s has a space before %%: %s", name, key, a.Alert, text)
				}
			}
		}
	}
}

// A share is in percent with one decimal, and no duration is in English in a Chinese text.
func TestValuesAreShownForPeople(t *testing.T) {
	file, err := Build(DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range file.Alerts() {
		for key, text := range a.Annotations {
			if strings.Contains(text, "humanizePercentage") || strings.HasSuffix(key, "_zh") && strings.Contains(text, "humanizeDuration") {
				t.Errorf("%s of %s: %s", key, a.Alert, text)
			}
			if strings.Contains(text, " share") && !strings.Contains(text, "bad share") {
				t.Errorf("%s of %s shows a share as a number: %s", key, a.Alert, text)
			}
		}
	}
}
