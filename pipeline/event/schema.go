package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// schema is a JSON Schema.
type schema = map[string]any

const noControls = `^[^\x00-\x1f]*$`

// Schema returns the JSON Schema (draft 2020-12) of an event for a configuration. It is made from the fields that the
// Decoder reads, and both accept the same, but for what a schema can't say: that a rating has at most two decimals (multipleOf
// fails for one in six in floating point), that a customer id that is a number must be written as an integer, without a point
// or exponent, that no key may be given twice, that the number of an answer has at most 32 characters, and how large and deep a
// record may be. Of an erasure the Decoder ignores all but its identity, right or wrong; the schema does not.
func Schema(cfg Config) []byte {
	properties := make(ordered, len(fields))
	for i := range fields {
		properties[i] = member{fields[i].name, fields[i].schemaFor(cfg)}
	}
	identity, required := []string{}, []string{}
	for i := range fields {
		switch f := &fields[i]; {
		case f.required && f.identity:
			identity = append(identity, f.name)
		case f.required:
			required = append(required, f.name)
		}
	}
	root := ordered{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", "urn:satisflow:rating-event"},
		{"title", "Rating event"},
		{"description", "One rating: the value of a Kafka record, or the data of a CloudEvents 1.0 envelope. Fields that are null count as missing. A rating has at most two decimals, which a schema can't say."},
		{"type", "object"},
		{"properties", properties},
		{"additionalProperties", cfg.UnknownFields == IgnoreUnknown},
		{"required", identity},
		{"if", schema{"properties": schema{"op": schema{"const": "erase"}}, "required": []string{"op"}}},
		{"else", schema{
			"required":   required,
			"properties": notNull(required),
			"anyOf":      scoredOrSaid(),
		}},
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(root); err != nil {
		panic(fmt.Sprintf("event: encode the schema: %v", err)) // it consists of strings and numbers
	}
	return out.Bytes()
}

func notNull(names []string) schema {
	s := schema{}
	for _, name := range names {
		s[name] = schema{"type": "string"}
	}
	return s
}

// scoredOrSaid demands a rating, a comment or an answer.
func scoredOrSaid() []any {
	nothing := schema{"enum": []any{nil, ""}}
	return []any{
		schema{"required": []string{"rating"}, "properties": schema{"rating": schema{"type": "number"}}},
		schema{"required": []string{"comment"}, "properties": schema{"comment": schema{"type": "string", "minLength": 1}}},
		schema{"required": []string{answersName}, "properties": schema{answersName: schema{"type": "object", "not": schema{"additionalProperties": nothing}}}},
	}
}

func (f *field) schemaFor(cfg Config) schema {
	s := schema{"type": []string{"string", "null"}, "maxLength": f.max, "pattern": noControls}
	if f.schema != nil {
		s = f.schema(cfg)
	}
	s["description"] = f.help
	return s
}

func schemaRatingID(Config) schema {
	return schema{"type": "string", "pattern": fmt.Sprintf(`^[A-Za-z0-9._:-]{1,%d}$`, MaxRatingID)}
}

func schemaRevision(Config) schema {
	return schema{"type": []string{"integer", "null"}, "minimum": 0, "maximum": MaxRevision, "default": 0}
}

func schemaOp(Config) schema { return schema{"enum": []any{"put", "erase", nil}, "default": "put"} }

// timePattern tells times without help of the format, which some validators don't check.
const timePattern = `^(20[0-9]{2}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))` +
	`|20([02468][048]|[13579][26])-02-29)` +
	`[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`

func schemaOccurredAt(Config) schema {
	return schema{"type": "string", "format": "date-time", "pattern": timePattern}
}

func schemaCustomerID(Config) schema {
	return schema{"anyOf": []any{
		schema{"type": "string", "minLength": 1, "maxLength": MaxCustomerID, "pattern": noLookAlikes},
		schema{"type": "integer"},
	}}
}

func schemaService(cfg Config) schema {
	if cfg.AnyService() {
		return schema{"type": []string{"string", "null"}, "minLength": 1, "maxLength": MaxName, "pattern": noControls}
	}
	names := []any{nil}
	for _, s := range slices.Sorted(slices.Values(cfg.Services)) {
		names = append(names, s)
	}
	return schema{"enum": append(names[1:], nil)}
}

func schemaAttributes(cfg Config) schema {
	properties := schema{}
	for _, key := range cfg.Attributes {
		properties[key] = schema{"type": []string{"string", "null"}, "maxLength": MaxName, "pattern": noControls}
	}
	return schema{"type": []string{"object", "null"}, "properties": properties, "additionalProperties": cfg.UnknownFields == IgnoreUnknown}
}

func schemaRating(Config) schema {
	return schema{"type": []string{"number", "null"}, "minimum": MinRating / 100, "maximum": MaxRating / 100}
}

func schemaRespondent(Config) schema {
	return schema{"enum": []any{"customer", "staff", nil}, "default": "customer"}
}

func schemaQuality(cfg Config) schema {
	properties := schema{}
	for _, m := range cfg.Metrics() {
		properties[m.Name] = schema{"type": []string{"number", "null"}, "minimum": m.Min, "maximum": m.Max,
			"description": fmt.Sprintf("In %s, rounded to %d decimals; %s is better.", m.Unit, m.Decimals, m.Better)}
	}
	return schema{"type": []string{"object", "null"}, "properties": properties, "additionalProperties": cfg.UnknownFields == IgnoreUnknown}
}

func schemaAnswers(Config) schema {
	return schema{"type": []string{"object", "null"}, "maxProperties": MaxAnswers,
		"propertyNames":        schema{"minLength": 1, "maxLength": MaxName, "pattern": noControls},
		"additionalProperties": schema{"type": []string{"number", "string", "null"}}}
}

func schemaText(Config) schema { return schema{"type": []string{"string", "null"}} }

func schemaLanguage(Config) schema {
	return schema{"type": []string{"string", "null"}, "maxLength": maxLanguage, "pattern": `^[A-Za-z0-9_-]*$`}
}

func schemaFlag(Config) schema {
	return schema{"type": []string{"boolean", "null"}, "default": false}
}

// ordered is an object that keeps the order of its members.
type ordered []member

type member struct {
	key   string
	value any
}

// MarshalJSON writes the members in their order.
func (o ordered) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			out = append(out, ',')
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		out = append(appendKey(out, m.key), value...)
	}
	return append(out, '}'), nil
}
