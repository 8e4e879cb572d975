package storage

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"

	"communique/feeds"
)

// The record format. A record is kept in parts, so that nothing that scans
// metadata reads what is bulky, and rows fill their pages:
//
//	row       version(1) kind(1) at(8) [content number(8) features number(8)
//	          content hash(16) features hash(16)] CBOR of the fact
//	content   CBOR of the bulky fields of an Observed (bulk), packed in lots (lot.go)
//	features  an Observed's Features as they are: nothing packs hashes
//
// The brackets stand in rows of kind 'O' only; a number of 0 means that there is
// no such part. Numbers are big-endian, CBOR is deterministic (RFC 8949 §4.2)
// with the integer keys of package feeds. Times are stamps.
//
// In version 1 the brackets hold a content number and a content hash, the content
// has the bulky fields of the Copy only, and Features, Taggings and Near stand in
// the row. Old versions are read for ever: testdata. A file that has some is
// brought up to date when it is opened for writing (upgrade.go).
const (
	recordVersion = 2
	// RecordFormat is the format that records are in. The digests of two stores
	// compare when it is the same.
	RecordFormat = recordVersion

	kindFetched   = 'F'
	kindObserved  = 'O'
	kindGone      = 'G'
	kindJoined    = 'J'
	kindModerated = 'M'
	kindPinned    = 'N'
	kindListed    = 'R'
	kindKept      = 'K'
	kindGranted   = 'T'

	rowHead        = 10                 // version, kind, at
	rowNumbers     = rowHead + 16       // and the numbers of content and features
	rowObserved    = rowNumbers + 32    // and their hashes
	rowNumbersOld  = rowHead + 8        // in version 1: and the content's number
	rowObservedOld = rowNumbersOld + 16 // in version 1: and its hash
)

// stamp is a time in microseconds since the start of year 1 UTC, so that 0 is
// the zero time and is left out of the CBOR. Finer parts of a time are lost.
type stamp int64

// stampOffset is how many microseconds lie between year 1 and 1970.
const stampOffset = 62135596800 * 1_000_000

func stampOf(t time.Time) stamp {
	if t.IsZero() {
		return 0
	}
	return stamp(t.UnixMicro() + stampOffset)
}

// time gives the stamp as a UTC time.
func (s stamp) time() time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(s) - stampOffset).UTC()
}

// The rows are the facts with their times as stamps: a field here hides the
// embedded one with the same number.

type fetchedRow struct {
	feeds.Fetched
	At      stamp `cbor:"2,keyasint"`
	Success stamp `cbor:"9,keyasint,omitempty"`
	News    stamp `cbor:"10,keyasint,omitempty"`
	Since   stamp `cbor:"24,keyasint,omitempty"`
	NextDue stamp `cbor:"40,keyasint"`
	MovedAt stamp `cbor:"44,keyasint,omitempty"`
	Spoke   stamp `cbor:"47,keyasint,omitempty"`

	Spells []spellRow `cbor:"49,keyasint,omitempty"`
	Brake  *brakeRow  `cbor:"51,keyasint,omitempty"`

	SelfLink *selfLinkRow `cbor:"52,keyasint,omitempty"`
}

type selfLinkRow struct {
	feeds.SelfLink
	Since stamp `cbor:"3,keyasint,omitempty"`
	Tried stamp `cbor:"5,keyasint,omitempty"`
}

type brakeRow struct {
	feeds.Brake
	Since stamp `cbor:"1,keyasint"`
	Ended stamp `cbor:"4,keyasint,omitempty"`
}

type spellRow struct {
	feeds.Spell
	Began stamp `cbor:"3,keyasint"`
	Ended stamp `cbor:"4,keyasint,omitempty"`
}

type observedRow struct {
	feeds.Observed
	FirstSeen stamp   `cbor:"3,keyasint"`
	Changed   stamp   `cbor:"4,keyasint"`
	Order     stamp   `cbor:"5,keyasint"`
	Published stamp   `cbor:"6,keyasint,omitempty"`
	Copy      copyRow `cbor:"16,keyasint"`
}

