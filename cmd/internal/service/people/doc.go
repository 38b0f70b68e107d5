// Package people owns who may do what: users and API tokens, how they prove who they are, sessions, roles, scopes, and the
// one table of permissions. It leaves cookies, headers and redirects to the gateway, and what a permission guards to
// the handlers that name it.
//
// # The life of a request's Principal
//
//  1. The gateway hands the bearer token or the session cookie to Service.Token or Service.Session.
//  2. Its hash is looked up; a user that is disabled, a token that expired or was revoked is nobody. What was looked up is
//     remembered for half a minute, so that a user who is disabled is out within one.
//  3. The Principal goes with the request. A route names its Permission, and Principal.May decides by the table.
//  4. What concerns one service or segment is checked against the Principal's Scope.
//
// # Non-obvious
//
//   - Secrets are never stored: of passwords an argon2id hash, of tokens and sessions their SHA-256, which is enough for 256
//     random bits.
//   - A wrong name takes as long as a wrong password, and the answer is the same.
//   - Failures are counted per name and per address, in memory: each further one makes the next attempt wait longer.
//   - The break-glass account is in the configuration, not in the database: it signs in when all else is locked out.
package people
