package admit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
)

// hasher replaces customer ids by pseudonyms: the first 128 bits of their HMAC-SHA256 in hexadecimal digits.
type hasher struct {
	mac   hash.Hash
	known map[string]string
	sum   []byte
}

// pseudonymBytes is how much of the HMAC is kept.
const pseudonymBytes = 16

// maxKnown bounds the cache: it is emptied when full, as a few customers send most of the ratings.
const maxKnown = 4096

func newHasher(key []byte) *hasher {
	return &hasher{mac: hmac.New(sha256.New, key), known: map[string]string{}}
}

func (h *hasher) of(id string) string {
	if p, ok := h.known[id]; ok {
		return p
	}
	if len(h.known) >= maxKnown {
		clear(h.known)
	}
	h.mac.Reset()
	h.mac.Write([]byte(id))
	h.sum = h.mac.Sum(h.sum[:0])
	p := hex.EncodeToString(h.sum[:pseudonymBytes])
	h.known[strings.Clone(id)] = p
	return p
}

// isPseudonym says whether the id has the form of one.
func isPseudonym(id string) bool {
	if len(id) != 2*pseudonymBytes {
		return false
	}
	for i := range len(id) {
		if c := id[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Pseudonym returns what customer_ids: hmac stores for the customer, by the secret.
func Pseudonym(key []byte, id string) string { return newHasher(key).of(id) }

// IsPseudonym says whether the text looks like what Pseudonym returns.
func IsPseudonym(id string) bool {
	const digits = 32
	return len(id) == digits && strings.Trim(id, "0123456789abcdef") == ""
}
