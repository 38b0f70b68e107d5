package sinktest_test

import (
	"testing"

	"satisflow/pipeline/owner"
	"satisflow/sinks/sinktest"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	sinktest.Run(t, func(*testing.T) (owner.Store, owner.Sink) {
		def := sinktest.Definition()
		m := sinktest.NewMemory(&def)
		return m, m
	})
}
