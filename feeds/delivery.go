package feeds

import "time"

// Standing is how it goes with somebody whom we call on again and again: a
// subscriber's callback, a webhook, a source's hub.
type Standing struct {
	Reached  time.Time `cbor:"20,keyasint,omitempty"` // the last call that went well
	Failures int       `cbor:"21,keyasint,omitempty"` // in a row
	Failing  time.Time `cbor:"22,keyasint,omitempty"` // since when
	Due      time.Time `cbor:"23,keyasint,omitempty"` // the next try; zero when none is needed
	Error    string    `cbor:"24,keyasint,omitempty"` // of the last failure, for people
}

// Subscribed is a subscription at our WebSub hub, made or renewed after its
// callback was asked. With a zero Until it has ended, and is forgotten.
type Subscribed struct {
	Topic    string    `cbor:"1,keyasint"` // the feed's own address, its rel=self
	Callback string    `cbor:"2,keyasint"`
	Spelled  string    `cbor:"3,keyasint,omitempty"` // hub.topic as the subscriber writes it, where that is not Topic
	Secret   string    `cbor:"4,keyasint,omitempty"`
	Since    time.Time `cbor:"5,keyasint,omitempty"`
	Until    time.Time `cbor:"6,keyasint,omitempty"` // the end of the lease
	Standing
}

// Key is "S", the topic and the callback.
func (s *Subscribed) Key() string { return "S" + s.Topic + " " + s.Callback }

// Pushed is how far a line of deliveries has come: a topic's, up to what
// content its subscribers were served, a webhook's, up to what record, or which
// incidents it was told of. With neither Mark nor Seq it is forgotten.
type Pushed struct {
	Line string `cbor:"1,keyasint"`           // a topic's address, or "webhook:" or "incidents:" and a name
	Mark uint64 `cbor:"2,keyasint,omitempty"` // of the content that was served
	Seq  uint64 `cbor:"3,keyasint,omitempty"` // of the record up to which was served

	Told    []Told    `cbor:"4,keyasint,omitempty"` // the incidents that it knows to last
	Through time.Time `cbor:"5,keyasint,omitempty"` // the latest end of one that it knows of, or when it was new; a webhook's: when it had had everything
	Standing
}

// Told is an incident that somebody was told the beginning of.
type Told struct {
	ID      string    `cbor:"1,keyasint"`
	Subject string    `cbor:"2,keyasint,omitempty"`
	Name    string    `cbor:"3,keyasint,omitempty"`
	State   string    `cbor:"4,keyasint,omitempty"`
	Reason  string    `cbor:"5,keyasint,omitempty"`
	Began   time.Time `cbor:"6,keyasint,omitempty"`
}

// Key is "P" and the line.
func (p *Pushed) Key() string { return "P" + p.Line }

// Leased is our own subscription at a source's hub.
type Leased struct {
	Source   SourceID  `cbor:"1,keyasint"`
	Topic    string    `cbor:"2,keyasint"`
	Hub      string    `cbor:"3,keyasint"`
	Token    string    `cbor:"4,keyasint"` // the part of our callback's address that nobody can guess
	Secret   string    `cbor:"5,keyasint"`
	Asked    time.Time `cbor:"6,keyasint,omitempty"` // when we last asked the hub
	Until    time.Time `cbor:"7,keyasint,omitempty"` // the end of the lease; zero when the hub has granted none
	Last     time.Time `cbor:"8,keyasint,omitempty"` // when the hub last brought us something
	Standing           // of what we ask the hub
}

// Key is "L" and the source.
func (l *Leased) Key() string { return "L" + string(l.Source) }
