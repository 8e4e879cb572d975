package parse

import (
	"encoding/binary"
	"math/bits"
)

// hash64 is a fast hash of a text, the same on every machine and for ever: two
// multiplications fold 16 octets at a time. It only has to tell a publisher's
// items apart; it is no defence against somebody who wants two of his own
// items to look the same.
func hash64(seed uint64, s string) uint64 {
	const k0, k1, k2 = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93, 0xa0761d6478bd642f
	h := fold(seed^k0, uint64(len(s))^k1)
	for len(s) >= 16 {
		h = fold(h^word(s), k2^word(s[8:]))
		s = s[16:]
	}
	if len(s) > 0 {
		var tail [16]byte
		copy(tail[:], s)
		h = fold(h^binary.LittleEndian.Uint64(tail[:]), k1^binary.LittleEndian.Uint64(tail[8:]))
	}
	return fold(h^k1, k0)
}

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func word(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}
