package event

import (
	"regexp"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestIdsThatLookAlikeAreNamed(t *testing.T) {
	pattern := regexp.MustCompile(noLookAlikes)
	for id, want := range map[string]struct{ found, clean string }{
		"K-261":         {"", "K-261"},
		"a b":           {"", "a b"},
		"José":          {"", "José"},
		"上海某某（集团）有限公司":  {"", "上海某某（集团）有限公司"},
		"👩\u200d🚀":      {"", "👩\u200d🚀"},
		"می\u200cخواهم": {"", "می\u200cخواهم"},
		"K-261\u200b":   {"an invisible character (U+200B), its 6.", "K-261"},
		"K\u200d-261":   {"an invisible character (U+200D), its 2.", "K-261"},
		"\ufeffK-261":   {"an invisible character (U+FEFF), its 1.", "K-261"},
		"\u202eK-261":   {"an invisible character (U+202E), its 1.", "K-261"},
		"Ｋ－２６１":         {"a full-width character (U+FF2B), its 1.", "K-261"},
		"K－261":         {"a full-width character (U+FF0D), its 2.", "K-261"},
		"上海Ａ":           {"a full-width character (U+FF21), its 3.", "上海A"},
		"Jose\u0301":    {"a letter and its accent as two characters", "José"},
		" K-261":        {"white space at its beginning or end", "K-261"},
		"K-261\u3000":   {"white space at its beginning or end", "K-261"},
		"\u00a0K-261":   {"white space at its beginning or end", "K-261"},
	} {
		if got := LookAlike(id); !strings.HasPrefix(got, want.found) || (got == "") != (want.found == "") {
			t.Errorf("%q: %q, want %q", id, got, want.found)
		}
		if got := CleanID(id); got != want.clean || LookAlike(got) != "" {
			t.Errorf("%q: cleaned to %q, want %q", id, got, want.clean)
		}
		if want.found == "" && !pattern.MatchString(id) {
			t.Errorf("%q: right, and not by the pattern of the schema", id)
		}
		var ev Event
		err := NewDecoder(testConfig()).Decode([]byte(with(`"customer_id":"`+id+`"`)), nil, &ev)
		if (err == nil) != (want.found == "") || err != nil && err.(*FieldError).Reason != BadField+"customer_id" {
			t.Errorf("%q: the decoder says %v", id, err)
		}
	}
}

func TestWhatIsCleanedLooksLikeNoOther(t *testing.T) {
	pattern := regexp.MustCompile(noLookAlikes)
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.StringOf(rapid.OneOf(rapid.SampledFrom([]rune("aé１Ａ－ \u200b\u200d\u0301\u3000\ufeff中（")), rapid.Rune())).Draw(t, "id")
		clean := CleanID(id)
		if found := LookAlike(clean); found != "" {
			t.Fatalf("%q is cleaned to %q, which has %s", id, clean, found)
		}
		if LookAlike(id) == "" && id != clean {
			t.Fatalf("%q is right and cleaned to %q", id, clean)
		}
		if id != "" && LookAlike(id) == "" && norm.NFC.IsNormalString(id) && strings.IndexFunc(id, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) < 0 && !pattern.MatchString(id) {
			t.Fatalf("%q is right, and not by the pattern of the schema", id)
		}
	})
}
