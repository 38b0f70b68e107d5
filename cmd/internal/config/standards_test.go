package config

import (
	"strings"
	"testing"
)

func TestAStandardNamesServiceMetricAndValue(t *testing.T) {
	c := Default()
	c.Target.Standards = []string{"legal_consulting:response_time_ms=2000", "a:b:accuracy=0.95"}
	all, err := c.Standards()
	if err != nil || len(all) != 2 || all[0] != (Standard{"legal_consulting", "response_time_ms", 2000}) || all[1] != (Standard{"a:b", "accuracy", 0.95}) {
		t.Fatalf("%v %v", all, err)
	}
	for text, want := range map[string]string{
		"legal_consulting":                        "want SERVICE:METRIC=VALUE",
		"legal_consulting:speed=1":                "there is no metric \"speed\": want response_time_ms, accuracy, completeness",
		"legal_consulting:accuracy=95":            "\"95\" is no value of accuracy: want a number from 0 to 1",
		"legal_consulting:response_time_ms=a lot": "want a number from 0 to",
	} {
		c.Target.Standards = []string{text}
		if _, err := c.Standards(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	c.Target.Standards = []string{"a:accuracy=0.9", "b:accuracy=0.9", "a:accuracy=0.8"}
	if _, err := c.Standards(); err == nil || !strings.Contains(err.Error(), `"a:accuracy=0.8": a:accuracy has the value 0.9 already`) {
		t.Errorf("a standard twice: %v", err)
	}
}
