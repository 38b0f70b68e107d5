package alertmanager

import (
	"errors"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestWhatBecomesOfLabels(t *testing.T) {
	for _, c := range []struct {
		name     string
		in, want map[string]string
	}{
		{"valid ones stay", map[string]string{"alertname": "客户不满意", "_x1": "a b"}, map[string]string{"alertname": "客户不满意", "_x1": "a b"}},
		{"empty names and values go", map[string]string{"": "a", "b": ""}, map[string]string{}},
		{"names are made valid", map[string]string{"a-b.c": "1", "9a": "2", "客户": "3"}, map[string]string{"a_b_c": "1", "_9a": "2", "__": "3"}},
		{"of two that become one the first stays", map[string]string{"a.b": "2", "a-b": "1"}, map[string]string{"a_b": "1"}},
		{"bytes that are no UTF-8 are replaced", map[string]string{"a": "x\xff"}, map[string]string{"a": "x\uFFFD"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := clean(c.in, 0); !maps.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAnyAlertWithALabelBecomesValid(t *testing.T) {
	name := regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	rapid.Check(t, func(t *rapid.T) {
		set := rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "annotations")
		set["long"] = rapid.String().Draw(t, "long") + strings.Repeat("满", rapid.IntRange(0, 2000).Draw(t, "characters"))
		w, err := Alert{Labels: map[string]string{"alertname": "A"}, Annotations: set}.wire()
		if err != nil {
			t.Fatal(err)
		}
		for n, v := range w.Annotations {
			if !name.MatchString(n) || v == "" || !utf8.ValidString(v) || len(v) > maxAnnotation {
				t.Fatalf("%q: %d bytes, %.40q", n, len(v), v)
			}
		}
	})
}

func TestALongAnnotationIsCutBetweenCharacters(t *testing.T) {
	w, err := Alert{Labels: map[string]string{"a": "b"}, Annotations: map[string]string{"text": strings.Repeat("满", 5000)}}.wire()
	if got := w.Annotations["text"]; err != nil || !strings.HasSuffix(got, "满…") || len(got) < maxAnnotation-4 || len(got) > maxAnnotation {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestOnlyWebAddressesAreGeneratorURLs(t *testing.T) {
	for text, want := range map[string]string{
		"https://satisflow.example.org/customers/7": "https://satisflow.example.org/customers/7",
		"https://satisflow.example.org/客户":          "https://satisflow.example.org/%E5%AE%A2%E6%88%B7",
		"javascript:alert(1)":                       "", "no address": "", "http://": "", "%": "",
	} {
		w, err := Alert{Labels: map[string]string{"a": "b"}, GeneratorURL: text}.wire()
		if err != nil || w.GeneratorURL != want {
			t.Errorf("%q becomes %q, want %q (%v)", text, w.GeneratorURL, want, err)
		}
	}
}

func TestBatchesAreBoundedAndNameWhatIsLeftOut(t *testing.T) {
	now := time.Now()
	alerts := make([]Alert, 130)
	for i := range alerts {
		alerts[i] = Alert{Labels: map[string]string{"alertname": "A"}, StartsAt: now}
	}
	alerts[3].Labels = map[string]string{"alertname": ""}
	alerts[4].EndsAt = now.Add(-time.Hour)
	all, refused, err := batches(alerts, 64)
	if err != nil || len(all) != 2 || all[0].alerts != 64 || all[1].alerts != 64 {
		t.Fatalf("%d batches, %v", len(all), err)
	}
	if len(refused) != 2 || !errors.Is(refused[0], errNoLabels) || !errors.Is(refused[1], errTimes) || !IsPermanent(refused) {
		t.Errorf("refused: %v", refused)
	}
	if text := refused.Error(); !strings.Contains(text, "alert 4 of 130 ()") || !strings.Contains(text, "alert 5 of 130 (A)") {
		t.Errorf("refused: %v", text)
	}
}
