package people

import (
	"context"
	"errors"
	"fmt"
	"time"

	"satisflow/pipeline/entity"
)

// Config is how people sign in.
type Config struct {
	SessionLength time.Duration // a session ends this long after the sign-in
	Remember      time.Duration // how long a principal is believed without looking it up again; a disabled user is out after it
	BreakGlass    BreakGlass
}

// BreakGlass is the account of the configuration, an admin that no change in the database can lock out.
type BreakGlass struct {
	Name         string
	PasswordHash string // argon2id in PHC form; empty for no such account
}

// DefaultConfig returns a session of half a day, and principals that are remembered for half a minute.
func DefaultConfig() Config { return Config{SessionLength: 12 * time.Hour, Remember: 30 * time.Second} }

// Validate returns what is wrong with the configuration.
func (c Config) Validate() error {
	var all []error
	if c.SessionLength < time.Minute || c.SessionLength > 30*24*time.Hour {
		all = append(all, fmt.Errorf("session_length: %v: want 1m to 720h", c.SessionLength))
	}
	if c.Remember < 0 || c.Remember > time.Minute {
		all = append(all, fmt.Errorf("remember: %v: want 0s to 1m, within which a disabled user must be out", c.Remember))
	}
	if c.BreakGlass.PasswordHash != "" {
		if _, err := parseHash(c.BreakGlass.PasswordHash); err != nil {
			all = append(all, fmt.Errorf("break_glass.password_hash: %w", err))
		}
		if err := checkName(c.BreakGlass.Name); err != nil {
			all = append(all, fmt.Errorf("break_glass.%w", err))
		}
	}
	return errors.Join(all...)
}

// Service is all that is done with people. It is safe for concurrent use.
type Service struct {
	cfg      Config
	users    entity.Store[User]
	tokens   entity.Store[Token]
	sessions entity.Store[Session]
	now      func() time.Time
	names    nameLock
	throttle throttle
	known    memory
}

// New returns the service over its stores; now is the clock.
func New(cfg Config, users entity.Store[User], tokens entity.Store[Token], sessions entity.Store[Session], now func() time.Time) *Service {
	return &Service{cfg: cfg, users: users, tokens: tokens, sessions: sessions, now: now}
}

// ErrNobody says that a cookie or token is nobody's: unknown, expired, revoked, or of a disabled user.
var ErrNobody = errors.New("nobody is signed in by this")

func (s *Service) stamp(by Principal, action string) entity.Stamp {
	return entity.Stamp{At: s.now(), By: by.ID, Action: action}
}

// one returns the only entity of the store whose column has the value; false when there is none.
func one[T any](ctx context.Context, store entity.Store[T], column, value string) (T, bool, error) {
	var none T
	all, err := store.List(ctx, entity.Query{Where: []entity.Condition{entity.Where(column, value)}, Limit: 1})
	if err != nil || len(all) == 0 {
		return none, false, err
	}
	return all[0], true, nil
}
