package owner

import (
	"encoding/binary"
	"encoding/hex"
	"testing"
)

// The vectors are those of the authors: key 00 01 … 0f, text 00 01 02 … of the length.
func TestSipHashGivesThePublishedVectors(t *testing.T) {
	var key, text [16]byte
	for i := range key {
		key[i], text[i] = byte(i), byte(i)
	}
	k := hashKey{binary.LittleEndian.Uint64(key[:8]), binary.LittleEndian.Uint64(key[8:])}
	for n, want := range []string{"a3817f04ba25a8e66df67214c7550293", "da87c1d86b99af44347659119b22fc45"} {
		h := k.of(string(text[:n]))
		if got := hex.EncodeToString(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, h.a), h.b)); got != want {
			t.Errorf("%d bytes: %s, want %s", n, got, want)
		}
	}
}

func TestIdsThatDifferInOneCharacterHaveOtherHashes(t *testing.T) {
	seen := map[ratingHash]string{}
	base := []byte("rating-0123456789-0123456789-0123456789-0123456789-0123456789-01")
	for n := range len(base) + 1 {
		for i := range n {
			id := append([]byte(nil), base[:n]...)
			id[i] ^= 1
			h := ratingKey.of(string(id))
			if other, ok := seen[h]; ok && other != string(id) {
				t.Fatalf("%q and %q have one hash", id, other)
			}
			seen[h] = string(id)
		}
	}
}

func BenchmarkRatingHash(b *testing.B) {
	id := "01890a5d-ac96-774b-bcce-b302099a8057"
	for b.Loop() {
		ratingKey.of(id)
	}
}
