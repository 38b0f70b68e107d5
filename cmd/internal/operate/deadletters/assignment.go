package deadletters

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"satisflow/sinks/clickhouse"
)

// Assignment gives a field of a record another value.
type Assignment struct {
	Field string // a name, or two with a dot between them: quality.accuracy
	Value string // a JSON number, true, false or null; anything else is a text. {partition} and {offset} are the letter's
}

// ParseAssignment reads field=value.
func ParseAssignment(text string) (Assignment, error) {
	field, value, ok := strings.Cut(text, "=")
	if !ok || field == "" || strings.Count(field, ".") > 1 {
		return Assignment{}, fmt.Errorf("%q: want field=value, such as service=data_analysis or quality.accuracy=0.9", text)
	}
	return Assignment{field, value}, nil
}

var errNoObject = errors.New("the record is no JSON object: mend it with --edit")

// apply returns the record with the fields set; in a structured CloudEvent those of its data.
func apply(all []Assignment, at clickhouse.Position, record []byte) ([]byte, error) {
	if len(all) == 0 {
		return record, nil
	}
	place := strings.NewReplacer("{partition}", strconv.Itoa(int(at.Partition)), "{offset}", strconv.FormatInt(at.Offset, 10))
	root, err := object(record)
	if err != nil {
		return nil, errNoObject
	}
	target := root
	_, envelope := root["specversion"]
	if envelope && len(root["data"]) > 0 {
		if target, err = object(root["data"]); err != nil {
			return nil, errNoObject
		}
	}
	for _, a := range all {
		if err := set(target, a.Field, literal(place.Replace(a.Value))); err != nil {
			return nil, err
		}
	}
	if envelope && len(root["data"]) > 0 {
		root["data"] = encoded(target)
	}
	return encoded(root), nil
}

// object reads the members of a JSON object; their values stay as they are.
func object(text []byte) (map[string]json.RawMessage, error) {
	var members map[string]json.RawMessage
	err := json.Unmarshal(text, &members)
	if err == nil && members == nil {
		err = errNoObject
	}
	return members, err
}

func set(in map[string]json.RawMessage, field string, value json.RawMessage) error {
	outer, inner, nested := strings.Cut(field, ".")
	if !nested {
		in[field] = value
		return nil
	}
	members := map[string]json.RawMessage{}
	if text := in[outer]; len(text) > 0 && string(text) != "null" {
		var err error
		if members, err = object(text); err != nil {
			return fmt.Errorf("%s is no JSON object: set %s as a whole with --edit", outer, outer)
		}
	}
	members[inner] = value
	in[outer] = encoded(members)
	return nil
}

func literal(value string) json.RawMessage {
	var v any
	if json.Unmarshal([]byte(value), &v) == nil {
		switch v.(type) {
		case float64, bool, nil:
			return json.RawMessage(value)
		}
	}
	return json.RawMessage(quoted(value))
}

func encoded(members map[string]json.RawMessage) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(members); err != nil {
		panic(fmt.Sprintf("deadletters: encode JSON that was read as such: %v", err))
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
