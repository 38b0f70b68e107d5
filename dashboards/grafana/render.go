package grafana

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Dashboards returns leadership's and on-call's dashboards, each in English and Chinese. It fails when the configuration
// is not valid.
func Dashboards(cfg Config) ([]Dashboard, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("write dashboards: %w", err)
	}
	return []Dashboard{
		leadership(cfg, English), leadership(cfg, Chinese),
		onCall(cfg, English), onCall(cfg, Chinese),
	}, nil
}

// File is a file that Grafana is provisioned with.
type File struct {
	// Path is relative to the top of the repository.
	Path    string
	Content []byte
}

// DashboardFolder holds the rendered dashboards, relative to the top of the repository.
const DashboardFolder = "dashboards/grafana/json"

// Files returns the dashboards as JSON and the provisioning of Grafana; the same configuration always gives the same bytes.
func Files(cfg Config) ([]File, error) {
	boards, err := Dashboards(cfg)
	if err != nil {
		return nil, err
	}
	var files []File
	for _, d := range boards {
		content, err := encode(d)
		if err != nil {
			return nil, fmt.Errorf("render dashboard %s: %w", d.UID, err)
		}
		files = append(files, File{DashboardFolder + "/" + d.UID + ".json", content})
	}
	provisioned, err := provisioning()
	return append(files, provisioned...), err
}

func encode(d Dashboard) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(d)
	return b.Bytes(), err
}
