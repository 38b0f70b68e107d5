package engine

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
)

// Codes of ClickHouse that the front itself gives.
const (
	codeCannotReadAllData = 33
	codeNotImplemented    = 48
	codeSyntaxError       = 62
	codeRequiredPassword  = 194
	codeQueryTooLarge     = 229
	codeAuthentication    = 516
	codeUnknown           = 1002
)

var codeNames = map[int]string{
	codeCannotReadAllData: "CANNOT_READ_ALL_DATA", codeNotImplemented: "NOT_IMPLEMENTED", codeSyntaxError: "SYNTAX_ERROR",
	codeRequiredPassword: "REQUIRED_PASSWORD", codeQueryTooLarge: "QUERY_IS_TOO_LARGE",
	codeAuthentication: "AUTHENTICATION_FAILED", codeUnknown: "UNKNOWN_EXCEPTION",
}

// exception is an error as ClickHouse words it: "Code: 60. DB::Exception: … (UNKNOWN_TABLE)".
type exception struct {
	code    int
	message string
}

func (e *exception) Error() string { return e.message }

func exceptionf(code int, format string, args ...any) *exception {
	message := fmt.Sprintf(format, args...)
	return &exception{code, fmt.Sprintf("Code: %d. DB::Exception: %s (%s)", code, message, codeNames[code])}
}

var codePattern = regexp.MustCompile(`Code: (\d+)\.`)

// parseException reads the code of a message of the engine; a message without one gets UNKNOWN_EXCEPTION.
func parseException(message string) *exception {
	if m := codePattern.FindStringSubmatch(message); m != nil {
		if code, err := strconv.Atoi(m[1]); err == nil {
			return &exception{code, message}
		}
	}
	return exceptionf(codeUnknown, "%s", message)
}

// asException finds the exception in an error; any other error becomes UNKNOWN_EXCEPTION.
func asException(err error) *exception {
	if e, ok := errors.AsType[*exception](err); ok {
		return e
	}
	return exceptionf(codeUnknown, "%v", err)
}

// statusCodes gives the codes of each HTTP status, as a real server maps them; all others are 500.
var statusCodes = map[int][]int{
	http.StatusUnauthorized:          {codeRequiredPassword},
	http.StatusForbidden:             {192, 193, 512, codeAuthentication},
	http.StatusNotFound:              {46, 47, 50, 56, 60, 63, 73, 75, 81, 115},
	http.StatusRequestTimeout:        {159},
	http.StatusRequestEntityTooLarge: {codeQueryTooLarge},
	http.StatusNotImplemented:        {codeNotImplemented},
	http.StatusServiceUnavailable:    {439},
	http.StatusBadRequest: {6, 16, 20, 26, 27, codeCannotReadAllData, 36, 38, 41, 42, 43, 44, 53, 57, codeSyntaxError,
		69, 70, 72, 82, 117, 130, 131, 456, 457},
}

func (e *exception) status() int {
	for status, codes := range statusCodes {
		if slices.Contains(codes, e.code) {
			return status
		}
	}
	return http.StatusInternalServerError
}
