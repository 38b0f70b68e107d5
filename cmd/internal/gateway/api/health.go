package api

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"satisflow/cmd/internal/gateway/guard"
)

// Check says whether a part that the process works with is well: kafka, clickhouse, processor. Check must heed its context.
type Check struct {
	Name     string
	Check    func(ctx context.Context) error
	Optional bool // the process is ready without it: what the part should get waits
}

// Health is the answer of /healthz.
type Health struct {
	Status string `json:"status" enum:"ok" doc:"The process is up"`
}

type healthOutput struct{ Body Health }

func healthOperation() huma.Operation {
	return huma.Operation{OperationID: "health", Method: http.MethodGet, Path: "/healthz", Tags: []string{"operations"},
		Summary: "Say that the process is up", Errors: []int{http.StatusMisdirectedRequest}}
}

func health(context.Context, *struct{}) (*healthOutput, error) {
	return &healthOutput{Health{"ok"}}, nil
}

// Readiness is the answer of /readyz.
type Readiness struct {
	Status string `json:"status" enum:"ok,degraded,failing" doc:"ok when every part is; degraded when only optional ones are not"`
	Parts  []Part `json:"parts" nullable:"false"`
}

// Part is the state of one part.
type Part struct {
	Name     string    `json:"name" example:"kafka"`
	OK       bool      `json:"ok"`
	Optional bool      `json:"optional,omitempty" doc:"The process is ready without it: what it should get waits"`
	Since    time.Time `json:"since" doc:"Since when it is in this state, as far as it was asked"`
	Error    string    `json:"error,omitempty" doc:"What fails"`
}

// ReadinessOf returns the answer about parts, and its HTTP status.
func ReadinessOf(parts []Part) (int, Readiness) {
	status, r := http.StatusOK, Readiness{Status: "ok", Parts: parts}
	for _, p := range parts {
		switch {
		case p.OK:
		case !p.Optional:
			return http.StatusServiceUnavailable, Readiness{Status: "failing", Parts: parts}
		default:
			r.Status = "degraded"
		}
	}
	return status, r
}

type readyOutput struct {
	Status int
	Body   Readiness
}

func readyOperation() huma.Operation {
	return huma.Operation{OperationID: "readiness", Method: http.MethodGet, Path: "/readyz", Tags: []string{"operations"},
		Summary: "Say whether every part works", Description: "The status is 503 when a part fails that is not optional. Why it fails is told on the machine itself only, by a loopback address."}
}

// readyFailing documents that a failing part changes the status and not the form of the answer.
func readyFailing(o *huma.OpenAPI) {
	responses := o.Paths["/readyz"].Get.Responses
	delete(responses, "default")
	responses["503"] = &huma.Response{Description: "A part fails", Content: responses["200"].Content}
}

// readyInput tells who asks.
type readyInput struct{ request *http.Request }

// Resolve implements huma.Resolver.
func (in *readyInput) Resolve(ctx huma.Context) []error {
	in.request, _ = humago.Unwrap(ctx)
	return nil
}

func (a *API) ready(ctx context.Context, in *readyInput) (*readyOutput, error) {
	parts := a.parts.check(ctx, a.Now)
	if !Near(in.request) {
		parts = Hidden(parts)
	}
	status, body := ReadinessOf(parts)
	return &readyOutput{Status: status, Body: body}, nil
}

const (
	checkTimeout = 2 * time.Second
	checkAge     = time.Second // an answer that is no older is given again, so that probes cannot add up
)

// parts remembers since when each part is in its state.
type parts struct {
	checks []Check
	mu     sync.Mutex // held while the checks run: whoever asks meanwhile shares their answer
	at     time.Time
	states []Part
}

// Asker returns a function that runs all checks at one time, within two seconds, and remembers since when each part is in its state.
// An answer that is no older than a second is given again.
func Asker(checks []Check, now func() time.Time) func(context.Context) []Part {
	p := newParts(checks)
	return func(ctx context.Context) []Part { return p.check(ctx, now) }
}

func newParts(checks []Check) *parts {
	p := &parts{checks: checks, states: make([]Part, len(checks))}
	for i, c := range checks {
		p.states[i].Name, p.states[i].Optional = c.Name, c.Optional
	}
	return p
}

func (p *parts) check(ctx context.Context, clock func() time.Time) []Part {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := clock()
	if !p.at.IsZero() && now.Sub(p.at) < checkAge {
		return append([]Part{}, p.states...)
	}
	errs := p.run(ctx)
	for i, err := range errs {
		s := &p.states[i]
		if ok := err == nil; s.OK != ok || s.Since.IsZero() {
			s.OK, s.Since = ok, now.UTC()
		}
		s.Error = ""
		if err != nil {
			s.Error = err.Error()
		}
	}
	p.at = clock()
	return append([]Part{}, p.states...)
}

// run runs all checks at one time. A caller that goes away takes no answer from those who wait.
func (p *parts) run(ctx context.Context) []error {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
	defer cancel()
	errs := make([]error, len(p.checks))
	var all sync.WaitGroup
	for i, c := range p.checks {
		all.Go(func() { errs[i] = c.Check(bounded) })
	}
	all.Wait()
	return errs
}

// Near says whether a request comes from this machine, asks for it by its loopback name, and came by no proxy: what fails,
// and why, is shown to such only, as errors name addresses within.
func Near(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback() && guard.IsLoopback(r.Host) &&
		r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == "" && r.Header.Get("Via") == ""
}

// Hidden returns the parts as strangers see them: what fails, without the reason.
func Hidden(parts []Part) []Part {
	out := slices.Clone(parts)
	for i := range out {
		if out[i].Error != "" {
			out[i].Error = "it fails: the log of the process and /readyz on its own machine say why"
		}
	}
	return out
}
