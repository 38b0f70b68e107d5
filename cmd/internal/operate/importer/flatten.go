package importer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
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
			c, err := scalar(raw, dec, token)
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
	if err == nil && loneSurrogate(raw) {
		err = fmt.Errorf("half of a surrogate pair after \\u: a character was cut in two")
	}
	if err != nil {
		found := err.Error()
		if odd := oddity(raw); odd != "" {
			found = odd
		}
		return nil, nil, notJSON(found)
	}
	return columns, cells, nil
}

// scalar returns the cell of a value that begins with the token and is no object.
func scalar(raw []byte, dec *json.Decoder, token json.Token) (cell, error) {
	switch v := token.(type) {
	case string:
		return cell{kind: text, text: v, quoted: true}, nil
	case json.Number:
		return cell{kind: number, text: v.String()}, nil
	case bool:
		return cell{kind: boolean, text: fmt.Sprint(v)}, nil
	case json.Delim:
		from := dec.InputOffset() - 1
		err := skipArray(dec)
		return cell{kind: nested, text: string(raw[from:dec.InputOffset()])}, err
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

// loneSurrogate says whether an escape of the JSON text stands for half of a character.
func loneSurrogate(raw []byte) bool {
	for i := 0; ; {
		at := bytes.IndexByte(raw[i:], '\\')
		if at < 0 {
			return false
		}
		i += at
		high, n := escapedUnit(raw[i:])
		i += n
		if !utf16.IsSurrogate(high) {
			continue
		}
		low, n := escapedUnit(raw[i:])
		if utf16.DecodeRune(high, low) == utf8.RuneError {
			return true
		}
		i += n
	}
}

// escapedUnit returns what the escape stands for that the text begins with, if it is one of UTF-16, and its length.
func escapedUnit(text []byte) (unit rune, length int) {
	const short, long = 2, 6
	if len(text) < long || text[0] != '\\' || text[1] != 'u' {
		return 0, min(short, len(text))
	}
	n, err := strconv.ParseUint(string(text[short:long]), 16, 16)
	if err != nil {
		return 0, short
	}
	return rune(n), long
}
