package source

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

// metadataTTL bounds how long the producer goes on writing to a former leader.
const metadataTTL = 2 * time.Second

// dialer opens the connections of Reader and Group.
func (c Config) dialer() (*kafka.Dialer, error) {
	encryption, err := c.TLS.build()
	if err != nil {
		return nil, err
	}
	mechanism, err := c.SASL.build()
	if err != nil {
		return nil, err
	}
	return &kafka.Dialer{
		ClientID:      c.ClientID,
		Timeout:       c.DialTimeout,
		DialFunc:      dialBuffered,
		TLS:           encryption,
		SASLMechanism: mechanism,
	}, nil
}

// dialBuffered reads 64 KiB at a time, where kafka-go asks for 4 KiB: a sixth of the CPU.
func dialBuffered(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := dialBounded(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return bufferedConn{conn, bufio.NewReaderSize(conn, 64<<10)}, nil
}

type bufferedConn struct {
	net.Conn
	buffer *bufio.Reader
}

func (c bufferedConn) Read(b []byte) (int, error) { return c.buffer.Read(b) }

// dialBounded closes the connection when its dial runs out of time, because kafka-go
// does the SASL exchange that follows without a deadline.
func dialBounded(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			_ = conn.Close()
		}
	})
	return conn, nil
}

// transport carries the requests of Client and Producer. A transport that is given no
// topics keeps the metadata of all.
func (c Config) transport(topics ...string) (*kafka.Transport, error) {
	d, err := c.dialer()
	if err != nil {
		return nil, err
	}
	return &kafka.Transport{
		ClientID:       c.ClientID,
		DialTimeout:    c.DialTimeout,
		MetadataTTL:    metadataTTL,
		MetadataTopics: topics,
		TLS:            d.TLS,
		SASL:           d.SASLMechanism,
	}, nil
}

func (t TLSConfig) build() (*tls.Config, error) {
	if !t.Enabled {
		return nil, nil
	}
	out := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         t.ServerName,
		InsecureSkipVerify: t.InsecureSkipVerify,
	}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read tls.ca_file: %w", err)
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read tls.ca_file %s: it holds no PEM certificate", t.CAFile)
		}
	}
	if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("read tls.cert_file %s and tls.key_file %s: %w", t.CertFile, t.KeyFile, err)
		}
		out.Certificates = []tls.Certificate{pair}
	}
	return out, nil
}

func (s SASLConfig) build() (sasl.Mechanism, error) {
	switch s.Mechanism {
	case "plain":
		return plain.Mechanism{Username: s.Username, Password: s.Password}, nil
	case "scram-sha-256":
		return s.scram(scram.SHA256)
	case "scram-sha-512":
		return s.scram(scram.SHA512)
	default:
		return nil, nil
	}
}

func (s SASLConfig) scram(algorithm scram.Algorithm) (sasl.Mechanism, error) {
	m, err := scram.Mechanism(algorithm, s.Username, s.Password)
	if err != nil {
		return nil, fmt.Errorf("prepare sasl.mechanism %s for user %s: %w", s.Mechanism, s.Username, err)
	}
	return m, nil
}

// IsRefused says whether Kafka has refused who asks: a wrong name or password, or a mechanism that it does not have.
func IsRefused(err error) bool {
	return errors.Is(err, kafka.SASLAuthenticationFailed) || errors.Is(err, kafka.UnsupportedSASLMechanism)
}
