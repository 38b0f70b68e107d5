package people

import (
	"context"
	"errors"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"satisflow/deploy/testkit"
	"satisflow/pipeline/entity"
	"satisflow/sinks/clickhouse"
)

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

func (c *clock) add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.at = c.at.Add(d) }

var admin = Principal{Kind: UserKind, ID: "u_admin", Role: Admin}

// open returns a service over the tables of a database of the test's own.
func open(t *testing.T, cfg Config) (*Service, *clock) {
	t.Helper()
	conn := testkit.ClickHouse(t).Open()
	if _, err := clickhouse.Migrate(t.Context(), conn, clickhouse.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	mayWrite := func() error { return nil }
	c := &clock{at: time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)}
	return New(cfg, clickhouse.NewEntities[User](conn, "satisflow_users", mayWrite), clickhouse.NewEntities[Token](conn, "satisflow_tokens", mayWrite),
		clickhouse.NewEntities[Session](conn, "satisflow_sessions", mayWrite), c.now), c
}

func add(t *testing.T, s *Service, n NewUser) User {
	t.Helper()
	u, _, err := s.AddUser(t.Context(), admin, n)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

const password = "correct horse battery"

func TestAUserSignsInAndOut(t *testing.T) {
	s, c := open(t, DefaultConfig())
	u := add(t, s, NewUser{Name: "Li.Na", DisplayName: "李娜", Role: Agent, Scope: Scope{Services: []string{"legal_consulting"}}, Password: password, TimeZone: "Asia/Shanghai"})
	cookie, p, err := s.SignIn(t.Context(), " li.NA ", password, "10.0.0.1", "a browser")
	if err != nil {
		t.Fatal(err)
	}
	want := Principal{UserKind, u.ID, "李娜", Agent, Scope{Services: []string{"legal_consulting"}}}
	if !reflect.DeepEqual(p, want) {
		t.Errorf("signed in as %+v, want %+v", p, want)
	}
	if got, err := s.Session(t.Context(), cookie); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("the session is of %+v, %v", got, err)
	}
	if stored, _, err := s.users.Get(t.Context(), u.ID); err != nil || !stored.SignedInAt.Equal(c.now()) {
		t.Errorf("signed in at %v, %v", stored.SignedInAt, err)
	}
	if err := s.SignOut(t.Context(), p, cookie); err != nil {
		t.Fatal(err)
	}
	for _, dead := range []string{cookie, "", "another"} {
		if got, err := s.Session(t.Context(), dead); !errors.Is(err, ErrNobody) {
			t.Errorf("session %q: %+v, %v", dead, got, err)
		}
	}
}

func TestASessionEndsByItself(t *testing.T) {
	s, c := open(t, DefaultConfig())
	add(t, s, NewUser{Name: "li.na", Role: Viewer, Password: password})
	cookie, _, err := s.SignIn(t.Context(), "li.na", password, "10.0.0.1", strings.Repeat("x", 500))
	if err != nil {
		t.Fatal(err)
	}
	c.add(12*time.Hour - time.Millisecond)
	if _, err := s.Session(t.Context(), cookie); err != nil {
		t.Errorf("before its end: %v", err)
	}
	c.add(time.Millisecond) // what is remembered ends with it
	if _, err := s.Session(t.Context(), cookie); !errors.Is(err, ErrNobody) {
		t.Errorf("at its end: %v", err)
	}
}

