package people

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// Cost of a password's hash: the second recommended option of RFC 9106 with less memory and more passes, some 50 ms on one
// core, so that sign-ins can't use up the memory of the gateway.
const (
	hashMemory = 32 << 10 // KiB
	hashPasses = 4
	hashLanes  = 1
	hashBytes  = 32
	saltBytes  = 16
)

// Bounds of a password, in characters and bytes. Length is what matters (NIST SP 800-63B).
const (
	LeastPassword = 12
	mostPassword  = 1024
)

// ErrWrongPassword says that the password is not the one of the hash.
var ErrWrongPassword = errors.New("wrong password")

// CheckPassword returns what is wrong with a new password.
func CheckPassword(password string) error {
	switch {
	case !utf8.ValidString(password):
		return errors.New("password: it is not UTF-8")
	case utf8.RuneCountInString(password) < LeastPassword:
		return fmt.Errorf("password: %d characters: want at least %d", utf8.RuneCountInString(password), LeastPassword)
	case len(password) > mostPassword:
		return fmt.Errorf("password: %d bytes: want at most %d", len(password), mostPassword)
	}
	return nil
}

// HashPassword returns the argon2id hash of the password in PHC form.
func HashPassword(password string) string {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // it never fails
	return formatHash(salt, argon2.IDKey([]byte(password), salt, hashPasses, hashMemory, hashLanes, hashBytes))
}

func formatHash(salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, hashMemory, hashPasses, hashLanes, b64.EncodeToString(salt), b64.EncodeToString(key))
}

// VerifyPassword returns nil when the password is that of the hash, ErrWrongPassword when it is not, and another error when
// the hash is none that this program makes. An empty hash is no one's password, and takes as long to say so.
func VerifyPassword(hash, password string) error {
	if len(password) > mostPassword {
		return ErrWrongPassword
	}
	if hash == "" {
		argon2.IDKey([]byte(password), make([]byte, saltBytes), hashPasses, hashMemory, hashLanes, hashBytes)
		return ErrWrongPassword
	}
	p, err := parseHash(hash)
	if err != nil {
		return err
	}
	key := argon2.IDKey([]byte(password), p.salt, p.passes, p.memory, p.lanes, uint32(len(p.key)))
	if subtle.ConstantTimeCompare(key, p.key) != 1 {
		return ErrWrongPassword
	}
	return nil
}

// phc is a hash in its parts.
type phc struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

func parseHash(hash string) (p phc, err error) {
	bad := errors.New("this is no argon2id hash in PHC form ($argon2id$v=19$m=…,t=…,p=…$salt$key)")
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, bad
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.passes, &p.lanes); n != 3 || err != nil {
		return p, bad
	}
	if p.memory > 1<<20 || p.passes < 1 || p.passes > 64 || p.lanes < 1 {
		return p, fmt.Errorf("this argon2id hash asks for m=%d, t=%d, p=%d: want at most 1 GiB and 64 passes", p.memory, p.passes, p.lanes)
	}
	b64 := base64.RawStdEncoding
	if p.salt, err = b64.DecodeString(parts[4]); err != nil || len(p.salt) < 8 {
		return p, bad
	}
	if p.key, err = b64.DecodeString(parts[5]); err != nil || len(p.key) < 16 {
		return p, bad
	}
	return p, nil
}
