// Package mail owns sending mails by SMTP: what a mail looks like on the wire, encryption and sign-in, and telling what
// another attempt may mend from what it can't. What is said to whom, and when a mail is tried again, is its caller's.
//
// # Non-obvious
//
//   - A mail has the Message-ID that its ID gives, at every attempt. After a crash, or a connection lost before the server's
//     last word, it may be sent twice; readers and most stores then show one.
//   - A recipient that is refused does not keep the mail from the others: Send then returns a [RefusedError].
//   - Only what is wrong with the mail itself is permanent. A password, a certificate or a sender that the server refuses
//     are mended by the operator, and the mails that waited should then go out.
//   - Each mail has a connection of its own, and the password is read anew for each: mails are rare, and a password that
//     was changed needs no restart.
//   - Errors show an address as its first letter and its domain, since they are logged.
package mail