func TestADisabledUserIsOutWithinAMinute(t *testing.T) {
	s, c := open(t, DefaultConfig())
	u := add(t, s, NewUser{Name: "li.na", Role: Viewer, Password: password})
	cookie, _, err := s.SignIn(t.Context(), "li.na", password, "10.0.0.1", "")
	if err != nil {
		t.Fatal(err)
	}
	// Another gateway disables the user: this one remembers him.
	yes := true
	if _, err := s.users.Change(t.Context(), u.ID, 0, s.stamp(admin, "disabled"), func(u *User) error { u.Disabled = yes; return nil }); err != nil {
		t.Fatal(err)
	}
	c.add(time.Minute)
	if _, err := s.Session(t.Context(), cookie); !errors.Is(err, ErrNobody) {
		t.Errorf("a minute later: %v", err)
	}
	if _, _, err := s.SignIn(t.Context(), "li.na", password, "10.0.0.1", ""); !errors.Is(err, ErrWrongPassword) {
		t.Errorf("a disabled user signs in: %v", err)
	}
	no := false
	if _, err := s.ChangeUser(t.Context(), admin, u.ID, 0, UserChange{Disabled: &no}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Session(t.Context(), cookie); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ChangeUser(t.Context(), admin, u.ID, 0, UserChange{Disabled: &yes}); err != nil { // this gateway: at once
		t.Fatal(err)
	}
	if _, err := s.Session(t.Context(), cookie); !errors.Is(err, ErrNobody) {
		t.Errorf("disabled here: %v", err)
	}
}

func TestANewPasswordEndsTheSessions(t *testing.T) {
	s, _ := open(t, DefaultConfig())
	u := add(t, s, NewUser{Name: "li.na", Role: Viewer, Password: password})
	cookie, _, err := s.SignIn(t.Context(), "li.na", password, "10.0.0.1", "")
	if err != nil {
		t.Fatal(err)
	}
	made, err := s.SetPassword(t.Context(), admin, u.ID, "")
	if err != nil || len(made) < LeastPassword {
		t.Fatalf("made %q, %v", made, err)
	}
	if _, err := s.Session(t.Context(), cookie); !errors.Is(err, ErrNobody) {
		t.Errorf("the old session: %v", err)
	}
	if _, _, err := s.SignIn(t.Context(), "li.na", password, "10.0.0.1", ""); !errors.Is(err, ErrWrongPassword) {
		t.Errorf("the old password: %v", err)
	}
	if _, _, err := s.SignIn(t.Context(), "li.na", made, "10.0.0.1", ""); err != nil {
		t.Errorf("the new password: %v", err)
	}
}

func TestGuessingIsSlowedDown(t *testing.T) {
	s, c := open(t, DefaultConfig())
	add(t, s, NewUser{Name: "li.na", Role: Viewer, Password: password})
	var wait *TooManyError
	guess := func(name, address, password string) error {
		_, _, err := s.SignIn(t.Context(), name, password, address, "")
		return err
	}
	for range freeFailures {
		if err := guess("li.na", "10.0.0.1", "wrong, but long enough"); !errors.Is(err, ErrWrongPassword) {
			t.Fatalf("got %v", err)
		}
	}
	if err := guess("li.na", "10.0.0.2", password); !errors.As(err, &wait) || wait.RetryAfter != time.Second {
		t.Errorf("from elsewhere, at once: %v", err)
	}
	if err := guess("nobody", "10.0.0.1", password); !errors.Is(err, ErrWrongPassword) {
		t.Errorf("another name: %v", err)
	}
	c.add(time.Second)
	if err := guess("li.na", "10.0.0.1", "wrong, but long enough"); !errors.Is(err, ErrWrongPassword) {
		t.Errorf("after the wait: %v", err)
	}
	if err := guess("li.na", "10.0.0.1", password); !errors.As(err, &wait) || wait.RetryAfter != 2*time.Second {
		t.Errorf("the wait doubles: %v", err)
	}
	c.add(2 * time.Second)
	if err := guess("li.na", "10.0.0.1", password); err != nil {
		t.Errorf("the right password after the wait: %v", err)
	}
	if err := guess("li.na", "10.0.0.1", "wrong, but long enough"); !errors.Is(err, ErrWrongPassword) {
		t.Errorf("a success forgets the failures: %v", err)
	}
	for i := range freeAddressFailures {
		if err := guess("name"+string(rune('a'+i%26))+string(rune('a'+i/26)), "10.0.0.9", password); !errors.Is(err, ErrWrongPassword) {
			t.Fatalf("guess %d of an address: %v", i, err)
		}
	}
	if err := guess("somebody", "10.0.0.9", password); !errors.As(err, &wait) {
		t.Errorf("an address that guesses names: %v", err)
	}
}

func TestTheBreakGlassAccountSignsInWithoutADatabaseEntry(t *testing.T) {
	cfg := DefaultConfig()
	cfg.BreakGlass = BreakGlass{"root", HashPassword(password)}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	s, _ := open(t, cfg)
	cookie, p, err := s.SignIn(t.Context(), "root", password, "10.0.0.1", "")
	if err != nil || !p.May(ManageUsers) {
		t.Fatalf("got %+v, %v", p, err)
	}
	if got, err := s.Session(t.Context(), cookie); err != nil || got.Role != Admin {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, _, err := s.SignIn(t.Context(), "root", password+"x", "10.0.0.1", ""); !errors.Is(err, ErrWrongPassword) {
		t.Errorf("a wrong password: %v", err)
	}
	if _, _, err := s.AddUser(t.Context(), admin, NewUser{Name: "root", Role: Viewer}); !errors.Is(err, entity.ErrExists) {
		t.Errorf("a user of its name: %v", err)
	}
}

func TestTheLastAdminStays(t *testing.T) {
	s, _ := open(t, DefaultConfig())
	first := add(t, s, NewUser{Name: "first", Role: Admin, Password: password})
	viewer, yes := Viewer, true
	for _, c := range []UserChange{{Role: &viewer}, {Disabled: &yes}} {
		if _, err := s.ChangeUser(t.Context(), admin, first.ID, 0, c); err == nil || !strings.Contains(err.Error(), "last admin") {
			t.Errorf("%+v: %v", c, err)
		}
	}
	second := add(t, s, NewUser{Name: "second", Role: Admin, Password: password})
	var group sync.WaitGroup
	errs := make([]error, 2)
	for i, id := range []string{first.ID, second.ID} {
		group.Go(func() { _, errs[i] = s.ChangeUser(t.Context(), admin, id, 0, UserChange{Disabled: &yes}) })
	}
	group.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("of two admins who go at once one stays: %v", errs)
	}
}

func TestWhatIsWrongWithAUserIsNamed(t *testing.T) {
	s, _ := open(t, DefaultConfig())
	add(t, s, NewUser{Name: "taken", Role: Viewer, Password: password})
	legal := Principal{ID: "u_1", Role: Admin, Scope: Scope{Services: []string{"legal_consulting"}}}
	for _, c := range []struct {
		by   Principal
		user NewUser
		want string
	}{
		{admin, NewUser{Name: "x", Role: Viewer}, `name: "x": want 2 to 64`},
		{admin, NewUser{Name: "li na", Role: Viewer}, `name: "li na": want`},
		{admin, NewUser{Name: "li.na", Role: "boss"}, `role: "boss": want one of producer, viewer, agent, analyst, admin`},
		{admin, NewUser{Name: "li.na", Role: Viewer, Email: "李娜 <li@example.com>"}, `email: `},
		{admin, NewUser{Name: "li.na", Role: Viewer, Password: "elevenchars"}, "password: 11 characters: want at least 12"},
		{admin, NewUser{Name: "li.na", Role: Viewer, TimeZone: "Beijing"}, `time_zone: "Beijing": want a name such as Asia/Shanghai`},
		{admin, NewUser{Name: "li.na", Role: Viewer, Language: "fr"}, `language: "fr": want en, zh`},
		{legal, NewUser{Name: "li.na", Role: Viewer}, "scope: it holds more than your own"},
		{legal, NewUser{Name: "li.na", Role: Viewer, Scope: Scope{Services: []string{"legal_consulting", "document_review"}}}, "scope: "},
	} {
		if u, _, err := s.AddUser(t.Context(), c.by, c.user); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %+v, %v, want %q", c.user, u, err, c.want)
		}
	}
	if _, _, err := s.AddUser(t.Context(), admin, NewUser{Name: "Taken", Role: Viewer}); !errors.Is(err, entity.ErrExists) {
		t.Errorf("a name that is taken: %v", err)
	}
	if u, _, err := s.AddUser(t.Context(), legal, NewUser{Name: "li.na", Role: Viewer, Scope: Scope{Services: []string{"legal_consulting"}}}); err != nil {
		t.Errorf("within the scope: %+v, %v", u, err)
	}
}

