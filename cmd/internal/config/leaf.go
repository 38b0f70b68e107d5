package config

import (
	"encoding"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// leaf is one key that has a value.
type leaf struct {
	key    string // kafka.tls.ca_file
	index  []int  // of the field in Config; nil for the file of a secret
	typ    reflect.Type
	help   string
	secret bool
	fileOf string // key of the secret that the file named by this leaf holds
}

// env is the name of the key's environment variable.
func (l leaf) env() string { return envPrefix + strings.ToUpper(strings.ReplaceAll(l.key, ".", "_")) }

const envPrefix = "SATISFLOW_"

// section is a key that holds others.
type section struct{ key, help string }

// tree is all keys: those with a value in the order of Config, and those that hold others.
type tree struct {
	leaves   []leaf
	byKey    map[string]leaf
	sections map[string]section
}

// keys is the tree of Config.
var keys = sync.OnceValue(func() *tree {
	t := &tree{byKey: map[string]leaf{}, sections: map[string]section{}}
	t.add(reflect.TypeFor[Config](), "", nil)
	t.leaves = bySection(t.leaves)
	for _, l := range t.leaves {
		t.byKey[l.key] = l
	}
	return t
})

func (t *tree) add(of reflect.Type, prefix string, index []int) {
	for field := range of.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		at := append(index[:len(index):len(index)], field.Index...)
		switch {
		case name == "-":
		case options == "inline":
			t.add(field.Type, prefix, at)
		case isSection(field.Type):
			t.sections[prefix+name] = section{prefix + name, field.Tag.Get("help")}
			t.add(field.Type, prefix+name+".", at)
		default:
			l := leaf{key: prefix + name, index: at, typ: field.Type, help: field.Tag.Get("help"), secret: field.Tag.Get("secret") == "true"}
			t.leaves = append(t.leaves, l)
			if _, has := of.FieldByNameFunc(func(n string) bool { return tagged(of, n, name+"_file") }); l.secret && !has {
				t.leaves = append(t.leaves, leaf{key: l.key + "_file", typ: reflect.TypeFor[string](), help: "file with the " + name, fileOf: l.key})
			}
		}
	}
}

// bySection puts the keys of a section together, before those of the sections in it.
func bySection(leaves []leaf) []leaf {
	first := map[string]int{}
	for i, l := range leaves {
		if _, seen := first[parentOf(l.key)]; !seen {
			first[parentOf(l.key)] = i
		}
	}
	slices.SortStableFunc(leaves, func(a, b leaf) int { return first[parentOf(a.key)] - first[parentOf(b.key)] })
	return leaves
}

// tagged says whether the type's field has the name in YAML.
func tagged(of reflect.Type, field, name string) bool {
	f, ok := of.FieldByName(field)
	return ok && f.Tag.Get("yaml") == name
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

func isText(t reflect.Type) bool { return reflect.PointerTo(t).Implements(textUnmarshaler) }

func isSection(t reflect.Type) bool { return t.Kind() == reflect.Struct && !isText(t) }

// Keys lists the keys that have values, in their order, with their help; flags are made of it.
func Keys() []Key {
	var all []Key
	for _, l := range keys().leaves {
		all = append(all, Key{Name: l.key, Env: l.env(), Help: l.help, Kind: kindOf(l.typ)})
	}
	return all
}

// Key describes a key that has a value.
type Key struct {
	Name string // kafka.brokers
	Env  string // SATISFLOW_KAFKA_BROKERS
	Help string
	Kind string // text, list, duration, number, bool …
}

func kindOf(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[Offset]():
		return "offset"
	case t == reflect.TypeFor[Score]():
		return "points"
	case isText(t):
		return "text"
	case t == durationType:
		return "duration"
	case t.Kind() == reflect.Slice:
		return "list"
	case t.Kind() == reflect.Bool:
		return "bool"
	case t.Kind() == reflect.String:
		return "text"
	default:
		return "number"
	}
}
