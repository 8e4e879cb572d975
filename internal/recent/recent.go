// Package recent remembers what was used lately, in bounded memory.
package recent

import "sync"

// Map keeps two generations of values: what is used moves to the present one,
// and when that is full, the one before it is forgotten. So what was not used
// for a whole generation leaves, and to use a value costs a look into a map or
// two. Cheaper than a list in order of use, and as good where values come by the
// thousand. The zero Map with a Max is ready; it may be used from anywhere.
type Map[K comparable, V any] struct {
	// Max is how much a generation holds before the next one begins, by Cost: in
	// values where that is nil.
	Max  int
	Cost func(K, V) int

	mu         sync.Mutex
	now, older map[K]V
	size       int // of now
}

// Get gives the value of k, false when it is not remembered.
func (m *Map[K, V]) Get(k K) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.now[k]
	if !ok {
		if v, ok = m.older[k]; ok {
			m.add(k, v)
		}
	}
	return v, ok
}

// Put remembers v for k.
func (m *Map[K, V]) Put(k K, v V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(k, v)
}

func (m *Map[K, V]) add(k K, v V) {
	cost := 1
	if m.Cost != nil {
		cost = m.Cost(k, v)
	}
	if m.now == nil || m.size+cost > m.Max {
		m.older, m.now, m.size = m.now, map[K]V{}, 0
	}
	if old, again := m.now[k]; again {
		if m.Cost == nil {
			cost = 0
		} else {
			cost -= m.Cost(k, old)
		}
	}
	m.now[k] = v
	m.size += cost
}
