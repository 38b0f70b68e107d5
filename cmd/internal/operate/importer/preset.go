package importer

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"satisflow/pipeline/event"
)

// Preset says how the export of a product becomes ratings. What a survey's owner chose (the column of the score, of the customer)
// is left to the user, whose options win over the preset's.
type Preset struct {
	Name        string              `yaml:"-"`
	Description string              `yaml:"description"`            // what to export, in a sentence
	Needs       map[string]string   `yaml:"needs,omitempty"`        // by field: what the user is to map
	Format      string              `yaml:"format,omitempty"`       // as the options of Config, here and below
	HeaderRows  int                 `yaml:"header-rows,omitempty"`  //
	SkipLines   int                 `yaml:"skip-lines,omitempty"`   //
	Delimiter   string              `yaml:"delimiter,omitempty"`    //
	Encoding    string              `yaml:"encoding,omitempty"`     //
	Sheet       string              `yaml:"sheet,omitempty"`        //
	Rows        string              `yaml:"rows,omitempty"`         //
	Map         map[string]columns  `yaml:"map,omitempty"`          // by field: a column, a template, a constant, or several of which the first counts that a row has
	Values      map[string]replaced `yaml:"values,omitempty"`       // by field
	Ignore      []string            `yaml:"ignore,omitempty"`       //
	IDColumns   []columns           `yaml:"id-columns,omitempty"`   // each a column, or the names that it may have
	TimeLayouts []string            `yaml:"time-layouts,omitempty"` //
	TimeZone    string              `yaml:"time-zone,omitempty"`    //
	Scale       string              `yaml:"scale,omitempty"`        //
	Decimal     string              `yaml:"decimal,omitempty"`      //
	IDs         string              `yaml:"ids,omitempty"`          //
}

// columns are names of which the first counts that a row has. In YAML a single one stands for itself.
type columns []string

// UnmarshalYAML reads one name or a list.
func (c *columns) UnmarshalYAML(text []byte) error {
	var one string
	if err := yaml.Unmarshal(text, &one); err == nil {
		*c = columns{one}
		return nil
	}
	return yaml.Unmarshal(text, (*[]string)(c))
}

// replaced are values and what stands in their place.
type replaced map[string]string

//go:embed presets/*.yaml
var presetFiles embed.FS

// PresetNames returns the names of the presets that are built in.
func PresetNames() (names []string) {
	entries, err := fs.ReadDir(presetFiles, "presets")
	if err != nil {
		panic(err) // embedded
	}
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// PresetText returns the file of a preset, to be read, copied and changed.
func PresetText(name string) (string, error) {
	if !slices.Contains(PresetNames(), name) {
		return "", usage("preset: %q%s: want one of %s", name, suggest(name, PresetNames()), strings.Join(PresetNames(), ", "))
	}
	text, err := presetFiles.ReadFile(path.Join("presets", name+".yaml"))
	return string(text), err
}

// LoadPreset reads the preset of the name.
func LoadPreset(name string) (*Preset, error) {
	text, err := PresetText(name)
	if err != nil {
		return nil, err
	}
	return parsePreset(name, []byte(text))
}

// LoadPresetFile reads a preset of the user's own.
func LoadPresetFile(file string) (*Preset, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, usage("%w", err)
	}
	return parsePreset(file, text)
}

func parsePreset(name string, text []byte) (*Preset, error) {
	p := &Preset{Name: name}
	if err := yaml.UnmarshalWithOptions(text, p, yaml.Strict()); err != nil {
		return nil, usage("preset %s: %w", name, errors.New(yaml.FormatError(err, false, true)))
	}
	for field, from := range p.Map {
		if _, err := targetOf(field, event.DefaultConfig()); err != nil && !strings.Contains(field, ".") {
			return nil, usage("preset %s: map: %w", name, err)
		}
		if len(from) == 0 {
			return nil, usage("preset %s: map: %s: want a column, or a list of columns", name, field)
		}
	}
	if err := p.under(Config{}).Validate(); err != nil {
		return nil, fmt.Errorf("preset %s: %w", name, err)
	}
	return p, nil
}

// under returns the configuration with the preset's options where it has none of its own. Mappings are merged by the planner.
func (p *Preset) under(c Config) Config {
	if p == nil {
		return c
	}
	for to, from := range map[*string]string{&c.Format: p.Format, &c.Delimiter: p.Delimiter, &c.Encoding: p.Encoding, &c.Rows: p.Rows, &c.Sheet: p.Sheet,
		&c.TimeZone: p.TimeZone, &c.Scale: p.Scale, &c.Decimal: p.Decimal, &c.IDs: p.IDs} {
		if *to == "" {
			*to = from
		}
	}
	for to, from := range map[*int]int{&c.HeaderRows: p.HeaderRows, &c.SkipLines: p.SkipLines} {
		if *to == 0 {
			*to = from
		}
	}
	c.TimeLayouts = append(slices.Clone(c.TimeLayouts), p.TimeLayouts...)
	c.Ignore = append(slices.Clone(c.Ignore), p.Ignore...)
	if len(c.IDColumns) == 0 {
		for _, names := range p.IDColumns {
			c.IDColumns = append(c.IDColumns, strings.Join(names, alternative))
		}
	}
	return c
}

// alternative stands between the names that a column may have.
const alternative = "\x1f"

// need says what the user is to map to the field, or nothing.
func (p *Preset) need(field string) string {
	if p == nil || p.Needs[field] == "" {
		return ""
	}
	return fmt.Sprintf("; the preset %s leaves it to you: %s", p.Name, p.Needs[field])
}
