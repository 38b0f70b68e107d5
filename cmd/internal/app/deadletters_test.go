package app

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"satisflow/cmd/internal/gateway/api"
	"satisflow/pipeline/source"
)

// run runs a command against dev and demands its exit code and parts of what it answers.
func (d *dev) run(code int, want []string, args ...string) string {
	d.t.Helper()
	got, stdout, stderr := execute(d.t, os.Environ(), append(args, "--config", filepath.Join(d.dir, "connect.yaml"))...)
	if got != code {
		d.t.Errorf("%v: exit code %d, want %d\n%s%s", args, got, code, stdout, stderr)
	}
	for _, w := range want {
		if !strings.Contains(stdout+stderr, w) {
			d.t.Errorf("%v: want %q in\n%s%s", args, w, stdout, stderr)
		}
	}
	return stdout
}

func (d *dev) produce(records ...string) {
	d.t.Helper()
	p, err := source.NewProducer(d.config.Kafka.Config, d.config.Kafka.ProducerConfig())
	if err != nil {
		d.t.Fatal(err)
	}
	defer p.Close()
	for _, r := range records {
		if err := p.Produce(d.t.Context(), source.Message{Key: []byte("ann@example.com"), Value: []byte(r)}); err != nil {
			d.t.Fatal(err)
		}
	}
}

// letters waits for as many dead letters and returns where they are, by their reason.
func (d *dev) letters(want int) map[string]string {
	d.t.Helper()
	var list listed
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end) && len(list.Letters) < want; time.Sleep(100 * time.Millisecond) {
		if err := json.Unmarshal([]byte(d.run(exitDone, nil, "dead-letters", "list", "--limit", "0", "--json")), &list); err != nil {
			d.t.Fatal(err)
		}
	}
	found := map[string]string{}
	for _, l := range list.Letters {
		found[l.Reason] = fmt.Sprintf("%d:%d", l.Partition, l.Offset)
	}
	if len(found) != want {
		d.t.Fatalf("dead letters %v, want %d", found, want)
	}
	return found
}

func TestRejectedRecordsAreShownMendedAndReplayedAndCustomersErased(t *testing.T) {
	d := startDev(t, filepath.Join(t.TempDir(), "data"))
	d.run(exitDone, []string{"no dead letters"}, "dead-letters", "list")
	at := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	d.produce(
		`{"rating_id":"r-1","occurred_at":"`+at+`","customer_id":"ann@example.com","service":"data_anal","rating":5,"comment":"call Ann"}`,
		`{"rating_id":"r-2","occurred_at":"`+at+`","customer_id":"ann@example.com","service":"data_analysis","rating":55}`,
		`{"rating_id":"r-3","customer_id":"ann@example.com", oops`,
	)
	found := d.letters(3)
	service, rating := found["unknown_service"], found["bad_field:rating"]

	d.run(exitDone, []string{"REASON", "unknown_service", service, "no  "}, "dead-letters", "list", "--reason", "unknown_service", "--since", "1d")
	if text := d.run(exitDone, []string{`"service": "data_anal"`, "masked: 15 characters", "--reveal"}, "dead-letters", "show", service); strings.Contains(text, "Ann") || strings.Contains(text, "ann@") {
		t.Errorf("what is personal is shown:\n%s", text)
	}
	d.run(exitDone, []string{"call Ann", "ann@example.com"}, "dead-letters", "show", service, "--reveal")
	d.run(exitFailed, []string{"no dead letter 0:999"}, "dead-letters", "show", "0:999")

	d.run(exitUsage, []string{"nothing is selected"}, "dead-letters", "replay")
	d.run(exitUsage, []string{"several records would become one rating"}, "dead-letters", "replay", "--all", "--set", "rating_id=x")
	d.run(exitFailed, []string{"rejected unknown_service", "0 of 3 dead letters would be admitted now; nothing was sent"}, "dead-letters", "replay", "--all", "--dry-run")
	d.run(exitDone, []string{"1 of 1 dead letter sent"}, "dead-letters", "replay", "--reason", "unknown_service", "--set", "service=data_analysis")
	t.Setenv("EDITOR", "sed -i s/55/4/")
	d.run(exitDone, []string{"1 of 1 dead letter sent"}, "dead-letters", "replay", rating, "--edit")
	d.awaitResponses(2)
	d.run(exitDone, []string{"unknown_service   1        1 "}, "dead-letters", "list")
	d.run(exitFailed, []string{"stored", "0 of 1 dead letter sent"}, "dead-letters", "replay", "--reason", "unknown_service", "--set", "service=data_analysis", "--again")

	d.run(exitUsage, []string{"nothing is named"}, "erase")
	d.run(exitUsage, []string{"nobody is there to confirm it: add --yes"}, "erase", "--customer", "ann@example.com")
	d.run(exitDone, []string{"1 rating named: 1 rating stored, 0 erased before, 1 dead letter"}, "erase", "--rating", "r-1", "--dry-run")
	d.run(exitDone, []string{"erased 1 rating and deleted 1 dead letter", "What remains"}, "erase", "--rating", "r-1", "--yes")
	d.awaitResponses(1)
	d.eraseByAPI("ann@example.com")
	d.awaitResponses(0)
	d.run(exitDone, []string{"no dead letters"}, "dead-letters", "list")
	d.verify()
	d.stop()
}

// eraseByAPI erases a customer and waits until that is finished.
func (d *dev) eraseByAPI(customer string) {
	d.t.Helper()
	response, err := http.Post(d.url("/api/v1/enterprise-satisfaction/satisfaction/erase"), "application/json", strings.NewReader(`{"customer_id":"`+customer+`"}`))
	if err != nil {
		d.t.Fatal(err)
	}
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		var e api.Erasure
		if err != nil || json.Unmarshal(text, &e) != nil || e.ID == "" {
			d.t.Fatalf("%s: %s, %v", response.Status, text, err)
		}
		if e.State == "finished" {
			return
		}
		if response, err = http.Get(d.url("/api/v1/enterprise-satisfaction/satisfaction/erase/" + e.ID)); err != nil {
			d.t.Fatal(err)
		}
	}
	d.t.Errorf("the erasure is not finished\n%s", d.out)
}
