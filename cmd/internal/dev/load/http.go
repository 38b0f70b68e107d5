package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"satisflow/pipeline/eventgen"
)

// ErrUnreachable says that the API was not there, or too busy, for as long as HTTP waits.
var ErrUnreachable = errors.New("the API is not to be reached")

// recordPath is where the API takes ratings.
const recordPath = "/api/v1/enterprise-satisfaction/satisfaction/record"

// HTTP is the target that sends to the API: good records together, as NDJSON, each bad one by itself.
type HTTP struct {
	client *http.Client
	url    string
	wait   time.Duration
	away   func(error)
}

// NewHTTP returns the target for a gateway such as http://127.0.0.1:8080. It waits for a gateway that is not there, or busy, up
// to the time given; away, which may be nil, is told why.
func NewHTTP(client *http.Client, base string, wait time.Duration, away func(error)) (*HTTP, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("url: %q: want the address of a gateway, such as http://127.0.0.1:8080", base)
	}
	if strings.TrimSuffix(u.Path, "/") == "" {
		u.Path = recordPath
	}
	return &HTTP{client: client, url: u.String(), wait: wait, away: away}, nil
}

// Send implements Target.
func (h *HTTP) Send(ctx context.Context, items []eventgen.Item) (wrong int, err error) {
	var good bytes.Buffer
	n := 0
	for i := range items {
		it := &items[i]
		if it.Kind != eventgen.Bad {
			good.Write(it.JSON)
			good.WriteByte('\n')
			n++
			continue
		}
		status, err := h.post(ctx, "application/json", it.JSON)
		if err != nil {
			return wrong, err
		}
		if !refused(status) {
			wrong++
		}
	}
	if n == 0 {
		return wrong, nil
	}
	status, err := h.post(ctx, "application/x-ndjson", good.Bytes())
	if err == nil && status != http.StatusOK {
		wrong += n // which of them it was does not matter: none should be
	}
	return wrong, err
}

// refused says whether the status is one for a rating that is wrong.
func refused(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge || status == http.StatusUnprocessableEntity
}

// post sends until there is an answer about the body. Sending again is harmless, as every rating has its id.
func (h *HTTP) post(ctx context.Context, contentType string, body []byte) (status int, err error) {
	const first, most = 200 * time.Millisecond, 5 * time.Second
	began := time.Now()
	for pause := first; ; pause = min(2*pause, most) {
		status, after, err := h.once(ctx, contentType, body)
		switch {
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case err == nil && status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable:
			return status, nil
		case err == nil:
			err = fmt.Errorf("it answers %d", status)
		}
		if time.Since(began) > h.wait {
			return 0, fmt.Errorf("%w at %s: %w", ErrUnreachable, h.url, err)
		}
		if h.away != nil {
			h.away(err)
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(max(pause, after)):
		}
	}
}

func (h *HTTP) once(ctx context.Context, contentType string, body []byte) (status int, after time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return 0, 0, err
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := h.client.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body) // so that the connection is used again
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		after = time.Duration(min(s, 60)) * time.Second
	}
	return resp.StatusCode, after, nil
}
