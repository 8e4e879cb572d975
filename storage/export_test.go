package storage

import "testing"

// ShrinkLatest makes Latest keep and look at fewer statements during a test.
func ShrinkLatest(t testing.TB, kept, few int) {
	k, f := keptLatest, fewEnough
	keptLatest, fewEnough = kept, few
	t.Cleanup(func() { keptLatest, fewEnough = k, f })
}

// Forget forgets what searches found before.
func Forget(s *Store) {
	s.answers = newAnswers()
}
