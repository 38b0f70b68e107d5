package event

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the generated reference pages")

func TestTheSchemaInTheReferenceIsFresh(t *testing.T) {
	path := filepath.Join("..", "..", "deploy", "docs", "reference", "rating-event.schema.json")
	want := Schema(DefaultConfig())
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is stale (%v): go test ./pipeline/event -run Schema -update", path, err)
	}
}

func compiled(t *testing.T, cfg Config) func(text []byte) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema(cfg)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("event.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("event.json")
	if err != nil {
		t.Fatal(err)
	}
	return func(text []byte) error {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return err
		}
		return s.Validate(v)
	}
}

func TestTheSchemaAcceptsEveryEventThatIsWritten(t *testing.T) {
	cfg := testConfig()
	validate, drawn := compiled(t, cfg), events(cfg)
	rapid.Check(t, func(t *rapid.T) {
		e := drawn.Draw(t, "event")
		if text := AppendJSON(nil, &e, cfg); validate(text) != nil {
			t.Fatalf("%s: %v", text, validate(text))
		}
	})
}

// What the schema accepts must be read, but for what Schema says it can't say: objects are drawn from values that are right,
// wrong and on the edge.
func TestWhatTheSchemaAcceptsIsRead(t *testing.T) {
	cfg := testConfig()
	validate, d := compiled(t, cfg), NewDecoder(cfg)
	values := map[string][]string{
		"rating_id":   {`"r-1"`, `"r-1"`, `""`, `"r 1"`, `null`},
		"revision":    {`0`, `2.0`, `8388608`, `null`, `1e2`},
		"op":          {`"put"`, `"erase"`, `null`, `"PUT"`},
		"occurred_at": {`"2026-03-01T09:30:00Z"`, `"2026-03-01t09:30:00.123456789-23:59"`, `"2026-13-01T09:30:00Z"`, `"2099-12-31T23:59:59Z"`, `"2026-03-01"`},
		"customer_id": {`"c"`, `7`, `-7`, `7.5`, `""`, `"客户"`},
		"service":     {`"legal_consulting"`, `"legal_consulting"`, `"other"`, `""`, `null`},
		"channel":     {`"web"`, `""`, `null`, `"\u001f"`, `5`},
		"attributes":  {`{}`, `null`, `{"region":"x","other":5}`, `{"region":5}`, `[]`},
		"rating":      {`4`, `4.25`, `1`, `5.0`, `5.01`, `0.99`, `null`, `"4"`},
		"respondent":  {`"staff"`, `null`, `"other"`},
		"quality":     {`{"accuracy":1}`, `{"accuracy":1.0000001}`, `{"temperature":40.5}`, `{"temperature":-20.01}`, `{"response_time_ms":null,"x":"y"}`, `null`},
		"answers":     {`{"q":1}`, `{"q":null}`, `{"q":""}`, `{"":1}`, `{"q":true}`, `null`, `{}`},
		"comment":     {`"fine"`, `""`, `null`, `5`},
		"language":    {`"zh-CN"`, `""`, `null`, `"a b"`},
		"quarantined": {`true`, `false`, `null`, `0`},
	}
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		unusual := rapid.SliceOfN(rapid.SampledFrom(FieldNames()), 0, 4).Draw(t, "unusual")
		text := []byte{'{'}
		for _, name := range FieldNames() {
			options := values[name]
			if options == nil {
				continue
			}
			value := options[0]
			if slices.Contains(unusual, name) {
				value = rapid.SampledFrom(append(options, "")).Draw(t, name)
			}
			if value != "" && len(text) > 1 {
				text = append(text, ',')
			}
			if value != "" {
				text = append(appendKey(text, name), value...)
			}
		}
		text = append(text, '}')
		var ev Event
		if validate(text) == nil {
			accepted++
			if err := d.Decode(text, nil, &ev); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		}
	})
	if accepted < 20 {
		t.Errorf("only %d were accepted", accepted)
	}
}

func TestTheSchemaRefusesWhatIsWrong(t *testing.T) {
	validate := compiled(t, testConfig())
	for name, tc := range wrong {
		if !tc.noSchema && validate([]byte(tc.json)) == nil {
			t.Errorf("%s: accepted: %.200s", name, tc.json)
		}
	}
}
