package app

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"
)

func TestCtrlCIsAnAnswerToAQuestion(t *testing.T) {
	in, out := io.Pipe()
	defer out.Close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	begin := time.Now()
	if _, err := readAnswer(ctx, in); !errors.Is(err, context.Canceled) || time.Since(begin) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(begin), err)
	}
}
