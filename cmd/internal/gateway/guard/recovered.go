package guard

import (
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/rs/zerolog"

	"satisflow/cmd/internal/gateway/problem"
)

// recovered answers 500 when the handler panics, and logs where. What the panic said is logged by its type only unless it
// is an error of the runtime: it may hold what the caller sent.
func recovered(log zerolog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch cause := recover(); cause {
			case nil:
			case http.ErrAbortHandler:
				panic(cause) // the server's own way to cut an answer short
			default:
				log.Error().Str("request_id", RequestID(r.Context())).Str("route", r.Pattern).Str("cause", causeOf(cause)).
					Bytes("stack", debug.Stack()).Msg("handler panicked")
				if response, ok := w.(*response); !ok || response.status == 0 {
					problem.New(http.StatusInternalServerError, "an error of ours: the log has it under the id in %s", headerRequestID).ServeHTTP(w, r)
				}
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func causeOf(cause any) string {
	if err, ok := cause.(interface {
		error
		RuntimeError()
	}); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", cause)
}
