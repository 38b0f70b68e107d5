// Package stats owns the statistics that are said about ratings, one to a file, each with the source of its formula. It
// takes counts and gives numbers; what is counted, and over which time, is left to the caller.
package stats
