package tag

import (
	"time"

	"communique/feeds"
)

// Input is what is known of a text when it is tagged.
type Input struct {
	Language   string // BCP 47; "" when nobody can say
	View       feeds.TextView
	Published  time.Time // zero when the publisher did not say
	Source     feeds.Source
	Categories []feeds.Category // the publisher's own
}

// Tagger holds the compiled rules. It is safe for concurrent use.
type Tagger struct{}

// Term is one entry of the taxonomy.
type Term struct {
	Tag     feeds.Tag
	Labels  map[string]string // by language: en, fr, es, pt, ar; never without en
	Parents []feeds.Tag       // all ancestors, nearest first
}

// New adds the operator's rules to the built-in ones. The error joins an
// *Error for everything that is wrong with them.
func New(t Taxonomy) (*Tagger, error) { return &Tagger{}, nil }

// Tag gives the tags of a text, ancestors included, one Tagging per tag,
// sorted by scheme and term.
func (t *Tagger) Tag(in Input) []feeds.Tagging { return nil }

// Fingerprint changes when any rule, or the way rules are applied, does.
func (t *Tagger) Fingerprint() uint64 { return 0 }

// Terms lists every term, sorted by scheme and term.
func (t *Tagger) Terms() []Term { return nil }

// Label gives the term's name in a language, else in English, else the bare term.
func (t *Tagger) Label(tag feeds.Tag, lang string) string { return tag.Term }
