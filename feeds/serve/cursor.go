package serve

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"time"

	"communique/feeds"
)

// A cursor of the API is a place in a selection, or in the journal. It is opaque
// to its reader; the sum at its end is there so that a mangled one is refused
// and not taken for another place.
const (
	cursorPlace  = 'a' // a feeds.Cursor: the time in microseconds, the id
	cursorChange = 'c' // a number of the journal
)

func placeCursor(c feeds.Cursor) string {
	return sealed(append(binary.BigEndian.AppendUint64([]byte{cursorPlace}, uint64(c.Order.UnixMicro())), c.ID...))
}

func changeCursor(seq uint64) string {
	return sealed(binary.AppendUvarint([]byte{cursorChange}, seq))
}

func sealed(b []byte) string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b)))
}

// readCursor gives what a cursor says; kind is 0 for what is none.
func readCursor(text string) (kind byte, place feeds.Cursor, seq uint64) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < 6 {
		return 0, place, 0
	}
	b, sum := b[:len(b)-4], binary.BigEndian.Uint32(b[len(b)-4:])
	if crc32.ChecksumIEEE(b) != sum {
		return 0, place, 0
	}
	switch rest := b[1:]; b[0] {
	case cursorPlace:
		if len(rest) > 8 {
			return b[0], feeds.Cursor{Order: time.UnixMicro(int64(binary.BigEndian.Uint64(rest))).UTC(), ID: feeds.StatementID(rest[8:])}, 0
		}
	case cursorChange:
		if seq, n := binary.Uvarint(rest); n == len(rest) {
			return b[0], place, seq
		}
	}
	return 0, place, 0
}
