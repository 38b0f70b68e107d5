package watchtest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Notification is what Alertmanager sends to a webhook, as far as tests ask for it.
type Notification struct {
	Receiver string  // the path of the webhook
	Status   string  `json:"status"` // firing or resolved
	Alerts   []Alert `json:"alerts"`
}

// Alert is one alert of a notification.
type Alert struct {
	Status      string            `json:"status"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// Receiver is a webhook that keeps what it gets.
type Receiver struct {
	// URL is its address.
	URL string

	mu  sync.Mutex
	all []Notification
}

// StartReceiver starts a receiver that ends with the test.
func StartReceiver(t testing.TB) *Receiver {
	t.Helper()
	r := &Receiver{}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.URL = server.URL
	return r
}

// ServeHTTP keeps a notification.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	n := Notification{Receiver: strings.Trim(request.URL.Path, "/")}
	if err := json.NewDecoder(request.Body).Decode(&n); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, n)
}

// Alerts returns the alerts of a name that came with a status, firing or resolved, to a receiver, in their order.
func (r *Receiver) Alerts(receiver, name, status string) (all []Alert) {
	for _, n := range r.Notifications() {
		for _, a := range n.Alerts {
			if n.Receiver == receiver && a.Labels["alertname"] == name && a.Status == status {
				all = append(all, a)
			}
		}
	}
	return all
}

// Notifications returns everything that came, in its order.
func (r *Receiver) Notifications() []Notification {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Notification(nil), r.all...)
}

// Await returns the alerts of a name and status when there are any, and fails the test when none comes in time.
func (r *Receiver) Await(t testing.TB, within time.Duration, receiver, name, status string) []Alert {
	t.Helper()
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if all := r.Alerts(receiver, name, status); len(all) > 0 {
			return all
		}
	}
	t.Fatalf("%s did not get %s %s within %v; it got %+v", receiver, name, status, within, r.Notifications())
	return nil
}
