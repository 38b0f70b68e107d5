package alertmanager

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// member is one Alertmanager of a cluster.
type member struct {
	name   string // host:port, with the path where it has one
	url    *url.URL
	client *Client
}

func nameOf(u *url.URL) string { return u.Host + strings.TrimRight(u.Path, "/") }

// push returns what became of each batch. A member that can't be reached is not asked for the others.
func (m *member) push(ctx context.Context, header http.Header, all []batch) []error {
	errs := make([]error, len(all))
	var down error
	for i, b := range all {
		if errs[i] = down; down == nil {
			errs[i] = m.request(ctx, http.MethodPost, "api/v2/alerts", header, b.body)
		}
		if errs[i] != nil && !IsPermanent(errs[i]) {
			down = errs[i]
		}
		m.client.attempted(m, b, errs[i])
	}
	return errs
}

// request returns nil for a status of 2xx.
func (m *member) request(ctx context.Context, method, path string, header http.Header, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, m.client.cfg.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, m.url.JoinPath(path).String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("ask %s: %w", m.url, err)
	}
	request.Header = header.Clone()
	response, err := m.client.http.Do(request)
	if err != nil {
		return err // it names the URL
	}
	defer response.Body.Close()
	return statusError(request.URL.String(), response)
}

// maxBody bounds what errors keep of an answer, in bytes.
const maxBody = 300

// statusError reads the answer's beginning, and so much of the rest that the connection can be used again.
func statusError(url string, response *http.Response) error {
	const drained = 64 << 10
	content, err := io.ReadAll(io.LimitReader(response.Body, drained))
	if response.StatusCode/100 == 2 {
		return nil // Alertmanager has them, whatever becomes of the rest of its answer
	}
	if err != nil {
		content = []byte(err.Error())
	}
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(content), "\uFFFD")), " ")
	return &StatusError{URL: url, Status: response.StatusCode, Body: cut(text, maxBody)}
}
