package app

import (
	"strings"
	"testing"
)

func TestRebuildSaysWhatItNeeds(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"rebuild"}, "--epoch is missing: want the number of the new epoch, above the current one's"},
		{[]string{"rebuild", "--epoch", "2"}, `--from "": want topic or facts`},
		{[]string{"rebuild", "--epoch", "2", "--from", "backup"}, `--from "backup": want topic or facts`},
		{[]string{"rebuild", "swich"}, `there is no command "swich", did you mean switch?`},
		{[]string{"rebuild", "switch"}, "--epoch is missing: want the number of an epoch"},
		{[]string{"rebuild", "drop"}, "--epoch is missing: want the number of an epoch"},
		{[]string{"verify", "--repair", "--epoch", "1"}, "--repair and --epoch: only the current epoch has processors that would erase"},
		{[]string{"processor", "--processor.epoch", "-1"}, "processor.epoch: -1: want the number of an epoch, or 0"},
		{[]string{"processor", "--verify.interval", "5s"}, "verify.interval: 5s: want 0s, which switches it off, or at least 1m"},
	} {
		code, _, stderr := execute(t, nil, c.args...)
		if code != 2 || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: exit code %d, %s\nwant 2, %s", strings.Join(c.args, " "), code, stderr, c.want)
		}
	}
}
