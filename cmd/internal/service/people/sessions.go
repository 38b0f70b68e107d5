package people

import (
	"context"
	"errors"
	"strings"
	"time"

	"satisflow/pipeline/entity"
)

// breakGlassID is the identity of the account of the configuration.
const breakGlassID = "break-glass"

// SignIn returns the cookie of a new session. The error is ErrWrongPassword for a wrong name, a wrong password and a disabled
// user alike, and a *TooManyError when there were too many failures of the name or the address.
func (s *Service) SignIn(ctx context.Context, name, password, address, agent string) (cookie string, p Principal, err error) {
	name = strings.ToLower(strings.TrimSpace(name))
	keys := []string{"name:" + name, "address:" + address}
	if err := s.throttle.allow(s.now(), keys...); err != nil {
		return "", Principal{}, err
	}
	p, err = s.checkSignIn(ctx, name, password)
	if errors.Is(err, ErrWrongPassword) {
		s.throttle.failed(s.now(), keys...)
	}
	if err != nil {
		return "", Principal{}, err
	}
	s.throttle.succeeded("name:" + name)
	cookie, err = s.newSession(ctx, p, address, agent)
	return cookie, p, err
}

func (s *Service) checkSignIn(ctx context.Context, name, password string) (Principal, error) {
	if b := s.cfg.BreakGlass; b.PasswordHash != "" && name == b.Name {
		return s.breakGlass(), VerifyPassword(b.PasswordHash, password)
	}
	u, _, err := one(ctx, s.users, "name", name) // without a user there is no hash, which takes as long
	if err != nil {
		return Principal{}, err
	}
	if err := VerifyPassword(u.PasswordHash, password); err != nil {
		return Principal{}, err
	}
	if u.Disabled {
		return Principal{}, ErrWrongPassword
	}
	return u.Principal(), nil
}

func (s *Service) breakGlass() Principal {
	return Principal{UserKind, breakGlassID, s.cfg.BreakGlass.Name, Admin, Scope{}}
}

// newSession stores a session of the user and notes that he signed in.
func (s *Service) newSession(ctx context.Context, p Principal, address, agent string) (cookie string, err error) {
	cookie = newSecret()
	now := s.now().UTC().Truncate(time.Millisecond)
	session := Session{Meta: entity.Meta{ID: newID("s_")}, Hash: hashSecret(cookie), User: p.ID, CreatedAt: now, ExpiresAt: now.Add(s.cfg.SessionLength),
		Address: address, Agent: agent[:min(len(agent), 200)]}
	if _, err := s.sessions.Create(ctx, session, s.stamp(p, "signed in")); err != nil {
		return "", err
	}
	if p.ID == breakGlassID {
		return cookie, nil
	}
	_, err = s.users.Change(ctx, p.ID, 0, s.stamp(p, "signed in"), func(u *User) error { u.SignedInAt = now; return nil })
	return cookie, err
}

// Session returns whose session the cookie is of; ErrNobody when it is nobody's any more.
func (s *Service) Session(ctx context.Context, cookie string) (Principal, error) {
	return s.known.principal(hashSecret(cookie), s.now(), s.cfg.Remember, func() (Principal, time.Time, error) {
		session, found, err := one(ctx, s.sessions, "hash", hashSecret(cookie))
		if err != nil {
			return Principal{}, time.Time{}, err
		}
		if !found || !session.EndedAt.IsZero() || !s.now().Before(session.ExpiresAt) {
			return Principal{}, time.Time{}, ErrNobody
		}
		p, err := s.user(ctx, session.User)
		return p, session.ExpiresAt, err
	})
}

// user returns the principal of a user that may act.
func (s *Service) user(ctx context.Context, id string) (Principal, error) {
	if id == breakGlassID && s.cfg.BreakGlass.PasswordHash != "" {
		return s.breakGlass(), nil
	}
	u, found, err := s.users.Get(ctx, id)
	if err != nil {
		return Principal{}, err
	}
	if !found || u.Disabled {
		return Principal{}, ErrNobody
	}
	return u.Principal(), nil
}

// SignOut ends the session of the cookie; nothing when there is none.
func (s *Service) SignOut(ctx context.Context, p Principal, cookie string) error {
	session, found, err := one(ctx, s.sessions, "hash", hashSecret(cookie))
	if err != nil || !found {
		return err
	}
	return s.end(ctx, p, session.ID)
}

// endSessions ends all sessions of a user.
func (s *Service) endSessions(ctx context.Context, by Principal, user string) error {
	all, err := s.sessions.List(ctx, entity.Query{Where: []entity.Condition{entity.Where("user", user), entity.Where("ended_at", time.Time{})}})
	for _, session := range all {
		err = errors.Join(err, s.end(ctx, by, session.ID))
	}
	return err
}

func (s *Service) end(ctx context.Context, by Principal, id string) error {
	session, err := s.sessions.Change(ctx, id, 0, s.stamp(by, "signed out"), func(x *Session) error {
		x.EndedAt = s.now().UTC().Truncate(time.Millisecond)
		return nil
	})
	s.known.drop(session.Hash)
	return err
}
