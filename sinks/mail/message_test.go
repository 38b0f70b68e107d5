package mail

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"satisflow/deploy/testkit/realmail"
)

// read reads a mail as the server kept it.
func read(content []byte) *mail.Message {
	m, err := mail.ReadMessage(bytes.NewReader(content))
	if err != nil {
		panic(fmt.Sprintf("read mail: %v\n%s", err, content))
	}
	return m
}

// parts are the texts of a mail by their types.
func parts(t *testing.T, m *mail.Message) map[string]string {
	t.Helper()
	all := map[string]string{}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "multipart/alternative" {
		all[kind] = decoded(t, m.Body, m.Header.Get("Content-Transfer-Encoding"), params)
		return all
	}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := r.NextRawPart()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		kind, params, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		all[kind] = decoded(t, part, part.Header.Get("Content-Transfer-Encoding"), params)
	}
}

func decoded(t *testing.T, r io.Reader, encoding string, params map[string]string) string {
	t.Helper()
	switch encoding {
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	}
	content, err := io.ReadAll(r)
	if err != nil || !strings.EqualFold(params["charset"], "utf-8") {
		t.Fatalf("%v, charset %q", err, params["charset"])
	}
	return string(content)
}

const (
	chineseSubject = "[紧急] 法律咨询 的满意度在 28 天内降到 88.4 %,低于目标 95 %;请于今日内联系受影响的客户并记录处理结果,谢谢配合"
	chineseText    = "张律师,您好:\n\n“法律咨询”在 28 天内 1,204 条评价中有 88.4 % 满意。\n.\n一行点之后仍是正文。\n"
	chineseHTML    = `<!doctype html><html lang="zh"><meta charset="utf-8"><body><p>张律师,您好:</p><p>“法律咨询”在 28 天内 <b>1,204</b> 条评价中有 <b>88.4 %</b> 满意。</p></body></html>`
)

func TestAMailArrivesAsItWasWritten(t *testing.T) {
	server := realmail.Start(t, realmail.Options{})
	s := open(t, configFor(t, server, NoTLS))
	at := time.Date(2026, 3, 1, 10, 30, 0, 0, time.FixedZone("", 8*3600))
	err := s.Send(t.Context(), Message{
		ID: "share-legal_consulting-1", InReplyTo: "share-legal_consulting-0", Date: at,
		To:      []string{"张伟 <zhang.wei@example.org>", "li.na@example.org", "LI.NA@example.org"},
		Subject: chineseSubject, Text: chineseText, HTML: chineseHTML,
	})
	if err != nil {
		t.Fatal(err)
	}
	raw := server.Mails()[0]
	// To look at it in a mail program: SAVE_MAIL=FOLDER go test -run ArrivesAsItWasWritten
	if folder := os.Getenv("SAVE_MAIL"); folder != "" {
		if err := os.WriteFile(folder+"/sample.eml", raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for line := range bytes.Lines(raw) {
		if len(line) > 80 || bytes.ContainsFunc(line, func(r rune) bool { return r > 126 }) {
			t.Errorf("a line is long or not ASCII: %q", line)
		}
	}
	m := read(raw)
	for name, want := range map[string]string{
		"X-MailFrom": "satisflow@example.org", "X-RcptTo": "zhang.wei@example.org, li.na@example.org",
		"Message-ID": "<share-legal_consulting-1@example.org>", "In-Reply-To": "<share-legal_consulting-0@example.org>",
		"References": "<share-legal_consulting-0@example.org>", "Date": "Sun, 01 Mar 2026 10:30:00 +0800",
		"Auto-Submitted": "auto-generated", "Precedence": "bulk", "X-Auto-Response-Suppress": "All", "MIME-Version": "1.0",
		"From": "客户满意 <satisflow@example.org>", "To": "张伟 <zhang.wei@example.org>, <li.na@example.org>", "Subject": chineseSubject,
	} {
		got, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get(name))
		if err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", name, got, want, err)
		}
	}
	got := parts(t, m)
	if got["text/plain"] != lines(chineseText) || got["text/html"] != chineseHTML || len(got) != 2 {
		t.Errorf("parts: %q", got)
	}
}

