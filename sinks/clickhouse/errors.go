package clickhouse

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
)

// ErrPermanent is wrapped by errors that no retry can mend: a missing table, a refused password, a type that does not fit.
var ErrPermanent = errors.New("permanent")

// IsPermanent says whether the error is one that no retry can mend.
func IsPermanent(err error) bool { return errors.Is(err, ErrPermanent) }

// permanentError is an error of ClickHouse or its client that a retry would meet again.
type permanentError struct{ err error }

func (e permanentError) Error() string   { return e.err.Error() }
func (e permanentError) Unwrap() []error { return []error{ErrPermanent, e.err} }

// permanentf returns an error that wraps ErrPermanent.
func permanentf(format string, args ...any) error { return permanentError{fmt.Errorf(format, args...)} }

// failed adds the action to the error, and ErrPermanent where it belongs; nil stays nil.
func failed(err error, action string, args ...any) error {
	if err == nil {
		return nil
	}
	wrapped := fmt.Errorf("%s: %w", fmt.Sprintf(action, args...), err)
	if !IsPermanent(err) && isPermanentCause(err) {
		return permanentError{wrapped}
	}
	return wrapped
}

// permanentCodes are the exceptions of the server that the same statement meets again: schema and types, statement and
// settings, and access. What passes by itself is not among them: memory (241), too many parts (252) or queries (202), a
// full disk (243), a lost Keeper (242, 319, 999), time-outs.
var permanentCodes = []int32{
	6, 10, 16, 20, 36, 42, 43, 44, 46, 47, 48, 50, 53, 60, 62, 70, 73, 81, 115, 349, 386, 452, 457, 469, // schema, types, settings
	164, 192, 193, 194, 195, 291, 497, 511, 516, // access
}

const (
	codeNoDatabase = 81
	codeNoTable    = 60
)

func isPermanentCause(err error) bool {
	var exception *clickhouse.Exception
	if errors.As(err, &exception) {
		return slices.Contains(permanentCodes, exception.Code)
	}
	var response *clickhouse.HTTPError
	if errors.As(err, &response) {
		return response.StatusCode == http.StatusUnauthorized || response.StatusCode == http.StatusForbidden
	}
	var conversion *column.ColumnConverterError
	return errors.As(err, &conversion) || errors.Is(err, clickhouse.ErrBatchInvalid)
}

func hasCode(err error, code int32) bool {
	var exception *clickhouse.Exception
	return errors.As(err, &exception) && exception.Code == code
}
