package importer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// flatten returns the members of a JSON object as columns; a member of an inner object has the name outer.inner. A member
// that is there twice is wrong. The text must be UTF-8.
func flatten(raw []byte) (columns []string, cells []cell, wrong *rejection) {
	const deepest = 16
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var object func(prefix string, depth int) error
	object = func(prefix string, depth int) error {
		if depth > deepest {
			return fmt.Errorf("objects are nested deeper than %d", deepest)
		}
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return err
			}
			name := prefix + key.(string)
			token, err := dec.Token()
			if err != nil {
				return err
			}
			if token == json.Delim('{') {
				if err := object(name+".", depth+1); err != nil {
					return err
				}
				continue
			}
			c, err := scalar(dec, token)
			if err != nil {
				return err
			}
			if slices.Contains(columns, name) {
				return fmt.Errorf("%s is given twice", name)
			}
			columns, cells = append(columns, name), append(cells, c)
		}
		_, err := dec.Token()
		return err
	}
	begin, err := dec.Token()
	switch {
	case err != nil:
	case begin != json.Delim('{'):
		return nil, nil, notJSON("a value that is no object")
	default:
		err = object("", 1)
	}
	if err == nil && dec.More() {
		err = fmt.Errorf("something follows the object")
	}
	if err != nil {
		return nil, nil, notJSON(err.Error())
	}
	return columns, cells, nil
}

// scalar returns the cell of a value that begins with the token and is no object.
func scalar(dec *json.Decoder, token json.Token) (cell, error) {
	switch v := token.(type) {
	case string:
		return cell{kind: text, text: v}, nil
	case json.Number:
		return cell{kind: number, text: v.String()}, nil
	case bool:
		return cell{kind: boolean, text: fmt.Sprint(v)}, nil
	case json.Delim:
		return cell{kind: nested, text: "[]"}, skipArray(dec)
	}
	return cell{}, nil
}

func skipArray(dec *json.Decoder) error {
	for depth := 1; depth > 0; {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('['), json.Delim('{'):
			depth++
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
	}
	return nil
}
