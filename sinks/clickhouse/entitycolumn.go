package clickhouse

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// entityColumn is a stored field of an entity. A field whose tag ends in ",json" is kept as JSON text.
type entityColumn struct {
	name  string
	index []int
	json  bool
}

var timeType = reflect.TypeFor[time.Time]()

// entityColumns returns the columns of the type, by its `column` tags; it panics on a field that cannot be stored.
func entityColumns[T any]() []entityColumn {
	var all []entityColumn
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		tag, ok := f.Tag.Lookup("column")
		if !ok {
			if !f.Anonymous {
				panic(fmt.Sprintf("%s.%s has no column tag", reflect.TypeFor[T](), f.Name))
			}
			continue
		}
		name, option, _ := strings.Cut(tag, ",")
		c := entityColumn{name: name, index: f.Index, json: option == "json"}
		if !c.json && !storable(f.Type) {
			panic(fmt.Sprintf("%s.%s: a %s cannot be a column", reflect.TypeFor[T](), f.Name, f.Type))
		}
		all = append(all, c)
	}
	return all
}

func storable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int64, reflect.Uint64, reflect.Float64:
		return true
	case reflect.Slice:
		return t.Elem().Kind() == reflect.String
	}
	return t == timeType
}

// entityRow returns the row of the entity, in the order of the columns.
func entityRow(columns []entityColumn, value any) (string, error) {
	v := reflect.ValueOf(value).Elem()
	parts := make([]string, len(columns))
	for i, c := range columns {
		field := v.FieldByIndex(c.index)
		var err error
		if c.json {
			var text []byte
			text, err = json.Marshal(field.Interface())
			parts[i] = quote(string(text))
		} else {
			parts[i], err = literalOfValue(field)
		}
		if err != nil {
			return "", fmt.Errorf("column %s: %w", c.name, err)
		}
	}
	return strings.Join(parts, ","), nil
}

// literalOf returns the value as a literal of SQL.
func literalOf(value any) (string, error) { return literalOfValue(reflect.ValueOf(value)) }

func literalOfValue(v reflect.Value) (string, error) {
	if !v.IsValid() {
		return "", fmt.Errorf("no value")
	}
	if v.Type() == timeType {
		return stamp(v.Interface().(time.Time)), nil
	}
	switch v.Kind() {
	case reflect.String:
		return quote(v.String()), nil
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), nil
	case reflect.Int, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), nil
	case reflect.Uint64:
		return strconv.FormatUint(v.Uint(), 10), nil
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64), nil
	case reflect.Slice:
		items := make([]string, v.Len())
		for i := range items {
			var err error
			if items[i], err = literalOfValue(v.Index(i)); err != nil {
				return "", err
			}
		}
		return "[" + strings.Join(items, ",") + "]", nil
	}
	return "", fmt.Errorf("a %s is no value of a column", v.Type())
}

// destinationsOf returns where a row is scanned to, and what makes it the entity that was stored, to be called after each row:
// 1970 is the zero time again, an empty list is none, JSON is read.
func destinationsOf(columns []entityColumn, value any) (dest []any, done func() error) {
	v := reflect.ValueOf(value).Elem()
	var finish []func() error
	for _, c := range columns {
		field := v.FieldByIndex(c.index)
		at := field.Addr()
		switch {
		case c.json:
			text := new(string)
			dest = append(dest, text)
			finish = append(finish, func() error { return json.Unmarshal([]byte(*text), at.Interface()) })
		case field.Type() == timeType:
			t := at.Interface().(*time.Time)
			dest = append(dest, t)
			finish = append(finish, func() error {
				if *t = t.UTC(); t.UnixMilli() == 0 {
					*t = time.Time{}
				}
				return nil
			})
		case field.Kind() == reflect.Slice:
			items := new([]string)
			dest = append(dest, items)
			finish = append(finish, func() error { field.Set(sliceOf(field.Type(), *items)); return nil })
		default:
			dest = append(dest, at.Convert(reflect.PointerTo(plainType(field.Kind()))).Interface())
		}
	}
	return dest, func() error {
		for _, f := range finish {
			if err := f(); err != nil {
				return err
			}
		}
		return nil
	}
}

// sliceOf returns the texts as the type; none as nil.
func sliceOf(t reflect.Type, items []string) reflect.Value {
	if len(items) == 0 {
		return reflect.Zero(t)
	}
	s := reflect.MakeSlice(t, len(items), len(items))
	for i, item := range items {
		s.Index(i).SetString(item)
	}
	return s
}

// plainType is the built-in type of the kind, which the client can scan into.
func plainType(k reflect.Kind) reflect.Type {
	switch k {
	case reflect.Bool:
		return reflect.TypeFor[bool]()
	case reflect.Int64:
		return reflect.TypeFor[int64]()
	case reflect.Uint64:
		return reflect.TypeFor[uint64]()
	case reflect.Float64:
		return reflect.TypeFor[float64]()
	}
	return reflect.TypeFor[string]()
}
