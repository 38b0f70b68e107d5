package config

import (
	"reflect"
	"testing"

	"satisflow/pipeline/event"
)

// unhashed are the fields of what decides how events are stored that change no stored integer's meaning, with the reason.
var unhashed = map[string]string{
	"Event.Services":        "which services are admitted",
	"Event.CustomerIDs":     "customers are in no sum",
	"Event.UnknownFields":   "what is admitted",
	"Event.CustomerKeyFile": "where the secret is",
	"Event.Quality.Min":     "which values are admitted",
	"Event.Quality.Max":     "which values are admitted",
	"Event.Quality.Better":  "how figures are shown",
	"Bands.Alert":           "alerts are in no sum",
}

// A field that is added to these sections is either part of the hash or has a reason above why it is not.
func TestEveryFieldThatGivesStoredIntegersTheirMeaningIsInTheHash(t *testing.T) {
	base := func() *Config {
		c := Default()
		c.Event.Attributes = []string{"region"}
		c.Event.Quality = []event.Metric{{Name: "cost", Unit: "CNY", Max: 9.5, Decimals: 1, Better: "lower"}}
		return &c
	}
	hash := func(c *Config) string { d := c.Definition(4); return d.Hash() }
	first, fields := hash(base()), 0
	for _, section := range []string{"Event", "Bands", "Windows"} {
		leaves(section, reflect.ValueOf(base()).Elem().FieldByName(section), func(path string, _ reflect.Value) {
			fields++
			c := base()
			leaves(section, reflect.ValueOf(c).Elem().FieldByName(section), func(p string, v reflect.Value) {
				if p == path {
					change(t, v)
				}
			})
			_, listed := unhashed[path]
			if changed := hash(c) != first; changed == listed {
				t.Errorf("%s: changes the hash: %v; in the list of what need not: %v", path, changed, listed)
			}
		})
	}
	if fields < 12 {
		t.Errorf("%d fields were tried", fields)
	}
	c := base()
	if hash(c) == func() string { d := c.Definition(5); return d.Hash() }() {
		t.Error("the number of partitions is not in the hash")
	}
}

// leaves calls yield for every field below v that is no struct; of a list, for those of its first element.
func leaves(path string, v reflect.Value, yield func(string, reflect.Value)) {
	switch {
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			leaves(path+"."+v.Type().Field(i).Name, v.Field(i), yield)
		}
	case v.Kind() == reflect.Slice && v.Len() > 0 && v.Index(0).Kind() == reflect.Struct:
		leaves(path, v.Index(0), yield)
	case v.Kind() == reflect.Slice && v.Len() > 0:
		yield(path, v.Index(0))
	default:
		yield(path, v)
	}
}

func change(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Float64:
		v.SetFloat(v.Float() + 1)
	default:
		t.Fatalf("a %s: teach the test to change it", v.Type())
	}
}
