package guard

import (
	"context"
	"crypto/rand"
	"net/http"
	"strconv"
	"strings"
)

const headerRequestID = "X-Request-Id"

type requestIDKey struct{}

// RequestID returns the id of the request that the context belongs to, or the empty string.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// withRequestID takes the id that the caller or a proxy gave, if it is one, and makes one otherwise.
func withRequestID(r *http.Request) (*http.Request, string) {
	id := r.Header.Get(headerRequestID)
	if !isRequestID(id) {
		id = rand.Text()
	}
	return r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)), id
}

func isRequestID(id string) bool {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return id != "" && len(id) <= 64 && strings.Trim(id, alphabet) == ""
}

func statusLabel(code int) string { return strconv.Itoa(code) }
