package api

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/danielgtaylor/huma/v2"
)

// strictJSON reads JSON as the event's decoder does: no key may be given twice, as readers disagree on which one counts.
var strictJSON = huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: func(data []byte, v any) error {
	if _, first := v.(*any); first { // huma reads a body into this before it reads it into its type
		if err := nothingTwice(data); err != nil {
			return err
		}
	}
	return json.Unmarshal(data, v)
}}

// nothingTwice returns an error if an object of the text names a key twice. Whether the text is JSON is left to others.
func nothingTwice(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var open []map[string]bool // keys of the objects that are open; nil for an array
	key := false               // whether a string would be one
	for {
		token, err := d.Token()
		if err != nil {
			return nil
		}
		switch t := token.(type) {
		case json.Delim:
			switch t {
			case '{':
				open = append(open, map[string]bool{})
			case '[':
				open = append(open, nil)
			default:
				open = open[:len(open)-1]
			}
			key = len(open) > 0 && open[len(open)-1] != nil
			continue
		case string:
			if key {
				if keys := open[len(open)-1]; keys[t] {
					return fmt.Errorf("%s: given twice: want each key once", shown(t))
				} else {
					keys[t], key = true, false
				}
				continue
			}
		}
		key = len(open) > 0 && open[len(open)-1] != nil
	}
}
