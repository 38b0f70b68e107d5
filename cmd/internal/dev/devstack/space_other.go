//go:build !unix

package devstack

func requireSpace(string, uint64) error { return nil }
