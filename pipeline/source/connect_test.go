package source

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// selfSigned makes a certificate for 127.0.0.1 and a file that has it as authority.
func selfSigned(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

func TestConfig_TLS_reaches_the_broker_that_it_trusts_and_no_other(t *testing.T) {
	certificate, authority := selfSigned(t)
	_, cluster := fake(t, 1, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{certificate}}))
	cluster.TLS = TLSConfig{Enabled: true, CAFile: authority}
	produce(t, producer(t, cluster), "v", 10)
	w := watch(t, cluster, quick(), 0)
	w.until("the end", func() bool { return w.ends > 0 })
	w.contiguous(0, 10)

	_, cluster.TLS.CAFile = selfSigned(t)
	if err := newClient(t, cluster).Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a broker of another authority: %v", err)
	}
}

func TestConfig_TLS_names_the_file_that_is_wrong(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]TLSConfig{
		"read tls.ca_file: open /nowhere/ca.pem":       {Enabled: true, CAFile: "/nowhere/ca.pem"},
		empty + ": it holds no PEM certificate":        {Enabled: true, CAFile: empty},
		"read tls.cert_file " + empty + " and tls.key": {Enabled: true, CertFile: empty, KeyFile: empty},
	} {
		cluster := clusterAt("127.0.0.1:1")
		cluster.TLS = c
		_, err := NewClient(cluster)
		expect(t, err, want)
	}
}
