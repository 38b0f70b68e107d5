package event

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Config says which events are understood: services, attributes, quality metrics and the treatment of customer ids.
type Config struct {
	// Services are the known services; others are rejected as unknown_service. The single word "any" accepts all.
	Services []string `yaml:"services" help:"known services; the single word any accepts all"`
	// Attributes are the declared low-cardinality attribute keys (industry, region, store …); each is a rolled dimension.
	Attributes []string `yaml:"attributes" help:"declared attribute keys, each a rolled dimension"`
	// Quality are further numeric quality metrics beside response_time_ms, accuracy and completeness; at most 3.
	Quality []Metric `yaml:"quality" help:"further quality metrics (name, unit, min, max, decimals, better)"`
	// UnknownFields is "reject" or "ignore": what becomes of a record with a field, attribute or quality metric that is not
	// known, by every door.
	UnknownFields string `yaml:"unknown_fields" help:"reject or ignore: what becomes of ratings with fields, attributes or quality metrics that are not known"`
	// CustomerIDs is "plain" or "hmac": with hmac the HMAC-SHA256 of the customer id, keyed by CustomerKeyFile, is stored.
	CustomerIDs string `yaml:"customer_ids" help:"plain, or hmac to store a keyed hash of the customer id"`
	// CustomerKeyFile holds the secret for hmac, at least 32 bytes.
	CustomerKeyFile string `yaml:"customer_key_file" help:"file with the secret for customer_ids: hmac, at least 32 bytes"`
}

// Metric declares one numeric quality metric.
type Metric struct {
	Name     string  `yaml:"name" json:"name"`
	Unit     string  `yaml:"unit" json:"unit"`
	Min      float64 `yaml:"min" json:"min"`           // least value accepted
	Max      float64 `yaml:"max" json:"max"`           // greatest value accepted
	Decimals int     `yaml:"decimals" json:"decimals"` // digits kept after the point, 0 … 6; the rest is rounded half away from zero
	Better   string  `yaml:"better" json:"better"`     // "lower" or "higher"
}

// BuiltinMetrics are the quality metrics that every installation has, in the order of the Quality array.
func BuiltinMetrics() []Metric {
	return slices.Clone(builtin)
}

var builtin = []Metric{
	{Name: "response_time_ms", Unit: "ms", Min: 0, Max: 2_592_000_000, Better: "lower"},
	{Name: "accuracy", Unit: "share", Min: 0, Max: 1, Decimals: 6, Better: "higher"},
	{Name: "completeness", Unit: "share", Min: 0, Max: 1, Decimals: 6, Better: "higher"},
}

// DefaultConfig knows the three services that the project began with.
func DefaultConfig() Config {
	return Config{Services: []string{"data_analysis", "legal_consulting", "document_review"}, UnknownFields: RejectUnknown, CustomerIDs: "plain"}
}

// Values of Config.UnknownFields.
const (
	RejectUnknown = "reject"
	IgnoreUnknown = "ignore"
)

// AnyService says whether every service name is accepted.
func (c Config) AnyService() bool { return len(c.Services) == 1 && c.Services[0] == "any" }

// Metrics returns the built-in and declared quality metrics in the order of the Quality array. It is not to be changed.
func (c Config) Metrics() []Metric {
	if len(c.Quality) == 0 {
		return builtin
	}
	return append(slices.Clip(builtin), c.Quality...)
}

// reserved are the dimension names that an attribute may not take.
var reserved = []string{"overall", "service", "product", "channel", "segment", "service_channel", "staff", "customer", "source", "language"}

var keyForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// Validate returns an error that names the key, the value and what would be right.
func (c Config) Validate() error {
	if len(c.Services) == 0 {
		return fmt.Errorf("services: empty: name at least one service, or the single word any")
	}
	for _, s := range c.Services {
		if s == "" || len(s) > MaxName || (s == "any" && len(c.Services) > 1) {
			return fmt.Errorf("services: %q: want a name of 1 to %d characters, or the single word any alone", s, MaxName)
		}
	}
	if err := c.validateAttributes(); err != nil {
		return err
	}
	if err := c.validateQuality(); err != nil {
		return err
	}
	if c.UnknownFields != RejectUnknown && c.UnknownFields != IgnoreUnknown {
		return fmt.Errorf("unknown_fields: %q: want reject or ignore", c.UnknownFields)
	}
	switch c.CustomerIDs {
	case "plain":
	case "hmac":
		if c.CustomerKeyFile == "" {
			return fmt.Errorf("customer_key_file: empty: customer_ids: hmac needs a file with a secret of at least 32 bytes")
		}
	default:
		return fmt.Errorf("customer_ids: %q: want plain or hmac", c.CustomerIDs)
	}
	return nil
}

func (c Config) validateAttributes() error {
	if len(c.Attributes) > MaxAttributes {
		return fmt.Errorf("attributes: %d keys: want at most %d", len(c.Attributes), MaxAttributes)
	}
	for i, a := range c.Attributes {
		switch {
		case !keyForm.MatchString(a):
			return fmt.Errorf("attributes: %q: want a lower-case key of letters, digits and underscores, at most 32 characters", a)
		case slices.Contains(reserved, a):
			return fmt.Errorf("attributes: %q is reserved (%s)", a, strings.Join(reserved, ", "))
		case slices.Contains(c.Attributes[:i], a):
			return fmt.Errorf("attributes: %q is named twice", a)
		}
	}
	return nil
}

func (c Config) validateQuality() error {
	all := c.Metrics()
	if len(all) > MaxQuality {
		return fmt.Errorf("quality: %d declared metrics: want at most %d", len(c.Quality), MaxQuality-BuiltinQuality)
	}
	for i, m := range all[BuiltinQuality:] {
		same := func(o Metric) bool { return o.Name == m.Name }
		switch {
		case !keyForm.MatchString(m.Name):
			return fmt.Errorf("quality[%d].name: %q: want a lower-case key of letters, digits and underscores, at most 32 characters", i, m.Name)
		case slices.ContainsFunc(all[:BuiltinQuality+i], same):
			return fmt.Errorf("quality[%d].name: %q is declared twice", i, m.Name)
		case !(m.Max > m.Min):
			return fmt.Errorf("quality[%d]: max %v is not above min %v", i, m.Max, m.Min)
		case m.Decimals < 0 || m.Decimals > 6:
			return fmt.Errorf("quality[%d].decimals: %d: want 0 to 6", i, m.Decimals)
		case !m.bounded():
			return fmt.Errorf("quality[%d]: min %v, max %v: want finite numbers of at most %d decimals and at most 12 digits", i, m.Min, m.Max, m.Decimals)
		case m.Better != "lower" && m.Better != "higher":
			return fmt.Errorf("quality[%d].better: %q: want lower or higher", i, m.Better)
		}
	}
	return nil
}

// Scale returns what one unit of the stored integers is, such as 10^-2 CNY.
func (m Metric) Scale() string { return fmt.Sprintf("10^-%d %s", m.Decimals, m.Unit) }

// bounds returns Min and Max in units of 10^-Decimals, and whether they are exact in it.
func (m Metric) bounds() (least, greatest int64, exact bool) {
	low, high := m.scale(m.Min), m.scale(m.Max)
	return low.n, high.n, low.exact && high.exact && !low.over && !high.over
}

func (m Metric) scale(bound float64) scaled {
	return parseScaled(strconv.AppendFloat(nil, bound, 'f', -1, 64), m.Decimals)
}

// bounded says whether the range is exact, and so narrow that sums of millions of values stay in 64 bits.
func (m Metric) bounded() bool {
	const limit = 1_000_000_000_000
	if math.IsInf(m.Min, 0) || math.IsInf(m.Max, 0) {
		return false
	}
	least, greatest, exact := m.bounds()
	return exact && least >= -limit && greatest <= limit
}

// want says which values are right.
func (m Metric) want() string {
	plain := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	return fmt.Sprintf("a number from %s to %s", plain(m.Min), plain(m.Max))
}
