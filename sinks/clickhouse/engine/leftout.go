//go:build noengine

package engine

// leftOut says whether this build has the engine's binding; without it the program is static and runs without glibc.
const leftOut = true
