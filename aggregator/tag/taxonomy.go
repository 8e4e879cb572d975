package tag

// Taxonomy is the section `taxonomy:` of the configuration: what the operator
// adds to the built-in rules. A rule whose id is built in extends that rule
// (its patterns are added, its other settings win); any other id is a new term.
type Taxonomy struct {
	Regions   []Rule `yaml:"regions,omitempty" json:"regions,omitempty"`
	Countries []Rule `yaml:"countries,omitempty" json:"countries,omitempty"`
	Topics    []Rule `yaml:"topics,omitempty" json:"topics,omitempty"`
	Events    []Rule `yaml:"events,omitempty" json:"events,omitempty"`
}

// Rule says when a statement carries one term.
type Rule struct {
	// ID is the term: [a-z0-9-], as it stands in addresses and tags. For a
	// country it is the ISO 3166-1 alpha-2 code in lower case.
	ID string `yaml:"id" json:"id"`
	// Labels is the name that readers see, by language ("en", "fr", …); without
	// one, English, else the id is shown.
	Labels map[string]string `yaml:"labels,omitempty" json:"labels,omitempty"`
	// Parent is a term of the same kind that every statement with this term
	// carries too; for a country it is a region. "none" takes a built-in parent away.
	Parent string `yaml:"parent,omitempty" json:"parent,omitempty"`
	// Patterns are the words to look for, by language; "any" is for words that
	// are the same in all languages. A pattern is one or more words in a row.
	// Case and accents do not matter, but a capital letter in the pattern asks
	// for one in the text when the rule is a region, country or event. In
	// topics a word stands for its inflections too ("refugee" finds
	// "refugees"); "=word" is only the word itself and "word*" any word
	// that begins so. ":2" at the end is a weight other than 1. A pattern
	// that begins with "!" is a phrase inside which this rule finds nothing.
	Patterns map[string][]string `yaml:"patterns,omitempty" json:"patterns,omitempty"`
	// Exclude are patterns whose presence anywhere in a text forbids the term.
	Exclude map[string][]string `yaml:"exclude,omitempty" json:"exclude,omitempty"`
	// Weight multiplies the weights of all patterns of this rule. Default 1.
	Weight float64 `yaml:"weight,omitempty" json:"weight,omitempty"`
	// Threshold is the score from which the term is given. Default: 2 for topics
	// and regions, 1 for countries and events. A pattern of weight 1 scores 4
	// in the title; 1.5 (topics) or 2 in the first paragraph; 0.6 (topics) or 1
	// further down, at most four times. The first 30 words of a text without a
	// title count for topics as one. A topic must also score 0.4 of the text's
	// best one, in proportion less with a lower threshold.
	Threshold float64 `yaml:"threshold,omitempty" json:"threshold,omitempty"`
	// Window is when a statement must have been published, for events.
	Window Window `yaml:"window,omitempty" json:"window,omitzero"`
	// Regions are regions that a statement about this event belongs to.
	Regions []string `yaml:"regions,omitempty" json:"regions,omitempty"`
	// Disable takes a built-in term away.
	Disable bool `yaml:"disable,omitempty" json:"disable,omitempty"`
	// Examples are texts that must get the term, or must not; they are tried
	// whenever the configuration is checked.
	Examples []Example `yaml:"examples,omitempty" json:"examples,omitempty"`
}

// Window is a span of days, both included, as YYYY-MM-DD; an empty end is open.
type Window struct {
	From string `yaml:"from,omitempty" json:"from,omitempty"`
	To   string `yaml:"to,omitempty" json:"to,omitempty"`
}

// Example is a text that a rule is tried on: its first line as a title, what
// follows as the text below. A text alone must get the term, and with a leading
// "!" must not; "lang" says which language it is in, without which all languages
// of the rule are tried:
//
//	taxonomy:
//	  topics:
//	    - id: harbour-safety
//	      patterns:
//	        en: [harbour safety]
//	        fr: [sécurité du port]
//	      examples:
//	        - Harbour safety week begins
//	        - "!Safety at sea"
//	        - {yes: Semaine de la sécurité du port, lang: fr}
//	        - {no: Le port ferme, lang: fr}
//	        - {text: A week of harbour safety, lang: en, yes: true}
type Example struct {
	Text string `yaml:"text" json:"text"`
	Lang string `yaml:"lang,omitempty" json:"lang,omitempty"`
	No   bool   `yaml:"no,omitempty" json:"no,omitempty"` // it must not get the term
}
