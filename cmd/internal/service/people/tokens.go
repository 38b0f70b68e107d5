package people

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"satisflow/pipeline/entity"
)

// NewToken is what is said of a token to make.
type NewToken struct {
	Name      string
	Role      Role
	Scope     Scope
	ExpiresAt time.Time // zero for never
}

// usedEvery is how often at most it is stored that a token was used.
const usedEvery = 5 * time.Minute

// CreateToken makes a token and returns it with its secret, which is shown once and stored nowhere.
func (s *Service) CreateToken(ctx context.Context, by Principal, n NewToken) (Token, string, error) {
	_, err := ParseRole(string(n.Role))
	if n.Name == "" || len(n.Name) > 100 {
		err = errors.Join(err, fmt.Errorf("name: %q: want 1 to 100 bytes that say what the token is for", n.Name))
	}
	if !n.ExpiresAt.IsZero() && !n.ExpiresAt.After(s.now()) {
		err = errors.Join(err, fmt.Errorf("expires_at: %s: want a time to come", n.ExpiresAt.Format(time.RFC3339)))
	}
	if err = errors.Join(err, mayGive(by, n.Scope)); err != nil {
		return Token{}, "", err
	}
	secret := tokenPrefix + newSecret()
	t := Token{Meta: entity.Meta{ID: newID("t_")}, Name: n.Name, Hint: hint(secret), Hash: hashSecret(secret), Role: n.Role, Scope: n.Scope,
		CreatedAt: s.now().UTC().Truncate(time.Millisecond), ExpiresAt: n.ExpiresAt.UTC().Truncate(time.Millisecond)}
	if n.ExpiresAt.IsZero() {
		t.ExpiresAt = time.Time{}
	}
	t, err = s.tokens.Create(ctx, t, s.stamp(by, "created"))
	return t, secret, err
}

// RevokeToken ends a token for good.
func (s *Service) RevokeToken(ctx context.Context, by Principal, id string, saw uint64) (Token, error) {
	t, err := s.tokens.Change(ctx, id, saw, s.stamp(by, "revoked"), func(t *Token) error {
		if t.RevokedAt.IsZero() {
			t.RevokedAt = s.now().UTC().Truncate(time.Millisecond)
		}
		return nil
	})
	s.known.drop(t.Hash)
	return t, err
}

// Token returns who acts with the token; ErrNobody when nobody does any more.
func (s *Service) Token(ctx context.Context, secret string) (Principal, error) {
	if !strings.HasPrefix(secret, tokenPrefix) {
		return Principal{}, ErrNobody
	}
	hash := hashSecret(secret)
	return s.known.principal(hash, s.now(), s.cfg.Remember, func() (Principal, time.Time, error) {
		t, found, err := one(ctx, s.tokens, "hash", hash)
		if err != nil {
			return Principal{}, time.Time{}, err
		}
		if !found || !t.Valid(s.now()) {
			return Principal{}, time.Time{}, ErrNobody
		}
		p := t.Principal()
		if now := s.now(); now.Sub(t.UsedAt) >= usedEvery {
			// That it was used is for people: where it can't be stored, as on a read-only gateway, the token works all the same.
			_, _ = s.tokens.Change(ctx, t.ID, 0, s.stamp(p, "used"), func(t *Token) error { t.UsedAt = now.UTC().Truncate(time.Millisecond); return nil })
		}
		return p, t.ExpiresAt, nil
	})
}
