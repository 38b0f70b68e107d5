package admit

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"satisflow/pipeline/event"
)

var now = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

func rating(at time.Time, more string) []byte {
	return fmt.Appendf(nil, `{"rating_id":"r-1","occurred_at":%q,"customer_id":"c-1","service":"legal_consulting","rating":4%s}`, at.Format(time.RFC3339Nano), more)
}

func header(key, value string) Header { return Header{Key: key, Value: []byte(value)} }

func newAdmitter(t *testing.T, ec event.Config, cfg Config) *Admitter {
	t.Helper()
	a, err := NewAdmitter(ec, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestWhatCountsIsDecidedByTheRecordAlone(t *testing.T) {
	cfg := DefaultConfig()
	history, erase := header(HeaderHistory, "1"), `,"op":"erase"`
	stamp := func(at time.Time) Header { return header(HeaderTimestamp, fmt.Sprint(at.UnixMilli())) }
	year := 365 * day
	for name, tc := range map[string]struct {
		value   []byte
		headers []Header
		want    string
	}{
		"a rating of now":                                {rating(now, ""), nil, ""},
		"as old as the horizon":                          {rating(now.Add(-cfg.Horizon), ""), nil, ""},
		"a millisecond older than the horizon":           {rating(now.Add(-cfg.Horizon-time.Millisecond), ""), nil, TooOld},
		"older than the horizon, as history":             {rating(now.Add(-year), ""), []Header{history}, ""},
		"older than the horizon, history denied":         {rating(now.Add(-year), ""), []Header{header(HeaderHistory, "0")}, TooOld},
		"as old as the retention, as history":            {rating(now.Add(-cfg.Retention), ""), []Header{history}, ""},
		"older than the retention, as history":           {rating(now.Add(-cfg.Retention-time.Millisecond), ""), []Header{history}, TooOld},
		"an erasure of any age":                          {rating(now.Add(-20*year), erase), nil, ""},
		"as far ahead as clocks differ":                  {rating(now.Add(cfg.Future), ""), nil, ""},
		"a millisecond further ahead":                    {rating(now.Add(cfg.Future+time.Millisecond), ""), nil, InFuture},
		"history in the future":                          {rating(now.Add(time.Hour), ""), []Header{history}, InFuture},
		"an erasure in the future":                       {rating(now.Add(time.Hour), erase), nil, InFuture},
		"a replay keeps its first timestamp, old":        {rating(now.Add(-cfg.Horizon-day), ""), []Header{stamp(now.Add(-day))}, ""},
		"a replay keeps its first timestamp, future":     {rating(now, ""), []Header{stamp(now.Add(-day))}, InFuture},
		"a first timestamp that is none":                 {rating(now, ""), []Header{header(HeaderTimestamp, "yesterday")}, ""},
		"a first timestamp out of this world":            {rating(now, ""), []Header{header(HeaderTimestamp, "9223372036854775807")}, ""},
		"an unknown service":                             {bytes.Replace(rating(now, ""), []byte("legal_consulting"), []byte("legal"), 1), nil, UnknownService},
		"an unknown service of an erasure":               {bytes.Replace(rating(now, erase), []byte("legal_consulting"), []byte("legal"), 1), nil, ""},
		"a record as large as allowed, its comment cut":  {rating(now, `,"comment":"`+strings.Repeat("a", cfg.MaxBytes-len(rating(now, `,"comment":""`)))+`"`), nil, ""},
		"a field that is not known":                      {rating(now, `,"mood":1`), nil, "unknown_field"},
		"a record that is too large":                     {rating(now, `,"comment":"`+strings.Repeat("a", cfg.MaxBytes)+`"`), nil, TooLarge},
		"broken JSON":                                    {rating(now, `,`), nil, "bad_json"},
		"a bad field":                                    {rating(now, `,"op":"x"`), nil, "bad_field:op"},
		"CloudEvents in binary mode":                     {rating(now, ""), []Header{header("ce_specversion", "1.0")}, ""},
		"CloudEvents of another version":                 {rating(now, ""), []Header{header("ce_specversion", "0.3")}, "bad_field:specversion"},
		"a tombstone":                                    {nil, nil, "bad_json"},
		"the unknown service goes before the wrong time": {bytes.Replace(rating(now.Add(time.Hour), ""), []byte("legal_consulting"), []byte("legal"), 1), nil, UnknownService},
	} {
		var ev event.Event
		rej := newAdmitter(t, event.DefaultConfig(), cfg).Admit(&Record{Timestamp: event.RecordTime(now.UnixMilli()), Value: tc.value, Headers: tc.headers}, &ev)
		got := ""
		if rej != nil {
			got = rej.Reason
			if rej.Detail == "" || !slices.Contains(Reasons(), got) {
				t.Errorf("%s: detail %q, reason %s", name, rej.Detail, got)
			}
		}
		if got != tc.want {
			t.Errorf("%s: got %q, want %q (%v)", name, got, tc.want, rej)
		}
	}
}

func TestAnyServiceIsAdmittedWhereTheConfigurationSaysSo(t *testing.T) {
	ec := event.DefaultConfig()
	ec.Services = []string{"any"}
	var ev event.Event
	value := bytes.Replace(rating(now, ""), []byte("legal_consulting"), []byte("线上咨询"), 1)
	if rej := newAdmitter(t, ec, DefaultConfig()).Admit(&Record{Timestamp: event.RecordTime(now.UnixMilli()), Value: value}, &ev); rej != nil || ev.Service != "线上咨询" {
		t.Errorf("%v, %q", rej, ev.Service)
	}
}

func TestNoDetailHoldsWhatIsPersonal(t *testing.T) {
	for _, value := range []string{
		string(rating(now, `,"comment":["Wang-Fang"]`)),
		strings.Replace(string(rating(now, "")), `"c-1"`, `{"name":"Wang-Fang"}`, 1),
		strings.Replace(string(rating(now, "")), `"legal_consulting"`, `"Ask Wang-Fang about it"`, 1),
		strings.Replace(string(rating(now, "")), `"r-1"`, `"Wang-Fang@example.com"`, 1),
		strings.Replace(string(rating(now, "")), `:4`, `:"Wang-Fang was rude"`, 1),
	} {
		var ev event.Event
		rej := newAdmitter(t, event.DefaultConfig(), DefaultConfig()).Admit(&Record{Timestamp: event.RecordTime(now.UnixMilli()), Value: []byte(value)}, &ev)
		if rej == nil || strings.Contains(rej.Detail, "Wang-Fang") {
			t.Errorf("%s: %v", value, rej)
		}
	}
}

func TestCustomerIdsAreHashedOnce(t *testing.T) {
	ec, cfg := event.DefaultConfig(), DefaultConfig()
	ec.CustomerIDs, cfg.CustomerKey = "hmac", bytes.Repeat([]byte{'k'}, MinCustomerKey)
	a := newAdmitter(t, ec, cfg)
	admit := func(headers ...Header) string {
		var ev event.Event
		if rej := a.Admit(&Record{Timestamp: event.RecordTime(now.UnixMilli()), Value: rating(now, ""), Headers: headers}, &ev); rej != nil {
			t.Fatal(rej)
		}
		return ev.CustomerID
	}
	// printf c-1 | openssl dgst -sha256 -hmac kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
	want := "37d35f2bbd1ac25ba767073ffd13e704"
	if got := admit(); got != want || admit() != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := admit(header(HeaderCustomer, "hmac")); got != want {
		t.Errorf("an id that is no stored one was stored as %s, whatever the header", got)
	}
	for i := range 3 * maxKnown {
		a.hash.of(fmt.Sprint(i))
	}
	if len(a.hash.known) > maxKnown || admit() != want {
		t.Errorf("%d ids kept", len(a.hash.known))
	}
	if _, err := NewAdmitter(ec, DefaultConfig()); err == nil {
		t.Error("hmac without a key was accepted")
	}
}

func TestACustomerKeyMustBeLongEnough(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	for content, fits := range map[string]bool{strings.Repeat("k", 31) + "\n": false, strings.Repeat("k", 32) + "\n": true} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if key, err := LoadCustomerKey(path); (err == nil) != fits || fits && len(key) != 32 {
			t.Errorf("%q: %q, %v", content, key, err)
		}
	}
}

func TestAConfigThatCannotWorkIsRefused(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Config){
		"horizon":    func(c *Config) { c.Horizon = time.Hour },
		"future":     func(c *Config) { c.Future = -1 },
		"retention":  func(c *Config) { c.Retention = c.Horizon - 1 },
		"retention:": func(c *Config) { c.Retention = MaxRetention + 1 },
		"max_bytes":  func(c *Config) { c.MaxBytes = 0 },
	} {
		cfg := DefaultConfig()
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAdmittingDoesNotAllocate(t *testing.T) {
	a := newAdmitter(t, event.DefaultConfig(), DefaultConfig())
	rec := &Record{Timestamp: event.RecordTime(now.UnixMilli()), Value: rating(now, ""), Headers: []Header{header(HeaderHistory, "1")}}
	var ev event.Event
	if n := testing.AllocsPerRun(1000, func() {
		if rej := a.Admit(rec, &ev); rej != nil {
			t.Fatal(rej)
		}
	}); n != 0 {
		t.Errorf("%v allocations a record", n)
	}
}
