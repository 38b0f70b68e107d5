package api

import (
	"bytes"
	"flag"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write the generated reference pages")

func TestTheOpenAPIDocumentInTheReferenceIsFresh(t *testing.T) {
	path := filepath.Join("..", "..", "..", "..", "deploy", "docs", "reference", "openapi.json")
	o := testOptions()
	o.Events.Attributes = nil
	want := newWorld(t, func(w *Options) { w.Events = o.Events }).api.OpenAPI()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is stale (%v): go test ./cmd/internal/gateway/api -run OpenAPI -update", path, err)
	}
}

// schemas compiles the schemas of an OpenAPI document when they are asked for.
type schemas struct {
	mu       sync.Mutex
	compiler *jsonschema.Compiler
	document map[string]any
}

var contracts sync.Map // of documents, by their text

func (w *world) contract() *schemas {
	text := string(w.api.OpenAPI())
	if s, ok := contracts.Load(text); ok {
		return s.(*schemas)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		w.t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("openapi.json", doc); err != nil {
		w.t.Fatal(err)
	}
	s := &schemas{compiler: c, document: doc.(map[string]any)}
	contracts.Store(text, s)
	return s
}

// checkContract demands that an answer is one that the OpenAPI document tells of.
func (w *world) checkContract(method, path string, a *answer) {
	w.t.Helper()
	item, found := pathOf(w.contract().document, path)
	if !found {
		return
	}
	operation, ok := w.contract().document["paths"].(map[string]any)[item].(map[string]any)[strings.ToLower(method)].(map[string]any)
	if !ok {
		return
	}
	status := strconv.Itoa(a.status)
	responses := operation["responses"].(map[string]any)
	if _, told := responses[status]; !told {
		if _, any := responses["default"]; !any {
			w.t.Errorf("%s %s answers %s, which the OpenAPI document does not tell of", method, path, status)
			return
		}
		status = "default"
	}
	media, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	w.validate(a.body, "paths", item, strings.ToLower(method), "responses", status, "content", media, "schema")
}

func pathOf(document map[string]any, path string) (string, bool) {
	path, _, _ = strings.Cut(path, "?")
	for item := range document["paths"].(map[string]any) {
		if matches(strings.Split(item, "/"), strings.Split(path, "/")) {
			return item, true
		}
	}
	return "", false
}

// matches says whether the parts of a path are those of an item, whose parameters stand for any part.
func matches(item, path []string) bool {
	return slices.EqualFunc(item, path, func(i, p string) bool { return i == p || strings.HasPrefix(i, "{") })
}

func (w *world) validate(text []byte, pointer ...string) {
	w.t.Helper()
	if err := w.valid(text, pointer...); err != nil {
		w.t.Errorf("an answer is not as the OpenAPI document tells: %v\n%s", err, text)
	}
}

// valid holds a text against a schema of the document.
func (w *world) valid(text []byte, pointer ...string) error {
	s := w.contract()
	s.mu.Lock()
	defer s.mu.Unlock()
	path := "openapi.json#"
	for _, p := range pointer {
		path += "/" + strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(p)
	}
	schema, err := s.compiler.Compile(path)
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return schema.Validate(v)
}

func TestTheEventSchemaAndTheDocumentAreServed(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]string{"/openapi.json": string(w.api.OpenAPI()), "/schema/rating-event.json": string(w.api.schema)} {
		if a := w.get(path); a.status != http.StatusOK || string(a.body) != want {
			t.Errorf("%s: %d, %.80s", path, a.status, a.body)
		}
	}
}

func TestTheDocumentTellsOfTheBodiesThatAreTaken(t *testing.T) {
	w := newWorld(t)
	body := []string{"components", "schemas", "RatingEvent"}
	for text, want := range map[string]bool{
		rating: true,
		`{"customer_id":"c","service":"data_analysis","rating":5}`:                              true,
		`{"customer_id":7,"service":"data_analysis","comment":"x"}`:                             true,
		`{"rating_id":"r","occurred_at":"2026-11-20T12:30:00Z","customer_id":"c","op":"erase"}`: true,
		`{"customer_id":"c","service":"data_analysis","rating":6}`:                              false,
		`{"customer_id":"c","service":"other","rating":5}`:                                      false,
		`{"service":"data_analysis","rating":5}`:                                                false,
	} {
		if got := w.valid([]byte(text), body...) == nil; got != want {
			t.Errorf("%s: by the document %v, want %v", text, got, want)
		}
		if got := w.post("application/json", text).status == http.StatusOK; got != want {
			t.Errorf("%s: taken %v, want %v", text, got, want)
		}
	}
	// Rules between fields are told in words: generators of clients can't read them.
	for _, text := range []string{`{"rating_id":"r","customer_id":"c","service":"data_analysis","rating":5}`, `{"customer_id":"c","op":"erase"}`,
		`{"customer_id":"c","service":"data_analysis"}`, `{"customer_id":"c","rating":5}`} {
		if err := w.valid([]byte(text), body...); err != nil || w.post("application/json", text).status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %v", text, err)
		}
	}
}
