package tag

import (
	"cmp"
	"math"
)

const (
	topicMin   = 2
	topicRatio = 0.4 // of the best topic's score
	topicMost  = 4
	usualWords = 150 // a text so long has its score halved; see topics
)

// topics gives the topics of a text, best first. The longer a text, the more
// words of any topic it holds by chance, so scores are divided by
// 1 + log2(1 + words/150).
func (t *Tagger) topics(m *matcher, dst []found) []found {
	s, from := &m.score, len(dst)
	words := 0
	for i := range m.tokens {
		if m.tokens[i].zone != inCategories {
			words++
		}
	}
	norm := float32(1 + math.Log2(1+float64(words)/usualWords))
	var best float32
	for _, i := range s.touched {
		if c := &s.terms[i]; t.isTopic(i) && !c.forbidden {
			c.score /= norm
			best = max(best, c.score)
		}
	}
	for _, i := range s.touched {
		c, r := &s.terms[i], &t.rules.terms[i]
		if t.isTopic(i) && !c.forbidden && c.score >= cmp.Or(r.threshold, topicMin) && c.score >= topicRatio*best {
			dst = append(dst, found{i, c.score})
		}
	}
	byScore(dst[from:])
	return dst[:min(len(dst), from+topicMost)]
}
