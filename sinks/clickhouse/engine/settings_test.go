package engine

import (
	"net/url"
	"testing"
)

func TestTheURLsSettingsAreSet(t *testing.T) {
	for name, c := range map[string]struct {
		query    string
		readOnly bool
		want     string
	}{
		"none":                              {"query=SELECT+1&database=d&password=p&query_id=q", false, ""},
		"in the order of their names":       {"b=2&a=1", false, "SET a = '1', b = '2'"},
		"with quotes":                       {"log_comment=it's+%5Cme", false, `SET log_comment = 'it\'s \\me'`},
		"no parameter of the statement":     {"param_a=1", false, ""},
		"no structure of an external table": {"t_structure=a+Int8&t_format=TSV&t_types=Int8", false, ""},
		"a setting that ends like a format": {"date_time_output_format=iso", false, "SET date_time_output_format = 'iso'"},
		"nothing that is no name":           {"a%3D1%2C+b=2", false, ""},
		"a read-only method, last":          {"z=1", true, "SET z = '1', readonly = 2"},
		"readonly as given, last":           {"readonly=1&z=1", true, "SET z = '1', readonly = '1'"},
	} {
		t.Run(name, func(t *testing.T) {
			query, err := url.ParseQuery(c.query)
			if err != nil {
				t.Fatal(err)
			}
			if got := setStatement(query, c.readOnly); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
