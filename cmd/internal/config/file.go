package config

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// file sets the keys of the file at path.
func (l *loader) file(path string) {
	content, err := os.ReadFile(path)
	if err != nil {
		l.problem("", "read the configuration file: %v", err)
		return
	}
	parsed, err := parser.ParseBytes(content, 0)
	if err != nil {
		l.syntax(path, err)
		return
	}
	bodies := 0
	for _, doc := range parsed.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if bodies++; bodies > 1 {
			l.problem(at(path, doc.Body), "a second YAML document: want one")
			return
		}
		l.section(path, "", doc.Body)
	}
}

func (l *loader) syntax(path string, err error) {
	var located yaml.Error
	if errors.As(err, &located) && located.GetToken() != nil {
		l.problem(fmt.Sprintf("%s:%d", path, located.GetToken().Position.Line), "no YAML: %s", located.GetMessage())
		return
	}
	l.problem(path, "no YAML: %v", err)
}

// section sets the keys below a key, or the top ones where prefix is empty.
func (l *loader) section(path, prefix string, node ast.Node) {
	if node.Type() == ast.NullType {
		return // a section whose keys are all comments
	}
	pairs, ok := mapping(node)
	if !ok {
		l.problem(at(path, node), "%s: want a mapping of keys to values", strings.TrimSuffix("the file."+prefix, "."))
		return
	}
	for _, pair := range pairs {
		l.pair(path, prefix, pair)
	}
}

func (l *loader) pair(path, prefix string, pair *ast.MappingValueNode) {
	key := prefix + pair.Key.GetToken().Value
	from := at(path, pair.Key)
	if _, ok := keys().sections[key]; ok {
		l.section(path, key+".", pair.Value)
		return
	}
	leaf, ok := keys().byKey[key]
	if !ok {
		l.problem(from, "unknown key %s%s", key, suggestKey(key))
		return
	}
	l.note(leaf, from, setNode(l.field(leaf), pair.Value))
}

func at(path string, node ast.Node) string {
	if position := node.GetToken().Position; position != nil {
		return fmt.Sprintf("%s:%d", path, position.Line)
	}
	return path
}
