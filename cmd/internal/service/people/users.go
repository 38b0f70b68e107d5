package people

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"sync"
	"time"

	"satisflow/pipeline/entity"
)

// NewUser is what is said of a user to add.
type NewUser struct {
	Name, DisplayName, Email string
	Role                     Role
	Scope                    Scope
	Password                 string // empty: one is made
	Subject                  string // of OIDC, for one who signs in elsewhere: no password is made
	Language, TimeZone       string
}

// UserChange is what changes of a user; nil stays.
type UserChange struct {
	DisplayName, Email, Language, TimeZone *string
	Role                                   *Role
	Scope                                  *Scope
	Disabled                               *bool
}

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,63}$`)

func checkName(name string) error {
	if !namePattern.MatchString(name) {
		return fmt.Errorf("name: %q: want 2 to 64 of a-z, 0-9, dot, dash and underscore, such as li.na", name)
	}
	return nil
}

func checkEmail(email string) error {
	if a, err := mail.ParseAddress(email); email != "" && (err != nil || a.Address != email) {
		return fmt.Errorf("email: %q: want an address such as li.na@example.com", email)
	}
	return nil
}

func checkPlace(language, zone string) error {
	var all []error
	switch language {
	case "", "en", "zh":
	default:
		all = append(all, fmt.Errorf("language: %q: want en, zh or nothing for the browser's", language))
	}
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
		all = append(all, fmt.Errorf("time_zone: %q: want a name such as Asia/Shanghai, or nothing for the browser's", zone))
	}
	return errors.Join(all...)
}

// nameLock lets one user at a time get a name.
type nameLock struct{ sync.Mutex }

// AddUser adds a user and returns it with the password that was made, if one was: it is shown once and stored nowhere. The
// errors name the field; entity.ErrExists when the name is taken.
func (s *Service) AddUser(ctx context.Context, by Principal, n NewUser) (User, string, error) {
	n.Name = strings.ToLower(n.Name)
	_, roleErr := ParseRole(string(n.Role))
	err := errors.Join(checkName(n.Name), checkEmail(n.Email), roleErr, checkPlace(n.Language, n.TimeZone), mayGive(by, n.Scope))
	made := ""
	if n.Password == "" && n.Subject == "" {
		made = newSecret()[:20]
		n.Password = made
	}
	if n.Password != "" {
		err = errors.Join(err, CheckPassword(n.Password))
	}
	if err != nil {
		return User{}, "", err
	}
	s.names.Lock()
	defer s.names.Unlock()
	if _, found, err := one(ctx, s.users, "name", n.Name); err != nil {
		return User{}, "", err
	} else if found || n.Name == s.cfg.BreakGlass.Name {
		return User{}, "", fmt.Errorf("name: %q: %w", n.Name, entity.ErrExists)
	}
	u := User{Meta: entity.Meta{ID: newID("u_")}, Name: n.Name, DisplayName: n.DisplayName, Email: n.Email, Role: n.Role, Scope: n.Scope,
		Subject: n.Subject, Language: n.Language, TimeZone: n.TimeZone, CreatedAt: s.now().UTC().Truncate(time.Millisecond)}
	if n.Password != "" {
		u.PasswordHash = HashPassword(n.Password)
	}
	u, err = s.users.Create(ctx, u, s.stamp(by, "created"))
	return u, made, err
}

// mayGive returns an error when the scope holds more than the giver's own.
func mayGive(by Principal, scope Scope) error {
	if !scope.Within(by.Scope) {
		return errors.New("scope: it holds more than your own: name services and segments of yours")
	}
	return nil
}

// ChangeUser changes a user; saw is the version that was seen, 0 for any. What would lock everybody out is refused.
func (s *Service) ChangeUser(ctx context.Context, by Principal, id string, saw uint64, c UserChange) (User, error) {
	s.names.Lock() // of two admins who demote each other one must stay
	defer s.names.Unlock()
	admins, err := s.admins(ctx)
	if err != nil {
		return User{}, err
	}
	u, err := s.users.Change(ctx, id, saw, s.stamp(by, "updated"), func(u *User) error {
		if err := c.apply(u, by); err != nil {
			return err
		}
		if len(admins) == 1 && admins[0] == id && (u.Disabled || u.Role != Admin) && s.cfg.BreakGlass.PasswordHash == "" {
			return errors.New("role: this is the last admin: make another one first, or configure a break-glass account")
		}
		return nil
	})
	s.known.forget(id)
	return u, err
}

func (s *Service) admins(ctx context.Context) (ids []string, err error) {
	all, err := s.users.List(ctx, entity.Query{Where: []entity.Condition{entity.Where("role", string(Admin)), entity.Where("disabled", false)}})
	for _, u := range all {
		ids = append(ids, u.ID)
	}
	return ids, err
}

func (c UserChange) apply(u *User, by Principal) error {
	for _, f := range []struct {
		to   *string
		from *string
	}{{&u.DisplayName, c.DisplayName}, {&u.Email, c.Email}, {&u.Language, c.Language}, {&u.TimeZone, c.TimeZone}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	err := errors.Join(checkEmail(u.Email), checkPlace(u.Language, u.TimeZone))
	if c.Role != nil {
		_, roleErr := ParseRole(string(*c.Role))
		err = errors.Join(err, roleErr)
		u.Role = *c.Role
	}
	if c.Scope != nil {
		err = errors.Join(err, mayGive(by, *c.Scope))
		u.Scope = *c.Scope
	}
	if c.Disabled != nil {
		u.Disabled = *c.Disabled
	}
	return err
}

// SetPassword gives a user another password and ends the user's sessions; an empty one is made and returned.
func (s *Service) SetPassword(ctx context.Context, by Principal, id, password string) (made string, err error) {
	if password == "" {
		made = newSecret()[:20]
		password = made
	}
	if err := CheckPassword(password); err != nil {
		return "", err
	}
	hash := HashPassword(password)
	_, err = s.users.Change(ctx, id, 0, s.stamp(by, "password changed"), func(u *User) error { u.PasswordHash = hash; return nil })
	if err != nil {
		return "", err
	}
	return made, s.endSessions(ctx, by, id)
}
