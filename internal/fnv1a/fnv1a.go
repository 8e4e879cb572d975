// Package fnv1a is the hash FNV-1a of 64 bits (RFC 9923), for loops that make
// the octets as they go: hash/fnv takes but copies of them. What it gives is the
// same on every machine and for ever; keys and features in stores depend on it.
//
// It is quick and spreads well over tables. Who can choose what is hashed can
// choose what collides: nothing of trust may hang on it.
package fnv1a

// Seed is the hash of nothing.
const Seed uint64 = 14695981039346656037

const prime = 1099511628211

// Add gives the hash of what h is the hash of with one more octet, or with a
// letter or word in the place of one.
func Add(h, octet uint64) uint64 { return (h ^ octet) * prime }

// Text gives the hash of what h is the hash of with the octets of s behind.
func Text[S ~string | ~[]byte](h uint64, s S) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * prime
	}
	return h
}
