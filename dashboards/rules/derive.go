package rules

import (
	"cmp"
	"math"
	"slices"
	"time"

	"satisflow/pipeline/window"
)

// reach is how many times longer or shorter a window may be than the one that it stands for.
const reach = 3

// WithWindows returns the configuration for the windows, which must be one or more. The default windows keep its alerts as
// they are. Otherwise each window that the default alerts judge is stood for by the configured one that is nearest in
// length, unless that is more than three times as long or as short: its alerts are left out then. A configured window
// stands for one of them only. The target itself is judged on the longest window, whatever it is. A recovery is looked
// for in the window that is nearest to the same part of the longer one.
func (c Config) WithWindows(windows []window.Spec) Config {
	c.Windows = windows
	longest := slices.MaxFunc(windows, byLength)
	stands := stand(window.DefaultWindows(), windows)
	c.Burns = nil
	for _, b := range DefaultBurns() {
		w, ok := stands[b.Long]
		if b.Alert == targetMissed {
			w, ok = longest, true
		}
		if ok {
			c.Burns = append(c.Burns, b.on(w, windows))
		}
	}
	c.Silence.Window = silenceWindow(windows, longest).Name
	c.Leading.Long, c.Leading.Short, c.Leading.MinShort = c.Leading.on(windows)
	return c
}

func byLength(a, b window.Spec) int { return cmp.Compare(a.Length, b.Length) }

// Nearest returns the window whose length is nearest to a length by their ratio, of those that the length may be of;
// the first of several.
func Nearest(windows []window.Spec, length time.Duration) window.Spec {
	return slices.MinFunc(windows, func(a, b window.Spec) int {
		return cmp.Compare(ratio(a.Length, length), ratio(b.Length, length))
	})
}

// ratio is how many times one length is the other, 1 or more.
func ratio(a, b time.Duration) float64 { return max(float64(a)/float64(b), float64(b)/float64(a)) }

// stand finds which window stands for which of the known ones, by the name of the latter: the nearest two first.
func stand(known, windows []window.Spec) map[string]window.Spec {
	found := map[string]window.Spec{}
	for taken := map[string]bool{}; ; {
		var of, by window.Spec
		least := math.Nextafter(reach, math.Inf(1))
		for _, k := range known {
			for _, w := range windows {
				if _, done := found[k.Name]; !done && !taken[w.Name] && ratio(k.Length, w.Length) < least {
					of, by, least = k, w, ratio(k.Length, w.Length)
				}
			}
		}
		if by.Name == "" {
			return found
		}
		found[of.Name], taken[by.Name] = by, true
	}
}

// on moves an alert of the default windows to another one.
func (b Burn) on(long window.Spec, windows []window.Spec) Burn {
	b.Short, b.MinShort = recoveryWindow(b.Long, b.Short, b.MinShort, long, windows)
	b.Long = long.Name
	return b
}

func (l Leading) on(windows []window.Spec) (long, short string, minShort int) {
	wide, _ := length(window.DefaultWindows(), l.Long)
	by := Nearest(windows, wide)
	short, minShort = recoveryWindow(l.Long, l.Short, l.MinShort, by, windows)
	return by.Name, short, minShort
}

// recoveryWindow finds the window that is to the long one as the default short one is to the default long one, and
// returns none where there is nothing like it.
func recoveryWindow(defaultLong, defaultShort string, least int, long window.Spec, windows []window.Spec) (name string, minShort int) {
	wide, _ := length(window.DefaultWindows(), defaultLong)
	narrow, err := length(window.DefaultWindows(), defaultShort)
	shorter := slices.DeleteFunc(slices.Clone(windows), func(w window.Spec) bool { return w.Length >= long.Length })
	if err != nil || len(shorter) == 0 {
		return "", 0
	}
	want := time.Duration(float64(long.Length) * float64(narrow) / float64(wide))
	if near := Nearest(shorter, want); ratio(near.Length, want) <= reach {
		return near.Name, least
	}
	return "", 0
}

// silenceWindow is the one nearest to the default, but not the longest: figures that vanish are told from silence by that.
func silenceWindow(windows []window.Spec, longest window.Spec) window.Spec {
	usual, _ := length(window.DefaultWindows(), DefaultSilence().Window)
	shorter := slices.DeleteFunc(slices.Clone(windows), func(w window.Spec) bool { return w.Length == longest.Length })
	if len(shorter) == 0 {
		return longest
	}
	return Nearest(shorter, usual)
}
