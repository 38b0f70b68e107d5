//go:build !linux

package devstack

func usedBy(string) string { return "" }
