package recent

import (
	"fmt"
	"testing"
)

func TestWhatIsUsedStays(t *testing.T) {
	m := Map[int, string]{Max: 10}
	for i := range 1000 {
		m.Put(i, fmt.Sprint(i))
		if v, ok := m.Get(0); !ok || v != "0" {
			t.Fatalf("after %d others the first is %q, %v", i, v, ok)
		}
		if held := len(m.now) + len(m.older); held > 20 {
			t.Fatalf("%d values are kept, want at most 20", held)
		}
	}
	if _, ok := m.Get(1); ok {
		t.Error("what nobody used is still there")
	}
	if v, ok := m.Get(999); !ok || v != "999" {
		t.Errorf("the last is %q, %v", v, ok)
	}
}

func TestCostsAreCountedOnce(t *testing.T) {
	m := Map[string, string]{Max: 100, Cost: func(k, v string) int { return len(k) + len(v) }}
	m.Put("kept", "a value")
	for range 1000 {
		m.Put("again", "the same")
	}
	if _, ok := m.now["kept"]; !ok || m.size != len("kept"+"a value"+"again"+"the same") {
		t.Errorf("a generation of %d octets: %v", m.size, m.now)
	}
	m.Put("large", string(make([]byte, 90)))
	if _, ok := m.now["kept"]; ok || m.size != len("large")+90 {
		t.Errorf("a generation of %d octets: %v", m.size, m.now)
	}
}
