package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"satisflow/cmd/internal/gateway/problem"
	"satisflow/pipeline/event"
)

func init() {
	huma.ValidateStrictCasing = true // encoding/json takes Customer_ID for customer_id
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return problemOf(status, message, errs)
	}
}

// problemOf makes a problem of an error of huma's. What lies behind an error of ours is none of the caller's business.
func problemOf(status int, message string, errs []error) *problem.Problem {
	const most = 100 // of entries
	p := problem.New(status, "%s", message)
	if status >= http.StatusInternalServerError {
		p.Detail = "an error of ours: the log has it under the id in X-Request-Id"
		return p
	}
	if len(errs) > most {
		p.Detail = fmt.Sprintf("%s (the first %d of %d errors are listed)", message, most, len(errs))
		errs = errs[:most]
	}
	for _, err := range errs {
		var detail *huma.ErrorDetail
		switch {
		case errors.As(err, &detail):
			_ = p.With(entryAt(detail.Location, detail.Message))
		case err != nil:
			_ = p.With(problem.Entry{Detail: err.Error()})
		}
	}
	return p
}

// entryAt returns the entry about a place that huma names, such as query.limit or body.rating_ids[3].
func entryAt(location, message string) problem.Entry {
	where, name, _ := strings.Cut(location, ".")
	switch {
	case where == "body" && name == "":
		return problem.Entry{Detail: "body: " + message}
	case where == "body":
		path := strings.NewReplacer("[", "/", "]", "", ".", "/").Replace(name)
		return problem.Entry{Field: name, Pointer: "#/" + path, Detail: name + ": " + message}
	case name == "":
		name = where
	}
	return problem.Entry{Parameter: name, Detail: name + ": " + message}
}

func (a *API) humaConfig() huma.Config {
	version := a.Version
	if version == "" {
		version = "dev"
	}
	servers := []*huma.Server{{URL: cmp.Or(a.BasePath, "/"), Description: "This gateway"}}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			Servers: servers,
			OpenAPI: "3.1.0",
			Info: &huma.Info{Title: "satisflow", Version: version,
				Description: "Ratings in, exact rolling figures out. Errors are RFC 9457 problems with an entry for each wrong field of each row. Shares and means are null where there is nothing to make them of."},
			Components: &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)},
		},
		Formats:       map[string]huma.Format{"application/json": strictJSON, "json": strictJSON},
		DefaultFormat: "application/json",
	}
}

// document writes the finished OpenAPI document.
func (a *API) document(o *huma.OpenAPI) {
	for _, s := range o.Components.Schemas.Map() {
		for _, p := range s.Properties {
			if p.Nullable && len(p.Enum) > 0 {
				p.Enum = append(p.Enum, nil) // huma forgets that null is one of the values then
			}
		}
	}
	typeParameters(o)
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(o); err != nil {
		panic(fmt.Sprintf("api: encode the OpenAPI document: %v", err)) // it consists of strings and numbers
	}
	a.openAPI = bytes.ReplaceAll(out.Bytes(), []byte(`"`+first), []byte(`"`))
}

// first before a media type puts it first: generators take the first one for the usual one, and encoding/json sorts.
const first = "\u0020"

// typeParameters gives the parameters of queries their types. They are read as text, so that what is wrong in them is
// answered like all else that is.
func typeParameters(o *huma.OpenAPI) {
	least, most, longest := 1.0, float64(mostAlerts), longestSpan.Hours()/24
	instant := &huma.Schema{Type: huma.TypeString, Format: "date-time"}
	types := map[string]*huma.Schema{
		"limit": {Type: huma.TypeInteger, Minimum: &least, Maximum: &most}, "days": {Type: huma.TypeInteger, Minimum: &least, Maximum: &longest},
		"overdue": {Type: huma.TypeBoolean, Enum: []any{true}}, "period": {Type: huma.TypeString, Enum: []any{"day", "week"}},
		"from": instant, "to": instant, "opened_from": instant, "opened_to": instant,
	}
	for _, path := range o.Paths {
		if path.Get == nil {
			continue
		}
		for _, p := range path.Get.Parameters {
			if typed := types[p.Name]; typed != nil && p.In == "query" {
				p.Schema = typed
			}
		}
	}
}

// ratingSchema is the event's schema as the gateway takes it, in the form that generators of clients make types of: without
// rules between fields, without null among named values, and without defaults, of which they make fields that must be there. The schema at
// /schema/rating-event.json has all.
func ratingSchema(cfg event.Config) *huma.Schema {
	var members map[string]any
	if err := json.Unmarshal(event.Schema(cfg), &members); err != nil {
		panic(fmt.Sprintf("api: the event's schema: %v", err)) // it was made from JSON
	}
	for _, name := range []string{"$schema", "$id", "title", "if", "then", "else"} {
		delete(members, name)
	}
	members["description"] = "A rating event. Without a rating_id the gateway makes one, and occurred_at may be missing too: it is the time of arrival then; " +
		"a rating_id needs its occurred_at. Beside customer_id a rating needs its service, and a rating, a comment or an answer; an erasure its rating_id and occurred_at. " +
		"Null counts as missing. The JSON Schema at /schema/rating-event.json has these rules."
	members["required"] = []string{"customer_id"}
	for name, property := range members["properties"].(map[string]any) {
		p := property.(map[string]any)
		delete(p, "default")
		if p["format"] != nil {
			delete(p, "pattern")
		}
		if values, ok := p["enum"].([]any); ok {
			p["type"], p["enum"] = "string", slices.DeleteFunc(values, func(v any) bool { return v == nil })
		}
		if name == "attributes" && len(p["properties"].(map[string]any)) == 0 {
			p["additionalProperties"] = map[string]any{"type": "string"} // an object without any member is no type
		}
	}
	return &huma.Schema{Extensions: members}
}

// problems documents the statuses with which an operation refuses.
func problems(r huma.Registry, statuses map[int]string) map[string]*huma.Response {
	schema := r.Schema(reflect.TypeFor[problem.Problem](), true, "Problem")
	responses := map[string]*huma.Response{}
	for status, description := range statuses {
		responses[fmt.Sprint(status)] = &huma.Response{Description: description,
			Content: map[string]*huma.MediaType{problem.ContentType: {Schema: schema}}}
	}
	return responses
}
