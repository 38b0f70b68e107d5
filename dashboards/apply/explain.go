package apply

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// explain adds what to do to an error of Grafana or on the way to it.
func explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	if advice := adviceFor(err); advice != "" {
		return fmt.Errorf("%s: %w: %s", doing, err, advice)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

func adviceFor(err error) string {
	var status *StatusError
	if errors.As(err, &status) {
		return adviceForStatus(status)
	}
	var elsewhere *RedirectError
	if errors.As(err, &elsewhere) {
		return "nothing was sent there: give that address, if it is right, in place of the one that redirects"
	}
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var network *net.OpError
	switch {
	case errors.As(err, &authority):
		return "the certificate is of an authority that this machine does not trust: give its certificate by a CA file"
	case errors.As(err, &host):
		return "the certificate is for another name: use the name that is in it"
	case errors.As(err, &invalid):
		return "the certificate is not valid (any more): renew it, and look at the clock of this machine"
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "no TLS is spoken there: use http:// in the address"
	case errors.As(err, &network):
		return "is Grafana running there, and reachable from here?"
	}
	return ""
}

func adviceForStatus(e *StatusError) string {
	switch {
	case e.Status == http.StatusUnauthorized:
		return "Grafana does not know the token, or user and password: make a service account with the role Admin, and a token for it"
	case e.Status == http.StatusForbidden:
		return "the token may not do that: data sources need the role Admin (or datasources:read and :write), dashboards and folders Editor; what is provisioned from a file can only be changed there"
	case e.Status == http.StatusNotFound:
		return "nothing is there: is the address that of Grafana itself, with the path that it is served below?"
	case e.Status == http.StatusConflict:
		return "something else has this name, or somebody changed it just now: rename that, or run again"
	case e.Status == http.StatusPreconditionFailed:
		return "somebody saved it just now, or something else has this name: run again to see what would be changed, or rename that"
	case e.Status == http.StatusBadRequest && strings.Contains(e.Message, "provisioned"):
		return "it comes from a file that Grafana is provisioned with: change that, or take it out there and run again"
	case e.Status == http.StatusTooManyRequests:
		return "Grafana, or a proxy before it, wants fewer requests: wait a little and run again"
	case e.Status >= http.StatusInternalServerError:
		return "Grafana, or a proxy before it, failed: look into its log, then run again; what was done already stays"
	}
	return ""
}
