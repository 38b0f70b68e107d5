package apply

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"satisflow/dashboards/grafana"
)

// Options say which Grafana is to have what.
type Options struct {
	// URL is Grafana's address, with its path when it is served below one.
	URL string
	// Token is of a service account. Username and Password sign in where there is none.
	Token              string
	Username, Password string
	// OrgID is the organization; 0 is that of the token or user.
	OrgID int64
	// CAFile holds the authorities to trust, PEM; empty means the system's.
	CAFile string
	// Timeout bounds one request.
	Timeout time.Duration

	// Dashboards are what they depend on.
	Dashboards grafana.Config
	// Sources says where Grafana finds Prometheus and ClickHouse.
	Sources grafana.Sources
	// SendPassword sends the password of ClickHouse also where Grafana has one already.
	SendPassword bool
	// Notify, when not nil, adds a contact point and a route to it for the rules that Grafana evaluates.
	Notify *Notify
	// DryRun only makes the plan.
	DryRun bool
}

// Notify is where alerts of Grafana's own rules go.
type Notify struct {
	// Type is email, webhook or prometheus-alertmanager.
	Type string
	// Address is an e-mail address (several with ;) or a URL.
	Address string
}

// settingOf is the name of the setting that holds the address.
var settingOf = map[string]string{"email": "addresses", "webhook": "url", "prometheus-alertmanager": "url"}

// DefaultOptions are for a Grafana on loopback; a token or a user must be added.
func DefaultOptions() Options {
	return Options{URL: "http://127.0.0.1:3000", Timeout: 30 * time.Second, Dashboards: grafana.DefaultConfig(), Sources: grafana.DefaultSources()}
}

// Validate returns an error that names the field, the value and what would be right.
func (o Options) Validate() error {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("url: %q: want the address of Grafana, such as https://grafana.example.com", o.URL)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("url: holds a user, a query or a fragment: want only scheme, host and path")
	case o.Token == "" && o.Username == "":
		return errors.New("token: missing: want that of a service account with the role Admin, or a user and a password")
	case o.Token != "" && o.Username != "":
		return errors.New("token: set beside a user: want one of them")
	case o.Timeout <= 0:
		return fmt.Errorf("timeout: %v: want more than 0", o.Timeout)
	}
	if n := o.Notify; n != nil && (settingOf[n.Type] == "" || n.Address == "") {
		return fmt.Errorf("notify: %q to %q: want email, webhook or prometheus-alertmanager, and an address", n.Type, n.Address)
	}
	if err := o.Sources.Validate(); err != nil {
		return err
	}
	return o.Dashboards.Validate()
}

func (o Options) tls() (*tls.Config, error) {
	if o.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file: %s: no certificate in it: want PEM", o.CAFile)
	}
	return &tls.Config{RootCAs: pool}, nil
}
