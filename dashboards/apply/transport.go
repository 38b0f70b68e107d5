package apply

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-openapi/runtime"
	httptransport "github.com/go-openapi/runtime/client"
	"github.com/go-openapi/strfmt"
	goapi "github.com/grafana/grafana-openapi-client-go/client"
)

// StatusError is an answer of Grafana that is none of success.
type StatusError struct {
	Status int
	// Message is Grafana's own.
	Message string
	Method  string
	Path    string
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s %s: %d: %s", e.Method, e.Path, e.Status, e.Message)
}

// isStatus says whether err is an answer with one of the codes.
func isStatus(err error, codes ...int) bool {
	var s *StatusError
	return errors.As(err, &s) && slices.Contains(codes, s.Status)
}

// roundTripper turns answers that are no success into a StatusError, whether the client's models know the code or not,
// and repeats questions that a proxy or an overloaded Grafana refused.
type roundTripper struct {
	next http.RoundTripper
	wait time.Duration // before the first repetition, then twice as long each
}

const attempts = 3

// RoundTrip sends the request.
func (t roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	for attempt := 1; ; attempt++ {
		resp, err := t.next.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		if to, elsewhere := redirect(r, resp); elsewhere {
			return nil, to
		}
		if resp.StatusCode < http.StatusBadRequest {
			return resp, nil
		}
		failed := statusError(r, resp)
		passing := slices.Contains([]int{http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}, failed.Status)
		if r.Method != http.MethodGet || !passing || attempt == attempts {
			return nil, failed
		}
		select {
		case <-r.Context().Done():
			return nil, failed
		case <-time.After(t.wait << (attempt - 1)):
		}
	}
}

// RedirectError is an answer that Grafana is at another address. It is never followed: a PUT that is sent there becomes a
// GET, which changes nothing and succeeds.
type RedirectError struct {
	// Address is where Grafana is, as the answer has it, without the path of the request.
	Address string
	Status  int
}

func (e *RedirectError) Error() string {
	return fmt.Sprintf("%d: Grafana is at %s", e.Status, e.Address)
}

// redirect tells whether the answer leads elsewhere.
func redirect(r *http.Request, resp *http.Response) (*RedirectError, bool) {
	if resp.StatusCode < http.StatusMultipleChoices || resp.StatusCode >= http.StatusBadRequest || resp.StatusCode == http.StatusNotModified {
		return nil, false
	}
	resp.Body.Close()
	e := &RedirectError{Address: "an address that it does not say", Status: resp.StatusCode}
	if to, err := r.URL.Parse(resp.Header.Get("Location")); err == nil && resp.Header.Get("Location") != "" {
		to.RawQuery, to.Fragment, to.User = "", "", nil
		to.Path, _, _ = strings.Cut(to.Path, "/api/")
		to.RawPath = ""
		e.Address = to.String()
	}
	return e, true
}

// statusError takes the message out of the body, which is Grafana's JSON or whatever a proxy says.
func statusError(r *http.Request, resp *http.Response) *StatusError {
	defer resp.Body.Close()
	e := &StatusError{Status: resp.StatusCode, Method: r.Method, Path: r.URL.Path, Message: http.StatusText(resp.StatusCode)}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return e
	}
	var told struct{ Message, Error string }
	if json.Unmarshal(body, &told) == nil && told.Message+told.Error != "" {
		e.Message = told.Message
		if told.Message == "" {
			e.Message = told.Error
		}
	}
	return e
}

// client speaks to one Grafana.
type client struct {
	*goapi.GrafanaHTTPAPI
	http  *http.Client
	base  *url.URL
	authz func(*http.Request)
}

func newClient(o Options) (*client, error) {
	base, err := url.Parse(o.URL)
	if err != nil {
		return nil, err
	}
	secure, err := o.tls()
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = secure
	c := &client{base: base.JoinPath("api"), authz: o.authorize,
		http: &http.Client{Timeout: o.Timeout, Transport: roundTripper{transport, 500 * time.Millisecond}}}
	api := httptransport.NewWithClient(base.Host, c.base.Path, []string{base.Scheme}, c.http)
	api.DefaultAuthentication = runtime.ClientAuthInfoWriterFunc(func(r runtime.ClientRequest, _ strfmt.Registry) error {
		like := &http.Request{Header: http.Header{}}
		o.authorize(like)
		for name := range like.Header {
			if err := r.SetHeaderParam(name, like.Header.Get(name)); err != nil {
				return err
			}
		}
		return nil
	})
	c.GrafanaHTTPAPI = goapi.New(api, goapi.DefaultTransportConfig(), strfmt.Default)
	return c, nil
}

func (o Options) authorize(r *http.Request) {
	r.Header.Set("User-Agent", "satisflow")
	if o.OrgID != 0 {
		r.Header.Set("X-Grafana-Org-Id", fmt.Sprint(o.OrgID))
	}
	if o.Token != "" {
		r.Header.Set("Authorization", "Bearer "+o.Token)
		return
	}
	r.SetBasicAuth(o.Username, o.Password)
}

// raw asks with JSON as it is, for what the client's models would lose a part of.
func (c *client) raw(ctx context.Context, method, path string, in, out any) error {
	path, query, _ := strings.Cut(path, "?")
	target := c.base.JoinPath(path)
	target.RawQuery = query
	var body io.Reader // none for a question: it could not be repeated
	if in != nil {
		content, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(content)
	}
	req, err := http.NewRequestWithContext(ctx, method, target.String(), body)
	if err != nil {
		return err
	}
	c.authz(req)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Disable-Provenance", "true")
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(out)
}

func (c *client) close() { c.http.CloseIdleConnections() }