func TestATokenActsUntilItExpiresOrIsRevoked(t *testing.T) {
	s, c := open(t, DefaultConfig())
	token, secret, err := s.CreateToken(t.Context(), admin, NewToken{Name: "CRM", Role: Producer, ExpiresAt: c.now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^sfl_[A-Za-z0-9_-]{43}$`).MatchString(secret) || !strings.HasPrefix(secret, strings.TrimSuffix(token.Hint, "…")) {
		t.Errorf("secret %q with the hint %q", secret, token.Hint)
	}
	want := Principal{TokenKind, token.ID, "CRM", Producer, Scope{}}
	if got, err := s.Token(t.Context(), secret); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if used, _, err := s.tokens.Get(t.Context(), token.ID); err != nil || !used.UsedAt.Equal(c.now()) {
		t.Errorf("last used at %v, %v", used.UsedAt, err)
	}
	for range 3 { // within five minutes it is not stored again
		c.add(time.Minute)
		if _, err := s.Token(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
	}
	if used, _, _ := s.tokens.Get(t.Context(), token.ID); used.Version != 2 {
		t.Errorf("version %d of a token that was used four times in three minutes", used.Version)
	}
	c.add(57 * time.Minute)
	if got, err := s.Token(t.Context(), secret); !errors.Is(err, ErrNobody) {
		t.Errorf("expired: %+v, %v", got, err)
	}
	token, secret, err = s.CreateToken(t.Context(), admin, NewToken{Name: "for ever", Role: Viewer})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Token(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	if _, err := s.RevokeToken(t.Context(), admin, token.ID, 0); err != nil {
		t.Fatal(err)
	}
	for _, dead := range []string{secret, "sfl_" + strings.Repeat("x", 43), "Bearer", ""} {
		if got, err := s.Token(t.Context(), dead); !errors.Is(err, ErrNobody) {
			t.Errorf("token %q: %+v, %v", dead, got, err)
		}
	}
	for want, n := range map[string]NewToken{"name:": {Role: Viewer}, "role:": {Name: "x"}, "expires_at:": {Name: "x", Role: Viewer, ExpiresAt: c.now()}} {
		if _, _, err := s.CreateToken(t.Context(), admin, n); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", n, err, want)
		}
	}
}

func TestNoSecretIsStored(t *testing.T) {
	s, _ := open(t, DefaultConfig())
	add(t, s, NewUser{Name: "li.na", Role: Viewer, Password: password})
	cookie, _, err := s.SignIn(t.Context(), "li.na", password, "10.0.0.1", "")
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err := s.CreateToken(t.Context(), admin, NewToken{Name: "CRM", Role: Producer})
	if err != nil {
		t.Fatal(err)
	}
	users, _ := s.users.List(t.Context(), entity.Query{})
	sessions, _ := s.sessions.List(t.Context(), entity.Query{})
	tokens, _ := s.tokens.List(t.Context(), entity.Query{})
	if len(users) != 1 || len(sessions) != 1 || len(tokens) != 1 {
		t.Fatalf("%d users, %d sessions, %d tokens", len(users), len(sessions), len(tokens))
	}
	for name, text := range map[string]string{"user": users[0].PasswordHash, "session": sessions[0].Hash, "token": tokens[0].Hash + tokens[0].Hint} {
		for _, secret := range []string{password, cookie, secret} {
			if strings.Contains(text, secret) {
				t.Errorf("the %s holds a secret", name)
			}
		}
	}
}

func TestPasswordsAreChecked(t *testing.T) {
	hash := HashPassword(password)
	if err := VerifyPassword(hash, password); err != nil {
		t.Error(err)
	}
	if hash == HashPassword(password) {
		t.Error("two hashes of one password are equal: there is no salt")
	}
	for _, wrong := range []string{"", "correct horse batter", strings.Repeat("x", mostPassword+1)} {
		if err := VerifyPassword(hash, wrong); !errors.Is(err, ErrWrongPassword) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if err := VerifyPassword("", password); !errors.Is(err, ErrWrongPassword) {
		t.Errorf("no hash: %v", err)
	}
	for _, bad := range []string{"x", "$argon2i$v=19$m=1,t=1,p=1$c2FsdHNhbHQ$a2V5", strings.Replace(hash, "m=32768", "m=99999999", 1), strings.Replace(hash, "v=19", "v=16", 1)} {
		if err := VerifyPassword(bad, password); err == nil || errors.Is(err, ErrWrongPassword) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if err := CheckPassword("十二个汉字长的密码就可以"); err != nil {
		t.Errorf("characters are counted, not bytes: %v", err)
	}
	if err := CheckPassword("\xff" + password); err == nil {
		t.Error("a password that is not UTF-8")
	}
}

func TestTheTableOfPermissionsIsWhole(t *testing.T) {
	seen := map[Permission]bool{}
	for _, r := range Rules {
		if seen[r.Permission] || r.En == "" || r.Zh == "" {
			t.Errorf("%+v", r)
		}
		seen[r.Permission] = true
		for _, role := range r.Roles {
			if !slices.Contains(Roles, role) {
				t.Errorf("%s: role %q", r.Permission, role)
			}
		}
		if !slices.Contains(r.Roles, Admin) || !(Principal{Role: Admin}).May(r.Permission) {
			t.Errorf("%s: an admin may do everything", r.Permission)
		}
		if (Principal{}).May(r.Permission) {
			t.Errorf("%s: nobody may", r.Permission)
		}
		for _, role := range Roles {
			if got := (Principal{Role: role}).May(r.Permission); got != slices.Contains(r.Roles, role) {
				t.Errorf("%s of %s: %v", r.Permission, role, got)
			}
		}
	}
	if (Principal{Role: Admin}).May("fly") {
		t.Error("a permission that there is not")
	}
	for _, p := range []Permission{ReadFigures, ReadRatings, ReadPersonal} {
		if (Principal{Role: Producer}).May(p) {
			t.Errorf("a producer may %s", p)
		}
	}
	for _, role := range []Role{Viewer, Analyst} {
		if (Principal{Role: role}).May(ReadPersonal) {
			t.Errorf("a %s sees personal data", role)
		}
	}
}

func TestScopes(t *testing.T) {
	legal := Scope{Services: []string{"legal"}}
	both := Scope{Services: []string{"legal", "review"}, Segments: []string{"vip"}}
	for _, c := range []struct {
		scope            Scope
		service, segment string
		want             bool
	}{
		{Scope{}, "legal", "", true}, {legal, "legal", "vip", true}, {legal, "review", "vip", false}, {legal, "", "", false},
		{both, "review", "vip", true}, {both, "review", "", false}, {both, "review", "new", false},
	} {
		if got := c.scope.Holds(c.service, c.segment); got != c.want {
			t.Errorf("%+v holds %q, %q: %v", c.scope, c.service, c.segment, got)
		}
	}
	for _, c := range []struct {
		some, all Scope
		want      bool
	}{
		{Scope{}, Scope{}, true}, {legal, Scope{}, true}, {Scope{}, legal, false}, {legal, legal, true},
		{legal, both, false}, {both, legal, false}, {Scope{Services: []string{"legal"}, Segments: []string{"vip"}}, both, true},
	} {
		if got := c.some.Within(c.all); got != c.want {
			t.Errorf("%+v within %+v: %v", c.some, c.all, got)
		}
	}
}

func TestAReadOnlyGatewayKnowsTokensToo(t *testing.T) {
	s, _ := open(t, DefaultConfig())
	_, secret, err := s.CreateToken(t.Context(), admin, NewToken{Name: "CRM", Role: Viewer})
	if err != nil {
		t.Fatal(err)
	}
	readOnly := New(DefaultConfig(), s.users, refusing[Token]{s.tokens}, s.sessions, s.now)
	if p, err := readOnly.Token(t.Context(), secret); err != nil || p.Name != "CRM" {
		t.Errorf("got %+v, %v", p, err)
	}
}

// refusing is a store that may not write.
type refusing[T any] struct{ entity.Store[T] }

func (refusing[T]) Change(context.Context, string, uint64, entity.Stamp, func(*T) error) (value T, err error) {
	return value, errors.New("read only")
}
