package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

var durationType = reflect.TypeFor[time.Duration]()

// setText gives a field the value of a text: from a flag, the environment, or a scalar of the file.
func setText(v reflect.Value, text string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte(text)); err != nil {
			return fmt.Errorf("%q: %w", text, err)
		}
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q: want true or false", text)
		}
		v.SetBool(b)
	case reflect.Slice:
		return setList(v, text)
	default:
		return setNumber(v, text)
	}
	return nil
}

func setNumber(v reflect.Value, text string) error {
	if v.Type() == durationType {
		d, err := parseDuration(text)
		if err != nil {
			return fmt.Errorf("%q: %w", text, err)
		}
		v.SetInt(int64(d))
		return nil
	}
	if v.Kind() == reflect.Float64 {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("%q: want a number", text)
		}
		v.SetFloat(f)
		return nil
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, v.Type().Bits())
	if err != nil {
		return fmt.Errorf("%q: want a whole number", text)
	}
	v.SetInt(n)
	return nil
}

// setList reads elements with commas between; lists of mappings as YAML.
func setList(v reflect.Value, text string) error {
	if isSection(v.Type().Elem()) {
		return setYAML(v, text)
	}
	list := reflect.MakeSlice(v.Type(), 0, 4)
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		element := reflect.New(v.Type().Elem()).Elem()
		if err := setText(element, part); err != nil {
			return err
		}
		list = reflect.Append(list, element)
	}
	v.Set(list)
	return nil
}

func setYAML(v reflect.Value, text string) error {
	file, err := parser.ParseBytes([]byte(text), 0)
	if err != nil || len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return fmt.Errorf("%q: want YAML, such as [{name: …}]", text)
	}
	return setNode(v, file.Docs[0].Body)
}

// setNode gives a field the value of a node of the file.
func setNode(v reflect.Value, node ast.Node) error {
	if sequence, ok := node.(*ast.SequenceNode); ok && v.Kind() == reflect.Slice && !isText(v.Type()) {
		return setSequence(v, sequence)
	}
	if isSection(v.Type()) {
		return setElement(v, node)
	}
	text, err := scalar(node)
	if err != nil {
		return err
	}
	return setText(v, text)
}

func setSequence(v reflect.Value, sequence *ast.SequenceNode) error {
	list := reflect.MakeSlice(v.Type(), len(sequence.Values), len(sequence.Values))
	var errs []error
	for i, node := range sequence.Values {
		if err := setNode(list.Index(i), node); err != nil {
			errs = append(errs, fmt.Errorf("element %d: %w", i, err))
		}
	}
	v.Set(list)
	return errors.Join(errs...)
}

// setElement sets the fields of a mapping within a list.
func setElement(v reflect.Value, node ast.Node) error {
	pairs, ok := mapping(node)
	if !ok {
		return errors.New("want a mapping of keys to values")
	}
	names := elementNames(v.Type())
	var errs []error
	for _, pair := range pairs {
		name := pair.Key.GetToken().Value
		i, known := names[name]
		if !known {
			errs = append(errs, fmt.Errorf("%s: unknown%s", name, suggestion(name, names)))
			continue
		}
		if err := setNode(v.Field(i), pair.Value); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func elementNames(t reflect.Type) map[string]int {
	names := map[string]int{}
	for i := range t.NumField() {
		names[t.Field(i).Tag.Get("yaml")] = i
	}
	return names
}

// scalar is the text of a node that is neither list nor mapping.
func scalar(node ast.Node) (string, error) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, nil
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.NullNode:
		return "", errors.New("has no value: give one, or remove the key")
	case *ast.MappingNode, *ast.MappingValueNode:
		return "", errors.New("want a value, not a mapping of keys")
	case *ast.SequenceNode:
		return "", errors.New("want one value, not a list")
	case ast.ScalarNode:
		return n.GetToken().Value, nil
	default:
		return "", fmt.Errorf("want a plain value, not %s", node.Type())
	}
}

// mapping is the pairs of a node that maps keys to values.
func mapping(node ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	default:
		return nil, false
	}
}

// formatText is the inverse of setText.
func formatText(v reflect.Value) string {
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		if err != nil {
			return err.Error()
		}
		return string(text)
	}
	switch {
	case v.Type() == durationType:
		return formatDuration(time.Duration(v.Int()))
	case v.Kind() == reflect.Slice:
		return formatList(v)
	case v.Kind() == reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	default:
		return fmt.Sprint(v.Interface())
	}
}

func formatList(v reflect.Value) string {
	parts := make([]string, v.Len())
	if !isSection(v.Type().Elem()) {
		for i := range parts {
			parts[i] = formatText(v.Index(i))
		}
		return strings.Join(parts, ",")
	}
	for i := range parts {
		parts[i] = formatElement(v.Index(i))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func formatElement(v reflect.Value) string {
	parts := make([]string, v.NumField())
	for i := range parts {
		parts[i] = v.Type().Field(i).Tag.Get("yaml") + ": " + quoteYAML(formatText(v.Field(i)))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
