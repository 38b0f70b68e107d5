package admit

import (
	"fmt"
	"testing"

	"satisflow/pipeline/event"
)

func TestAPseudonymIsWhatAdmissionStores(t *testing.T) {
	ec, cfg := event.DefaultConfig(), DefaultConfig()
	ec.CustomerIDs, cfg.CustomerKey = "hmac", []byte("0123456789abcdef0123456789abcdef")
	a, err := NewAdmitter(ec, cfg)
	if err != nil {
		t.Fatal(err)
	}
	var ev event.Event
	value := `{"rating_id":"r","op":"erase","occurred_at":"2026-11-20T12:00:00Z","customer_id":"ann@example.com"}`
	rec := Record{Timestamp: 1795176000000, Value: []byte(value)}
	if rej := a.Admit(&rec, &ev); rej != nil {
		t.Fatal(rej)
	}
	if got := Pseudonym(cfg.CustomerKey, "ann@example.com"); got != ev.CustomerID || len(got) != 32 {
		t.Errorf("pseudonym %q, stored %q", got, ev.CustomerID)
	}
	rec.Value = fmt.Appendf(nil, `{"rating_id":"r","op":"erase","occurred_at":"2026-11-20T12:00:00Z","customer_id":%q}`, ev.CustomerID)
	rec.Headers = []Header{{Key: HeaderCustomer, Value: []byte("hmac")}}
	stored := ev.CustomerID
	if rej := a.Admit(&rec, &ev); rej != nil || ev.CustomerID != stored {
		t.Errorf("a stored id with the header became %q, %v", ev.CustomerID, rej)
	}
}
