package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"satisflow/cmd/internal/api/problem"
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
	var servers []*huma.Server
	if a.BasePath != "" {
		servers = []*huma.Server{{URL: a.BasePath}}
	}
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
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(o); err != nil {
		panic(fmt.Sprintf("api: encode the OpenAPI document: %v", err)) // it consists of strings and numbers
	}
	a.openAPI = out.Bytes()
}

// ratingSchema is the event's schema as the gateway takes it: it fills in rating_id, and occurred_at with it.
func ratingSchema(cfg event.Config) *huma.Schema {
	var members map[string]any
	if err := json.Unmarshal(event.Schema(cfg), &members); err != nil {
		panic(fmt.Sprintf("api: the event's schema: %v", err)) // it was made from JSON
	}
	delete(members, "$schema")
	delete(members, "$id")
	members["title"] = "Rating"
	members["description"] = "A rating event. Without a rating_id the gateway makes one, and occurred_at may be missing too: it is the time of arrival then. Unknown fields are refused."
	members["required"] = []string{"customer_id"}
	members["dependentRequired"] = map[string]any{"rating_id": []string{"occurred_at"}}
	if erasure, ok := members["if"]; ok {
		members["then"] = map[string]any{"required": []string{"rating_id", "occurred_at"}}
		members["if"] = erasure
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
