package storage

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// packing is the first octet of a stored content.
const packingZstd = 1

// maxContent is the most octets that a content may unpack to: far more than
// any item that parse lets through.
const maxContent = 256 << 20

// packer packs and unpacks contents; it may be used by many goroutines.
type packer struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newPacker() (*packer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false), zstd.WithWindowSize(256<<10))
	if err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(maxContent))
	if err != nil {
		return nil, err
	}
	return &packer{enc, dec}, nil
}

func (p *packer) close() {
	p.enc.Close()
	p.dec.Close()
}

func (p *packer) pack(content []byte) []byte {
	out := make([]byte, 1, 64+len(content)/2)
	out[0] = packingZstd
	return p.enc.EncodeAll(content, out)
}

// unpack appends the content to dst.
func (p *packer) unpack(dst, packed []byte) ([]byte, error) {
	if len(packed) == 0 {
		return nil, fmt.Errorf("content of no octets")
	}
	if packed[0] != packingZstd {
		return nil, fmt.Errorf("content packed in way %d, this program reads up to %d", packed[0], packingZstd)
	}
	return p.dec.DecodeAll(packed[1:], dst)
}
