//go:build linux && !noengine

package engine

import (
	"runtime"
	"unsafe"
)

// call runs a statement function of the binding; the memory it lends to C lives until it returns.
func call(f statementCall, conn unsafe.Pointer, sql, format string, params parameters) unsafe.Pointer {
	s, fm, p := []byte(sql), []byte(format), newParameterArrays(params)
	result := f(conn, first(s), uintptr(len(s)), first(fm), uintptr(len(fm)),
		first(p.names), first(p.nameLens), first(p.values), first(p.valueLens), uintptr(len(params)))
	runtime.KeepAlive(s)
	runtime.KeepAlive(fm)
	runtime.KeepAlive(p)
	return result
}

type parameterArrays struct {
	names, values       []*byte
	nameLens, valueLens []uintptr
}

func newParameterArrays(params parameters) *parameterArrays {
	a := new(parameterArrays)
	for name, value := range params {
		a.names, a.nameLens = append(a.names, cstring(name)), append(a.nameLens, uintptr(len(name)))
		a.values, a.valueLens = append(a.values, cstring(value)), append(a.valueLens, uintptr(len(value)))
	}
	return a
}

// arguments is an argv: the pointers, and a nil that ends them.
func arguments(args []string) []*byte {
	argv := make([]*byte, 0, len(args)+1)
	for _, arg := range args {
		argv = append(argv, cstring(arg))
	}
	return append(argv, nil)
}

func cstring(s string) *byte { return &append([]byte(s), 0)[0] }

func first[T any](s []T) *T {
	if len(s) == 0 {
		return nil
	}
	return &s[0]
}
