package event

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

func TestACommentThatIsTooLongIsCutWhereACharacterEnds(t *testing.T) {
	const family, flag, accents = "👨\u200d👩\u200d👧", "🇨🇳", "e\u0301\u0323"
	full := strings.Repeat("长", MaxComment)
	for name, tc := range map[string]struct{ sent, kept string }{
		"as long as allowed":                {full, full},
		"one more":                          {full + "x", full},
		"a family across the limit":         {full[:3*(MaxComment-2)] + family + "x", full[:3*(MaxComment-2)]},
		"a flag across the limit":           {full[:3*(MaxComment-1)] + flag, full[:3*(MaxComment-1)]},
		"a flag up to the limit":            {full[:3*(MaxComment-2)] + flag + flag, full[:3*(MaxComment-2)] + flag},
		"accents across the limit":          {full[:3*(MaxComment-2)] + accents + "x", full[:3*(MaxComment-2)]},
		"flags alone":                       {strings.Repeat(flag, MaxComment), strings.Repeat(flag, MaxComment/2)},
		"a line break of two":               {full[:3*(MaxComment-1)] + "\r\nx", full[:3*(MaxComment-1)]},
		"one character beyond all measure":  {"a" + strings.Repeat("\u0301", 2*MaxComment), "a" + strings.Repeat("\u0301", MaxComment-1)},
		"a long one that ends with a giant": {full[:3*100] + "a" + strings.Repeat("\u0301", 2*MaxComment), full[:3*100] + "a" + strings.Repeat("\u0301", MaxComment-101)},
	} {
		var ev Event
		text := with(`"comment":` + string(appendString(nil, tc.sent)))
		if err := NewDecoder(testConfig()).Decode([]byte(text), nil, &ev); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if ev.Comment != tc.kept || ev.CommentTruncated != (tc.sent != tc.kept) || ev.Rating != 400 {
			t.Errorf("%s: kept %d characters ending in %q, want %d; truncated %v", name, utf8.RuneCountInString(ev.Comment),
				ev.Comment[max(0, len(ev.Comment)-20):], utf8.RuneCountInString(tc.kept), ev.CommentTruncated)
		}
		if n := utf8.RuneCountInString(ev.Comment); n > MaxComment || !utf8.ValidString(ev.Comment) {
			t.Errorf("%s: %d characters", name, n)
		}
	}
}

// The cut looks at a part of the text at a time; the library decides where characters end in the whole of it.
func FuzzTruncate(f *testing.F) {
	f.Add("ae\u0301👨\u200d👩🇨🇳🇨\r\nम\u093f한국", 5)
	f.Fuzz(func(t *testing.T, s string, most int) {
		if most = 1 + int(uint(most)%200); !utf8.ValidString(s) {
			return
		}
		got := truncate(s, most)
		want, n := 0, 0
		for g := uniseg.NewGraphemes(s); g.Next(); {
			if n += len(g.Runes()); n > most {
				break
			}
			_, want = g.Positions()
		}
		if utf8.RuneCountInString(s) <= most {
			want = len(s)
		}
		if most-utf8.RuneCountInString(s[:want]) < 64 && got != s[:want] {
			t.Errorf("%q, %d: got %q, want %q", s, most, got, s[:want])
		}
		if !strings.HasPrefix(s, got) || utf8.RuneCountInString(got) > most {
			t.Errorf("%q, %d: %q", s, most, got)
		}
	})
}

func TestACommentCutByItsSenderIsMarkedBySuch(t *testing.T) {
	for member, want := range map[string]bool{`"comment_truncated":true`: true, `"comment_truncated":false`: false, `"comment_truncated":null`: false} {
		var ev Event
		if err := NewDecoder(testConfig()).Decode([]byte(with(`"comment":"x"`, member)), nil, &ev); err != nil || ev.CommentTruncated != want {
			t.Errorf("%s: %v, %v", member, ev.CommentTruncated, err)
		}
	}
	var ev Event
	long := `"comment":"` + strings.Repeat("x", MaxComment+1) + `"`
	if err := NewDecoder(testConfig()).Decode([]byte(with(long, `"comment_truncated":false`)), nil, &ev); err != nil || !ev.CommentTruncated {
		t.Errorf("%v, %v", ev.CommentTruncated, err)
	}
}

func TestAnAnswerThatIsTooLongIsCut(t *testing.T) {
	var ev Event
	text := with(`"answers":{"q1":"` + strings.Repeat("答", MaxComment+7) + `","q2":"short"}`)
	if err := NewDecoder(testConfig()).Decode([]byte(text), nil, &ev); err != nil {
		t.Fatal(err)
	}
	if got := ev.Answers[0].Value; got != strings.Repeat("答", MaxComment) || ev.Answers[1].Value != "short" || !ev.AnswersTruncated || ev.CommentTruncated {
		t.Errorf("%d bytes, %+v", len(got), ev.Answers[1])
	}
}
