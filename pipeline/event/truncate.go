package event

import "github.com/rivo/uniseg"

// truncate returns the text, or as many of its first characters (runes) as end where a reader sees a character end. Where
// a single one of these is beyond all measure, the cut goes through it.
func truncate(s string, most int) string {
	const longest = 64 // of what a reader takes for one character: a flag, a family of emoji, stacked accents
	if !tooLong(s, most) {
		return s
	}
	end, n, state := 0, 0, -1
	for n < most {
		cluster, _, _, next := uniseg.FirstGraphemeClusterInString(s[end:min(len(s), end+4*(most-n+1))], state)
		size := runes(cluster)
		if n+size > most {
			break
		}
		end, n, state = end+len(cluster), n+size, next
	}
	if most-n >= longest {
		return s[:bytesOf(s, most)]
	}
	return s[:end]
}

func runes(s string) (n int) {
	for range s {
		n++
	}
	return n
}

// bytesOf returns how many bytes the first runes take.
func bytesOf(s string, runes int) int {
	for i := range s {
		if runes == 0 {
			return i
		}
		runes--
	}
	return len(s)
}
