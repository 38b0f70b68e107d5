package people

import (
	"time"

	"satisflow/pipeline/entity"
)

// User is a person who signs in.
type User struct {
	entity.Meta
	Name         string    `column:"name"`          // to sign in with: unique, lower case
	DisplayName  string    `column:"display_name"`  // for people
	Email        string    `column:"email"`         // for mails to the user; may be empty
	Role         Role      `column:"role"`          //
	Scope        Scope     `column:"scope,json"`    //
	PasswordHash string    `column:"password_hash"` // argon2id; empty for those who sign in elsewhere
	Subject      string    `column:"subject"`       // issuer and subject of OIDC; empty for those who sign in here
	Disabled     bool      `column:"disabled"`      //
	Language     string    `column:"language"`      // zh, en or empty for the browser's
	TimeZone     string    `column:"time_zone"`     // IANA name or empty for the browser's
	CreatedAt    time.Time `column:"created_at"`    //
	SignedInAt   time.Time `column:"signed_in_at"`  // last, to the day or so; zero for never
}

// Principal is the user as one who makes requests.
func (u *User) Principal() Principal {
	name := u.DisplayName
	if name == "" {
		name = u.Name
	}
	return Principal{UserKind, u.ID, name, u.Role, u.Scope}
}

// Token is an API token: a program that acts.
type Token struct {
	entity.Meta
	Name      string    `column:"name"`       // for people
	Hint      string    `column:"hint"`       // the first characters of the token
	Hash      string    `column:"hash"`       // SHA-256 of the token
	Role      Role      `column:"role"`       //
	Scope     Scope     `column:"scope,json"` //
	CreatedAt time.Time `column:"created_at"` //
	ExpiresAt time.Time `column:"expires_at"` // zero for never
	RevokedAt time.Time `column:"revoked_at"` // zero while it holds
	UsedAt    time.Time `column:"used_at"`    // last, to five minutes; zero for never
}

// Valid says whether the token holds at the time.
func (t *Token) Valid(now time.Time) bool {
	return t.RevokedAt.IsZero() && (t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt))
}

// Principal is the token as one that makes requests.
func (t *Token) Principal() Principal { return Principal{TokenKind, t.ID, t.Name, t.Role, t.Scope} }

// Session is a signed-in browser.
type Session struct {
	entity.Meta
	Hash      string    `column:"hash"` // SHA-256 of the cookie
	User      string    `column:"user"` // id of the user
	CreatedAt time.Time `column:"created_at"`
	ExpiresAt time.Time `column:"expires_at"`
	EndedAt   time.Time `column:"ended_at"` // zero while it lasts
	Address   string    `column:"address"`  // of the browser when it signed in
	Agent     string    `column:"agent"`    // of the browser, its first 200 bytes
}
