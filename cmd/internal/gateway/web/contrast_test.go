package web

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
)

// luminance is WCAG's relative luminance of #rrggbb.
func luminance(t *testing.T, color string) float64 {
	t.Helper()
	var rgb [3]int
	if _, err := fmt.Sscanf(color, "#%02x%02x%02x", &rgb[0], &rgb[1], &rgb[2]); err != nil {
		t.Fatalf("%s: %v", color, err)
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v := float64(rgb[i]) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum
}

func TestTextCanBeReadInLightAndDark(t *testing.T) {
	light, dark, ok := strings.Cut(string(style), "@media (prefers-color-scheme: dark)")
	if !ok {
		t.Fatal("no dark colors")
	}
	dark, _, _ = strings.Cut(dark, "* {")
	variable := regexp.MustCompile(`--(\w+): (#[0-9a-f]{6});`)
	for theme, text := range map[string]string{"light": light, "dark": dark} {
		colors := map[string]string{}
		for _, m := range variable.FindAllStringSubmatch(text, -1) {
			colors[m[1]] = m[2]
		}
		for _, on := range []string{"ground", "card", "code"} {
			for _, of := range []string{"text", "quiet", "accent", "page", "ticket", "info", "met", "limit"} {
				a, b := luminance(t, colors[of]), luminance(t, colors[on])
				if contrast := (max(a, b) + 0.05) / (min(a, b) + 0.05); contrast < 4.5 {
					t.Errorf("%s: %s on %s has a contrast of %.2f, want 4.5", theme, of, on, contrast)
				}
			}
			a, b := luminance(t, colors["series"]), luminance(t, colors[on])
			if contrast := (max(a, b) + 0.05) / (min(a, b) + 0.05); contrast < 3 {
				t.Errorf("%s: the line of a chart on %s has a contrast of %.2f, want 3", theme, on, contrast)
			}
		}
	}
}
