package serve

import (
	"bytes"
	"fmt"
	"testing"
)

// prose is a body of about n octets that codes as feeds do.
func prose(n, seed int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "<p>Statement %d of office %d on shelter, water and the return of %d families.</p>\n", i*seed, i%37, i*i%1009)
	}
	return b.Bytes()
}

// TestCodingsRepeat codes a body between others: its entity tag says that the
// octets are the same each time, whoever was served before.
func TestCodingsRepeat(t *testing.T) {
	body := prose(60_000, 1)
	for _, c := range codings {
		first, err := c.encode(body)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			if _, err := c.encode(prose(5_000*i+1, i+2)); err != nil {
				t.Fatal(err)
			}
			again, err := c.encode(body)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(first, again) {
				t.Fatalf("%s: %d octets, then %d others", c.token, len(first), len(again))
			}
		}
	}
}

func BenchmarkCoding(b *testing.B) {
	body := prose(100_000, 1)
	for _, c := range codings {
		b.Run(c.token, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := c.encode(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
