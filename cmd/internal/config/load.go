package config

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// FileEnv names the environment variable with the path of the configuration file.
const FileEnv = "SATISFLOW_CONFIG"

// notKeys are variables that begin like keys: other parts of satisflow read them.
var notKeys = []string{FileEnv, "SATISFLOW_CHDB_LIB",
	"SATISFLOW_GRAFANA_TOKEN", "SATISFLOW_GRAFANA_PASSWORD", "SATISFLOW_GRAFANA_CLICKHOUSE_PASSWORD"}

// foreign are variables that Kubernetes sets for a service named satisflow, and those of the test kit.
var foreign = regexp.MustCompile(`^SATISFLOW_(TESTKIT_.*|(.*_)?SERVICE_HOST|(.*_)?SERVICE_PORT(_.*)?|(.*_)?PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// Setting is a value from a flag or from a command.
type Setting struct {
	Key  string
	Text string
	From string // as messages name it: flag --kafka.brokers
}

// Sources are where values come from, the weakest last.
type Sources struct {
	Flags   []Setting
	Environ []string // as os.Environ gives it
	File    string   // path; empty takes SATISFLOW_CONFIG, or none
	Presets []Setting
	// SecretsUnread leaves the files that secrets are in alone, for checks on another machine.
	SecretsUnread bool
}

// Value is a key with its value and where that is from.
type Value struct {
	Key     string `json:"key"`
	Text    string `json:"value"` // secrets are masked
	From    string `json:"from"`  // default, satisflow.yaml:12, environment SATISFLOW_X, flag --x
	Default bool   `json:"-"`
	Secret  bool   `json:"-"`
}

// Loaded is a valid configuration and where its values are from.
type Loaded struct {
	Config Config
	File   string // path of the file that was read; empty for none
	Values []Value

	given []Setting
}

// Given are the keys that something but the default gives a value, secrets as they are: with them in a file, another process
// does what this one does. Secrets that were read from a file are left out, and names of files do not depend on the
// folder that this process was started in.
func (l *Loaded) Given() []Setting { return slices.Clone(l.given) }

// IsSet says whether anything but the default gives the key its value.
func (l *Loaded) IsSet(key string) bool { return l.From(key) != fromDefault }

// From is where the value of the key is from.
func (l *Loaded) From(key string) string {
	for _, v := range l.Values {
		if v.Key == key {
			return v.From
		}
	}
	return fromDefault
}

const fromDefault = "default"

// loader sets one source after the other, the strongest last.
type loader struct {
	cfg      Config
	from     map[string]string
	files    map[string]*string // of secrets, by the key that names the file
	problems Problems
}

// Load merges the sources and validates the result. Its error is of type Problems and holds all that is wrong.
func Load(s Sources) (Loaded, error) {
	l := &loader{cfg: Default(), from: map[string]string{}, files: map[string]*string{}}
	l.settings(s.Presets)
	path := cmp.Or(s.File, lookup(s.Environ, FileEnv))
	if path != "" {
		l.file(path)
	}
	l.environment(s.Environ)
	l.settings(s.Flags)
	l.secrets(s.SecretsUnread)
	if len(l.problems) == 0 {
		l.validate()
	}
	if len(l.problems) > 0 {
		return Loaded{}, l.problems
	}
	return Loaded{Config: l.cfg, File: path, Values: l.values(), given: l.given()}, nil
}

// fromFile begins the origin of a secret that was read from a file.
const fromFile = "file "

func (l *loader) given() (all []Setting) {
	for _, leaf := range keys().leaves {
		from, set := l.from[leaf.key]
		if !set || leaf.secret && strings.HasPrefix(from, fromFile) {
			continue
		}
		text := formatText(l.field(leaf))
		if strings.HasSuffix(leaf.key, "_file") && text != "" {
			if path, err := filepath.Abs(text); err == nil {
				text = path
			}
		}
		all = append(all, Setting{Key: leaf.key, Text: text, From: from})
	}
	return all
}

func lookup(environ []string, name string) string {
	for _, variable := range environ {
		if value, ok := strings.CutPrefix(variable, name+"="); ok {
			return value
		}
	}
	return ""
}

func (l *loader) environment(environ []string) {
	byEnv := map[string]leaf{}
	for _, leaf := range keys().leaves {
		byEnv[leaf.env()] = leaf
	}
	for _, variable := range slices.Sorted(slices.Values(environ)) {
		name, value, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, envPrefix) || slices.Contains(notKeys, name) {
			continue
		}
		leaf, known := byEnv[name]
		switch {
		case known:
			l.set(leaf, value, "environment "+name)
		case !foreign.MatchString(name):
			l.problem("environment "+name, "no key has this name%s", suggestEnv(name, byEnv))
		}
	}
}

func suggestEnv(name string, known map[string]leaf) string {
	names := make([]string, 0, len(known))
	for n := range known {
		names = append(names, n)
	}
	slices.Sort(names)
	if near, ok := nearest(name, names); ok {
		return ", did you mean " + near + "?"
	}
	return ": remove the variable; `satisflow config print` lists the keys"
}

func (l *loader) settings(settings []Setting) {
	for _, s := range settings {
		leaf, ok := keys().byKey[s.Key]
		if !ok {
			l.problem(s.From, "unknown key %s%s", s.Key, suggestKey(s.Key))
			continue
		}
		l.set(leaf, s.Text, s.From)
	}
}

func (l *loader) set(leaf leaf, text, from string) {
	l.note(leaf, from, setText(l.field(leaf), text))
}

// note records where the leaf's value is from, or what is wrong with it.
func (l *loader) note(leaf leaf, from string, err error) {
	if err != nil {
		for _, e := range split(err) {
			l.problem(from, "%s: %v", leaf.key, e)
		}
		return
	}
	l.from[leaf.key] = from
}

func (l *loader) problem(from, format string, args ...any) {
	l.problems = append(l.problems, Problem{From: from, Message: fmt.Sprintf(format, args...)})
}

// secrets reads the files that secrets are in.
func (l *loader) secrets(unread bool) {
	for _, leaf := range keys().leaves {
		if leaf.fileOf == "" || l.field(leaf).String() == "" {
			continue
		}
		path := l.field(leaf).String()
		secret := keys().byKey[leaf.fileOf]
		if other, both := l.from[secret.key]; both {
			l.problem(l.from[leaf.key], "%s is set beside %s (%s): want one of them", leaf.key, secret.key, other)
			continue
		}
		if unread {
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			l.problem(l.from[leaf.key], "%s: %v", leaf.key, err)
			continue
		}
		l.set(secret, strings.TrimRight(string(content), "\r\n"), fromFile+path)
	}
}

// field is where the leaf's value is kept: in Config, or here for the file of a secret.
func (l *loader) field(leaf leaf) reflect.Value {
	if leaf.fileOf != "" {
		if l.files[leaf.key] == nil {
			l.files[leaf.key] = new(string)
		}
		return reflect.ValueOf(l.files[leaf.key]).Elem()
	}
	return reflect.ValueOf(&l.cfg).Elem().FieldByIndex(leaf.index)
}
