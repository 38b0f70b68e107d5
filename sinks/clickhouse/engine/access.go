package engine

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
)

// access admits requests that carry the token, wherever a client of ClickHouse puts its password.
type access struct{ digest [sha256.Size]byte }

func newAccess(token string) access { return access{sha256.Sum256([]byte(token))} }

// check returns the exception for a request without the token; the user's name does not matter.
func (a access) check(r *http.Request) error {
	given := givenPassword(r)
	if given == "" {
		return exceptionf(codeRequiredPassword, "the embedded engine needs its token as the password")
	}
	// Digests have one length, so that the comparison does not tell that of the token.
	digest := sha256.Sum256([]byte(given))
	if subtle.ConstantTimeCompare(digest[:], a.digest[:]) != 1 {
		return exceptionf(codeAuthentication, "the password is not the embedded engine's token")
	}
	return nil
}

func givenPassword(r *http.Request) string {
	if _, password, ok := r.BasicAuth(); ok {
		return password
	}
	if key := r.Header.Get("X-ClickHouse-Key"); key != "" {
		return key
	}
	return r.URL.Query().Get("password")
}
