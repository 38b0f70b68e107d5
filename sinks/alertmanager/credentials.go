package alertmanager

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// header is that of every request, with the credentials that the files hold now.
func (c Config) header() (http.Header, error) {
	header := http.Header{"Content-Type": {"application/json"}, "User-Agent": {"satisflow"}}
	switch {
	case c.User != "":
		password, err := secret("password_file", c.PasswordFile)
		if err != nil {
			return nil, err
		}
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.User+":"+password)))
	case c.TokenFile != "":
		token, err := secret("token_file", c.TokenFile)
		if err != nil {
			return nil, err
		}
		header.Set("Authorization", "Bearer "+token)
	}
	return header, nil
}

// secret is what the file holds on its one line.
func secret(field, file string) (string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", field, err)
	}
	text := strings.TrimRight(string(content), "\r\n")
	if text == "" || strings.ContainsAny(text, "\r\n") {
		return "", fmt.Errorf("%s: %s: want a secret on one line", field, file)
	}
	return text, nil
}

// transport is that of the standard library, with the authorities to trust.
func (c Config) transport() (*http.Transport, error) {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("the program has replaced its HTTP transport")
	}
	transport := standard.Clone()
	if c.CAFile == "" {
		return transport, nil
	}
	content, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("ca_file: %s: holds no certificate: want PEM", c.CAFile)
	}
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return transport, nil
}