func TestWithoutHTMLAMailIsPlainText(t *testing.T) {
	server := realmail.Start(t, realmail.Options{})
	if err := open(t, configFor(t, server, NoTLS)).Send(t.Context(), sample("a", "li.wei@example.org")); err != nil {
		t.Fatal(err)
	}
	if got := parts(t, read(server.Mails()[0])); len(got) != 1 || got["text/plain"] != "Hello." {
		t.Errorf("parts: %q", got)
	}
}

func TestNothingThatIsGivenAddsAHeaderOrARecipient(t *testing.T) {
	const evil = "x\r\nBcc: thief@example.org\r\n\r\nbody"
	server := realmail.Start(t, realmail.Options{})
	cfg := configFor(t, server, NoTLS)
	s := open(t, cfg)
	err := s.Send(t.Context(), Message{
		ID: evil, InReplyTo: evil, Subject: evil, Text: "Hello.",
		To: []string{"li.wei@example.org", "li.wei@example.org>\r\nRCPT TO:<thief@example.org", "\"x\r\nBcc: thief@example.org\" <a@example.org>"},
	})
	var refused *RefusedError
	if !errors.As(err, &refused) || len(refused.Refused) != 2 || len(server.Mails()) != 1 {
		t.Fatalf("%v, %d mails", err, len(server.Mails()))
	}
	m := read(server.Mails()[0])
	if m.Header.Get("Bcc") != "" || m.Header.Get("X-RcptTo") != "li.wei@example.org" || parts(t, m)["text/plain"] != "Hello." {
		t.Errorf("got %v", m.Header)
	}
	if got := m.Header.Get("Subject"); got != "x Bcc: thief@example.org body" {
		t.Errorf("subject %q", got)
	}
	cfg.From = evil + " <satisflow@example.org>"
	if cfg.Validate() == nil {
		t.Error("a sender of several lines is valid")
	}
}

func TestASubjectOfAnyLengthFits(t *testing.T) {
	for _, text := range []string{strings.Repeat("满", 5000), strings.Repeat("a", 5000), strings.Repeat("a ", 5000), strings.Repeat(" \t", 5000) + "a", "a\xffb\x00c", ""} {
		got := subject(text)
		if n := len([]rune(got)); n > maxSubject || strings.ContainsAny(got, "\r\n\x00") || !utf8.ValidString(got) {
			t.Errorf("%.20q… becomes %d characters: %.40q", text, n, got)
		}
	}
}

func TestAMessageIDIsStableAndDistinct(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		one, other := messageID(a, "example.org"), messageID(b, "example.org")
		if one != messageID(a, "example.org") || (a == b) != (one == other) || len(one) > 2*maxID {
			t.Fatalf("%q and %q become %q and %q", a, b, one, other)
		}
		if a != "" {
			if _, err := mail.ParseAddress("<" + one + ">"); err != nil {
				t.Fatalf("%q becomes %q: %v", a, one, err)
			}
		}
	})
}

func TestAMailThatIsNotCompleteIsRefusedForGood(t *testing.T) {
	s := open(t, Config{Host: "127.0.0.1:1", From: "satisflow@example.org", TLS: NoTLS, Timeout: time.Second})
	for name, m := range map[string]Message{
		"no ID":        {To: []string{"li.wei@example.org"}, Text: "Hello."},
		"no text":      {ID: "a", To: []string{"li.wei@example.org"}, HTML: "<p>Hello."},
		"no recipient": {ID: "a", Text: "Hello."},
	} {
		t.Run(name, func(t *testing.T) {
			err := s.Send(t.Context(), m)
			if !IsPermanent(err) || !strings.Contains(err.Error(), name[3:]) {
				t.Errorf("got %v", err)
			}
		})
	}
}
