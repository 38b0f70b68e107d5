package mail

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/mail"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// session is a connection to the server, signed in.
type session struct {
	ctx    context.Context
	server string
	client *smtp.Client
}

// connect opens a session that ends with ctx at the latest, whatever state it is in then.
func (s *Sender) connect(ctx context.Context) (*session, error) {
	client, err := s.client(ctx)
	if err != nil {
		return nil, err
	}
	session := &session{ctx: ctx, server: s.cfg.Host}
	if session.client, err = client.DialToSMTPClientWithContext(ctx); err != nil {
		return nil, session.failed("reach", err)
	}
	return session, nil
}

// client is the library's, for one connection.
func (s *Sender) client(ctx context.Context) (*gomail.Client, error) {
	host, port, err := s.cfg.server()
	if err != nil {
		return nil, err
	}
	encryption, err := s.cfg.tlsConfig(host)
	if err != nil {
		return nil, err
	}
	signIn, err := s.signIn()
	if err != nil {
		return nil, err
	}
	dial := (&net.Dialer{}).DialContext
	policy := gomail.NoTLS
	switch s.cfg.TLS {
	case TLS:
		dial = (&tls.Dialer{Config: encryption}).DialContext
	case StartTLS:
		policy = gomail.TLSMandatory
	}
	options := []gomail.Option{
		gomail.WithPort(port), gomail.WithTimeout(s.cfg.Timeout), gomail.WithTLSConfig(encryption),
		gomail.WithoutSMTPUTF8(), // addresses and headers are ASCII; a next server that can't do it would refuse the mail
		gomail.WithTLSPolicy(policy), gomail.WithDialContextFunc(endingWith(ctx, dial, s.cfg.Host)),
	}
	if s.cfg.HelloName != "" {
		options = append(options, gomail.WithHELO(s.cfg.HelloName))
	}
	return gomail.NewClient(host, append(options, signIn...)...)
}

// endingWith dials the address, not the library's, which has no brackets about IPv6, and closes the connection when ctx ends:
// the library heeds a context only while it dials, and leaves a connection open whose greeting, encryption or sign-in fails.
func endingWith(ctx context.Context, dial gomail.DialContextFunc, address string) gomail.DialContextFunc {
	return func(dialCtx context.Context, network, _ string) (net.Conn, error) {
		conn, err := dial(dialCtx, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { _ = conn.Close() })
		}
		return conn, err
	}
}

// signIn prefers what does not show the password to the server.
func (s *Sender) signIn() ([]gomail.Option, error) {
	if s.cfg.User == "" {
		return nil, nil
	}
	password, err := s.cfg.password()
	if err != nil {
		return nil, err
	}
	ways := []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5}
	if s.cfg.TLS == NoTLS {
		ways = []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthCramMD5, gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc}
	}
	return []gomail.Option{gomail.WithUsername(s.cfg.User), gomail.WithPassword(password), gomail.WithOpportunisticSMTPAuth(ways...)}, nil
}

// transmit returns the recipients that the server refuses; the others have the mail.
func (s *session) transmit(m *gomail.Msg, from *mail.Address, to []*mail.Address) (refused []Refusal, err error) {
	if err := s.client.Mail("<" + from.Address + ">"); err != nil {
		return nil, s.failed("name the sender to", err)
	}
	for _, recipient := range to {
		err := s.client.Rcpt("<" + recipient.Address + ">")
		switch code := replyCode(err); {
		case err == nil:
		case code == 0:
			return nil, s.failed("name a recipient to", err)
		default:
			refused = append(refused, Refusal{Address: recipient.Address, Permanent: ofMail(err), Reason: loggable(err)})
		}
	}
	if len(refused) == len(to) {
		return refused, nil
	}
	return refused, s.content(m)
}

// content sends the mail itself. Its last word is the server's: the mail is then the server's to deliver.
func (s *session) content(m *gomail.Msg) error {
	w, err := s.client.Data()
	if err == nil {
		if _, err = m.WriteTo(w); err == nil {
			err = w.Close()
		}
	}
	switch {
	case err == nil:
		return nil
	case ofMail(err):
		return permanentError{s.failed("pass the mail to", err)}
	default:
		return s.failed("pass the mail to", err)
	}
}

// close ends the session in order. The mail is the server's by then, so nothing that fails now matters.
func (s *session) close() { _ = s.client.Quit() }

// failed says what was not done; the end of the context is the reason for what it broke off.
func (s *session) failed(action string, err error) error {
	if cause := context.Cause(s.ctx); cause != nil {
		err = cause
	}
	return failure{fmt.Sprintf("%s the mail server %s: %s", action, s.server, loggable(err)), err}
}
