package people

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// tokenPrefix begins every API token, so that scanners for leaked secrets and people know what it is.
const tokenPrefix = "sfl_"

// newSecret returns 256 random bits, which go into headers and cookies as they are.
func newSecret() string {
	b := make([]byte, 32)
	rand.Read(b) // it never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// hashSecret returns what is stored of a secret.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// hint is the part of a token that is shown to recognize it.
func hint(token string) string {
	rest := strings.TrimPrefix(token, tokenPrefix)
	return tokenPrefix + rest[:4] + "…"
}

// newID returns an identity with the prefix.
func newID(prefix string) string {
	b := make([]byte, 10)
	rand.Read(b) // it never fails
	return prefix + strings.ToLower(base32id.EncodeToString(b))
}

// base32id writes identities: no padding, one case.
var base32id = base32.StdEncoding.WithPadding(base32.NoPadding)