type grantedRow struct {
	feeds.Granted
	Made stamp `cbor:"5,keyasint,omitempty"`
}

type copyRow struct {
	feeds.Copy
	Published stamp `cbor:"14,keyasint,omitempty"`
	Updated   stamp `cbor:"15,keyasint,omitempty"`
}

// bulk are the bulky fields of an Observed, under the numbers that they have
// there. Nothing of it is needed to list or to index but the tags.
type bulk struct {
	Taggings []feeds.Tagging `cbor:"13,keyasint,omitempty"`
	Copy     copyRow         `cbor:"16,keyasint,omitzero"`
	Near     []feeds.Near    `cbor:"18,keyasint,omitempty"`
}

type goneRow struct {
	feeds.Gone
	FirstSeen stamp `cbor:"3,keyasint"`
	Order     stamp `cbor:"4,keyasint"`
	Published stamp `cbor:"7,keyasint,omitempty"`
}

var (
	encoding = must(cbor.CoreDetEncOptions().EncMode())
	// Publishers' ids and validators are kept byte for byte, and not all of
	// them are UTF-8.
	decoding = must(cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// partHash names a content or features: the first half of their SHA-256.
type partHash [16]byte

func hashOf(part []byte) partHash {
	sum := sha256.Sum256(part)
	return partHash(sum[:])
}

// part is what a row says of a part that is kept elsewhere.
type part struct {
	number uint64 // it is kept under; 0 when there is none
	hash   partHash
}

// record is a fact made ready to be written.
type record struct {
	seq      uint64
	at       stamp
	key      string
	kind     byte
	fact     feeds.Fact
	meta     []byte   // the row's CBOR
	content  []byte   // CBOR, nil when there is none
	hash     partHash // of content
	lot      *lot     // that content was packed in; nil when it was not yet
	features []byte   // nil when there are none; shared with the fact
	likeness partHash // of features
}

// newRecord encodes a fact and checks what the store relies on.
func newRecord(at time.Time, f feeds.Fact) (record, error) {
	r := record{at: stampOf(at), fact: f}
	var row any
	switch f := f.(type) {
	case *feeds.Fetched:
		if f == nil {
			return r, errNoFact
		}
		r.kind = kindFetched
		o := &fetchedRow{Fetched: *f, At: stampOf(f.At), Success: stampOf(f.Success), News: stampOf(f.News),
			Since: stampOf(f.Since), NextDue: stampOf(f.NextDue), MovedAt: stampOf(f.MovedAt), Spoke: stampOf(f.Spoke)}
		for _, s := range f.Spells {
			o.Spells = append(o.Spells, spellRow{Spell: s, Began: stampOf(s.Began), Ended: stampOf(s.Ended)})
		}
		if f.Brake != nil {
			o.Brake = &brakeRow{Brake: *f.Brake, Since: stampOf(f.Brake.Since), Ended: stampOf(f.Brake.Ended)}
		}
		if l := f.SelfLink; l != nil {
			o.SelfLink = &selfLinkRow{*l, stampOf(l.Since), stampOf(l.Tried)}
		}
		row = o
	case *feeds.Observed:
		if f == nil {
			return r, errNoFact
		}
		r.kind = kindObserved
		o := &observedRow{Observed: *f, FirstSeen: stampOf(f.FirstSeen), Changed: stampOf(f.Changed),
			Order: stampOf(f.Order), Published: stampOf(f.Published)}
		o.Taggings, o.Near, o.Features = nil, nil, nil
		more := &bulk{Taggings: f.Taggings, Near: f.Near}
		o.Copy.Copy, more.Copy.Copy = split(f.Copy)
		o.Copy.Published, o.Copy.Updated = stampOf(f.Copy.Published), stampOf(f.Copy.Updated)
		content, err := encoding.Marshal(more)
		if err != nil {
			return r, fmt.Errorf("encode the content of %q: %w", f.Item, err)
		}
		if len(content) > 1 { // one octet is the empty map
			r.content, r.hash = content, hashOf(content)
		}
		if len(f.Features) > 0 {
			r.features, r.likeness = f.Features, hashOf(f.Features)
		}
		row = o
	case *feeds.Gone:
		if f == nil {
			return r, errNoFact
		}
		r.kind = kindGone
		row = &goneRow{Gone: *f, FirstSeen: stampOf(f.FirstSeen), Order: stampOf(f.Order), Published: stampOf(f.Published)}
	case *feeds.Joined:
		if f == nil {
			return r, errNoFact
		}
		r.kind, row = kindJoined, f
	case *feeds.Moderated:
		if f == nil {
			return r, errNoFact
		}
		r.kind, row = kindModerated, f
	case *feeds.Pinned:
		if f == nil {
			return r, errNoFact
		}
		r.kind, row = kindPinned, f
	case *feeds.Granted:
		if f == nil {
			return r, errNoFact
		}
		r.kind, row = kindGranted, &grantedRow{*f, stampOf(f.Made)}
	case *feeds.Listed:
		if f == nil {
			return r, errNoFact
		}
		r.kind, row = kindListed, rowOfListed(f)
	case *feeds.Kept:
		if f == nil {
			return r, errNoFact
		}
		r.kind = kindKept
		var err error
		if row, err = rowOfKept(f); err != nil {
			return r, fmt.Errorf("encode %q: %w", f.Key(), err)
		}
	default:
		var err error
		if r.kind, row, err = callRow(f); err != nil {
			return r, err
		}
		if row == nil {
			return r, fmt.Errorf("no fact of the journal: %T", f)
		}
	}
	if err := check(f); err != nil {
		return r, err
	}
	r.key = f.Key()
	meta, err := encoding.Marshal(row)
	if err != nil {
		return r, fmt.Errorf("encode %q: %w", r.key, err)
	}
	r.meta = meta
	return r, nil
}

var errNoFact = errors.New("a nil fact")

const (
	// maxName is the most octets that an item's key, a source's id or a tag
	// may have; it keeps every key of the file far below bbolt's limit.
	maxName = 512
	// maxID is the most octets that a statement's id may have; the index
	// keeps ids in as much room.
	maxID = 16
)

// check refuses what could be written but not found again.
func check(f feeds.Fact) error {
	within := func(what, s string, limit int) error {
		if s == "" || len(s) > limit {
			return fmt.Errorf("%T: %s %.40q has %d octets, want 1 to %d", f, what, s, len(s), limit)
		}
		return nil
	}
	tag := func(t feeds.Tag) error { return within("tag", t.String(), maxName) }
	switch f := f.(type) {
	case *feeds.Fetched:
		return within("source", string(f.Source), maxName)
	case *feeds.Observed:
		for i := range f.Taggings {
			if err := tag(f.Taggings[i].Tag); err != nil {
				return err
			}
		}
		if len(f.Copy.Language) > maxName {
			return within("language", f.Copy.Language, maxName)
		}
		return errors.Join(within("item", string(f.Item), maxName), within("statement", string(f.Statement), maxID))
	case *feeds.Gone:
		return errors.Join(within("item", string(f.Item), maxName), within("statement", string(f.Statement), maxID))
	case *feeds.Joined:
		return errors.Join(within("loser", string(f.Loser), maxID), within("winner", string(f.Winner), maxID))
	case *feeds.Moderated:
		for _, t := range slices.Concat(f.Add, f.Cut) {
			if err := tag(t); err != nil {
				return err
			}
		}
		return within("statement", string(f.Statement), maxID)
	case *feeds.Pinned:
		if f.Links[1] <= f.Links[0] {
			return fmt.Errorf("%T: the links %.40q and %.40q are not two in order", f, f.Links[0], f.Links[1])
		}
		return errors.Join(within("link", f.Links[0], maxAddress), within("link", f.Links[1], maxAddress))
	case *feeds.Granted:
		for _, name := range f.Feeds {
			if err := within("feed", name, maxName); err != nil {
				return err
			}
		}
		return errors.Join(within("token", f.ID, maxName), within("reader", f.Reader, maxName), within("hash", string(f.Hash), maxName))
	case *feeds.Listed:
		return checkListed(f)
	case *feeds.Kept:
		return within("statement", string(f.Statement), maxID)
	}
	return checkCall(f, within)
}

// split parts a copy into what lists need and the bulk. A decoder does not
// care which part a field stands in.
func split(c feeds.Copy) (meta, bulk feeds.Copy) {
	bulk = feeds.Copy{
		Summary: c.Summary, Content: c.Content, Links: c.Links, Authors: c.Authors, Contributors: c.Contributors,
		Categories: c.Categories, Enclosures: c.Enclosures, Image: c.Image, Rights: c.Rights,
		Via: c.Via, Origin: c.Origin, Notes: c.Notes,
	}
	meta = c
	meta.Summary, meta.Content, meta.Links, meta.Authors, meta.Contributors = "", "", nil, nil, nil
	meta.Categories, meta.Enclosures, meta.Image, meta.Rights = nil, nil, "", ""
	meta.Via, meta.Origin, meta.Notes = nil, feeds.Origin{}, nil
	return meta, bulk
}

// row gives the record as it stands in the log, with the numbers that its parts
// are kept under.
func (r *record) row(content, features uint64) []byte {
	b := make([]byte, 0, rowObserved+len(r.meta))
	b = append(b, recordVersion, r.kind)
	b = binary.BigEndian.AppendUint64(b, uint64(r.at))
	if r.kind == kindObserved {
		b = binary.BigEndian.AppendUint64(b, content)
		b = binary.BigEndian.AppendUint64(b, features)
		b = append(b, r.hash[:]...)
		b = append(b, r.likeness[:]...)
	}
	return append(b, r.meta...)
}

// logRow is a row of the log taken apart, without decoding the fact.
type logRow struct {
	version  byte
	kind     byte
	at       stamp
	content  part
	features part
	meta     []byte // shares the row's memory
}

func parseLogRow(b []byte) (logRow, error) {
	var r logRow
	if len(b) < rowHead {
		return r, fmt.Errorf("a record of %d octets", len(b))
	}
	if b[0] == 0 || b[0] > recordVersion {
		return r, fmt.Errorf("a record of format %d, this program reads up to %d", b[0], recordVersion)
	}
	r.version, r.kind, r.at, r.meta = b[0], b[1], stamp(binary.BigEndian.Uint64(b[2:])), b[rowHead:]
	switch r.kind {
	case kindObserved:
		head := rowObserved
		if r.version == 1 {
			head = rowObservedOld
		}
		if len(b) < head {
			return r, fmt.Errorf("a record of %d octets", len(b))
		}
		r.content.number, r.meta = binary.BigEndian.Uint64(b[rowHead:]), b[head:]
		if r.version == 1 {
			copy(r.content.hash[:], b[rowNumbersOld:])
			break
		}
		r.features.number = binary.BigEndian.Uint64(b[rowHead+8:])
		copy(r.content.hash[:], b[rowNumbers:])
		copy(r.features.hash[:], b[rowNumbers+16:])
	case kindFetched, kindGone, kindJoined, kindModerated, kindPinned, kindSubscribed, kindPushed, kindLeased, kindListed, kindKept, kindGranted:
	default:
		return r, fmt.Errorf("a record of unknown kind %q", r.kind)
	}
	return r, nil
}

// fact decodes the row; content is the unpacked content, and both parts are nil
// when there are none or when they are not wanted. The fact shares no memory
// with any of them.
func (r *logRow) fact(content, features []byte) (feeds.Fact, error) {
	switch r.kind {
	case kindFetched:
		var row fetchedRow
		if err := decoding.Unmarshal(r.meta, &row); err != nil {
			return nil, err
		}
		f := row.Fetched
		f.At, f.Success, f.News = row.At.time(), row.Success.time(), row.News.time()
		f.Since, f.NextDue, f.MovedAt = row.Since.time(), row.NextDue.time(), row.MovedAt.time()
		f.Spoke = row.Spoke.time()
		for _, s := range row.Spells {
			s.Spell.Began, s.Spell.Ended = s.Began.time(), s.Ended.time()
			f.Spells = append(f.Spells, s.Spell)
		}
		if row.Brake != nil {
			b := row.Brake.Brake
			b.Since, b.Ended = row.Brake.Since.time(), row.Brake.Ended.time()
			f.Brake = &b
		}
		if row.SelfLink != nil {
			l := row.SelfLink.SelfLink
			l.Since, l.Tried = row.SelfLink.Since.time(), row.SelfLink.Tried.time()
			f.SelfLink = &l
		}
		return &f, nil
	case kindObserved:
		var row observedRow
		if err := decoding.Unmarshal(r.meta, &row); err != nil {
			return nil, err
		}
		if content != nil {
			var err error
			if r.version == 1 {
				err = decoding.Unmarshal(content, &row.Copy)
			} else {
				err = decoding.Unmarshal(content, &row)
			}
			if err != nil {
				return nil, fmt.Errorf("content: %w", err)
			}
		}
		f := row.Observed
		f.FirstSeen, f.Changed = row.FirstSeen.time(), row.Changed.time()
		f.Order, f.Published = row.Order.time(), row.Published.time()
		f.Copy = row.Copy.Copy
		f.Copy.Published, f.Copy.Updated = row.Copy.Published.time(), row.Copy.Updated.time()
		if features != nil {
			f.Features = bytes.Clone(features)
		}
		return &f, nil
	case kindGone:
		var row goneRow
		if err := decoding.Unmarshal(r.meta, &row); err != nil {
			return nil, err
		}
		f := row.Gone
		f.FirstSeen, f.Order, f.Published = row.FirstSeen.time(), row.Order.time(), row.Published.time()
		return &f, nil
	case kindJoined:
		var f feeds.Joined
		return &f, decoding.Unmarshal(r.meta, &f)
	case kindListed:
		return decodeListed(r.meta)
	case kindKept:
		return decodeKept(r.meta)
	case kindGranted:
		var row grantedRow
		if err := decoding.Unmarshal(r.meta, &row); err != nil {
			return nil, err
		}
		f := row.Granted
		f.Made = row.Made.time()
		return &f, nil
	case kindModerated:
		var f feeds.Moderated
		return &f, decoding.Unmarshal(r.meta, &f)
	case kindPinned:
		var f feeds.Pinned
		return &f, decoding.Unmarshal(r.meta, &f)
	default: // parseLogRow lets nothing else pass
		return callFact(r.kind, r.meta)
	}
}

// statement reads which statement an item's row says it is of; Observed and
// Gone have it in the same place.
func (r *logRow) statement() (feeds.StatementID, error) {
	var row struct {
		Statement feeds.StatementID `cbor:"2,keyasint"`
	}
	err := decoding.Unmarshal(r.meta, &row)
	return row.Statement, err
}

// digest is the XOR of what every record held adds to it, so it depends on
// what is held and not on the way there.
type digest [16]byte

func (d *digest) toggle(p digest) {
	for i := range d {
		d[i] ^= p[i]
	}
}

// digestOf gives what a row adds to the digest. The numbers of its parts are
// left out: they tell where the parts came to lie, not what was said.
func digestOf(seq uint64, row []byte, scratch *bytes.Buffer) digest {
	scratch.Reset()
	scratch.Write(binary.BigEndian.AppendUint64(scratch.AvailableBuffer(), seq))
	said := row[rowHead:]
	if row[1] == kindObserved && row[0] == 1 {
		said = row[rowNumbersOld:]
	} else if row[1] == kindObserved {
		said = row[rowNumbers:]
	}
	scratch.Write(row[:rowHead])
	scratch.Write(said)
	sum := sha256.Sum256(scratch.Bytes())
	return digest(sum[:16])
}
