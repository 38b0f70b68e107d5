//go:build !linux || noengine

package engine

import "context"

// Serve returns an error that is ErrUnavailable: there is no engine for this system.
func Serve(context.Context, Config) error { return checkPlatform() }
