package storage

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"communique/feeds"
)

const (
	// A transaction takes this many records when that many wait; a single
	// Append is never split.
	maxBatch = 500
	// linger is how long a transaction waits for those who shared the one
	// before it: writing twice as many records costs far less than twice.
	linger = 50 * time.Millisecond
	// lookAgain is how often a file that could only be read is tried.
	lookAgain = 5 * time.Second
	// followRecords and followBytes bound what one call of Follow's function gets.
	followRecords = 256
	followBytes   = 1 << 20
)

// ErrClosed is what a closed store answers.
var ErrClosed = errors.New("the store is closed")

// ErrUnfit is wrapped by Append when a fact is none that the store can hold, such as
// one with a name that is too long. Nothing is written then.
var ErrUnfit = errors.New("this cannot be stored")

// request is what waits for the writer.
type request struct {
	records []record
	append  bool     // give the records the next numbers
	move    []uint32 // rows of statements that are to have other slots
	done    chan answer
}

type answer struct {
	last uint64
	err  error
}

// Append makes the facts durable in the given order and gives them effect, in
// one transaction, which concurrent calls share. It returns the number of the
// last. An error promises nothing; saying the same again is harmless. at is
// the time of saying (Record.At). The facts must not change until it returns.
func (s *Store) Append(ctx context.Context, at time.Time, said ...feeds.Fact) (uint64, error) {
	if len(said) == 0 {
		return s.Position(), nil
	}
	records := make([]record, len(said))
	for i, f := range said {
		var err error
		if records[i], err = newRecord(at, f); err != nil {
			return 0, fmt.Errorf("append: %w: %w", ErrUnfit, err)
		}
	}
	last, err := s.submit(ctx, &request{records: records, append: true})
	if err != nil {
		return 0, fmt.Errorf("append: %w", err)
	}
	return last, nil
}

// Apply gives effect to records of another journal. A record that is not newer
// than the one held for its key is ignored, so redelivery and disorder are
// harmless. After an error some of the records may have been applied.
func (s *Store) Apply(recs []feeds.Record) error {
	for len(recs) > 0 {
		n := min(len(recs), 2*maxBatch)
		records := make([]record, n)
		for i, rec := range recs[:n] {
			if rec.Seq == 0 {
				return fmt.Errorf("apply: a record without a number")
			}
			var err error
			if records[i], err = newRecord(rec.At, rec.Fact); err != nil {
				return fmt.Errorf("apply %d: %w", rec.Seq, err)
			}
			records[i].seq = rec.Seq
		}
		if _, err := s.submit(context.Background(), &request{records: records}); err != nil {
			return fmt.Errorf("apply %d–%d: %w", recs[0].Seq, recs[n-1].Seq, err)
		}
		recs = recs[n:]
	}
	return nil
}

// submit packs what has to be packed, hands the request to the writer and
// waits for its answer.
func (s *Store) submit(ctx context.Context, req *request) (uint64, error) {
	if s.readOnly {
		return 0, errReadOnly
	}
	if err := s.pack(req.records); err != nil {
		return 0, err
	}
	req.done = make(chan answer, 1)
	select {
	case s.queue <- req:
	case <-s.quit:
		return 0, ErrClosed
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	select {
	case a := <-req.done:
		return a.last, a.err
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-s.stopped:
		select {
		case a := <-req.done:
			return a.last, a.err
		default:
			return 0, ErrClosed
		}
	}
}

// pack packs the contents that are new, in the caller's goroutine, since the
// writer is one for all. When the writer finds that another Append came
// between, it packs what is missing itself.
func (s *Store) pack(records []record) error {
	if !slices.ContainsFunc(records, func(r record) bool { return r.content != nil }) {
		return nil
	}
	var toPack []int
	err := s.viewFacts(func(t *tables) error {
		for i := range records {
			r := &records[i]
			if r.content == nil {
				continue
			}
			if held := t.latest.Get([]byte(r.key)); held != nil {
				old, err := t.logRow(binary.BigEndian.Uint64(held))
				if err != nil {
					return err
				}
				if old.content.number != 0 && old.content.hash == r.hash {
					continue
				}
			}
			toPack = append(toPack, i)
		}
		return nil
	})
	s.packer.group(records, toPack)
	return err
}

// write is the writer: the one goroutine that changes the file.
func (s *Store) write() {
	defer close(s.stopped)
	timer := time.NewTimer(0)
	if !timer.Stop() {
		<-timer.C
	}
	var again <-chan time.Time // a look whether the file may be written by now
	if s.waits {
		tick := time.NewTicker(lookAgain)
		defer tick.Stop()
		again = tick.C
	}
	peers := 1 // how many calls the transaction before was for
	for {
		var reqs []*request
		select {
		case req := <-s.queue:
			reqs = append(reqs, req)
		case <-again:
			if !s.waits || s.reopen() == nil {
				again = nil
			}
			continue
		case <-s.quit:
			for {
				select {
				case req := <-s.queue:
					s.commit([]*request{req})
				default:
					return
				}
			}
		}
		reqs = s.gather(reqs, peers, timer)
		s.commit(reqs)
		peers = len(reqs)
		_ = s.db().View(func(tx *bbolt.Tx) error { letGo(tx); return nil }) // nothing can fail here, and nothing depends on it
	}
}

// gather adds what waits in the queue and, when the last transaction was
// shared, waits a little for those who shared it. A lone caller never waits.
func (s *Store) gather(reqs []*request, peers int, timer *time.Timer) []*request {
	n := len(reqs[0].records)
	for n < maxBatch {
		select {
		case req := <-s.queue:
			reqs = append(reqs, req)
			n += len(req.records)
			continue
		default:
		}
		break
	}
	if n >= maxBatch || len(reqs) >= peers {
		return reqs
	}
	timer.Reset(linger)
	defer timer.Stop()
	for n < maxBatch && len(reqs) < peers {
		select {
		case req := <-s.queue:
			reqs = append(reqs, req)
			n += len(req.records)
		case <-timer.C:
			return reqs
		case <-s.quit:
			return reqs
		}
	}
	return reqs
}

// commit writes requests in one transaction and answers them.
func (s *Store) commit(reqs []*request) {
	if s.waits {
		if err := s.reopen(); err != nil {
			for _, req := range reqs {
				req.done <- answer{err: err}
			}
			return
		}
	}
	last, err := s.put(reqs)
	if errors.Is(err, ErrDamaged) && len(reqs) > 1 {
		for i := range reqs { // what one of them meets is no fault of the others
			s.commit(reqs[i : i+1])
		}
		return
	}
	for i, req := range reqs {
		if err != nil {
			req.done <- answer{err: err}
		} else {
			req.done <- answer{last: last[i]}
		}
	}
}

// put writes requests in one transaction and gives the number of each one's last
// record.
func (s *Store) put(reqs []*request) ([]uint64, error) {
	var (
		b       *batch
		last    = make([]uint64, len(reqs))
		refused error // what the records met in the file
	)
	fill := func(tx *bbolt.Tx) (err error) {
		b.listing = slices.ContainsFunc(reqs, func(r *request) bool { return r.append })
		for i, req := range reqs {
			for j := range req.records {
				r := &req.records[j]
				if req.append {
					r.seq = b.state.position + 1
					if err := b.before(r); err != nil {
						return err
					}
				}
				if err := b.apply(r); err != nil {
					return err
				}
			}
			for _, row := range req.move {
				if err := b.move(row); err != nil {
					return err
				}
			}
			last[i] = b.state.position
		}
		if err := b.finish(); err != nil {
			return err
		}
		b, err = s.conclude(tx, b)
		return err
	}
	err := s.tried(guarded(func() error {
		return s.db().Update(func(tx *bbolt.Tx) error {
			if err := guarded(func() (err error) { b, err = s.newBatch(tx); return err }); err != nil {
				return s.unsafe(err)
			}
			refused = guarded(func() error { return fill(tx) })
			return refused
		})
	}))
	switch {
	case err == nil:
		b.written()
		return last, nil
	case errors.Is(err, ErrUnwritable):
	case refused != nil:
		err = s.blame(err)
	default: // the transaction did not come to its end
		err = s.unsafe(err)
	}
	s.names = nil // they may be of terms that were not written
	return nil, err
}

// Follow calls fn with the records after the given number, in order, until ctx
// ends or fn fails, and returns that error. Only the latest record of a key is
// kept, so from 0 it delivers the latest of every key, then what is new. No
// transaction is open while fn runs.
func (s *Store) Follow(ctx context.Context, after uint64, fn func([]feeds.Record) error) error {
	for {
		changed := s.changed()
		recs, err := s.after(after)
		if err != nil {
			return fmt.Errorf("follow %d: %w", after, err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(recs) > 0 {
			if err := fn(recs); err != nil {
				return err
			}
			after = recs[len(recs)-1].Seq
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.quit:
			return ErrClosed
		}
	}
}

// after reads the next records after the given number, a bounded lot.
func (s *Store) after(seq uint64) ([]feeds.Record, error) {
	var out []feeds.Record
	err := s.view(func(t *tables) error {
		c := t.log.Cursor()
		size := 0
		for k, v := c.Seek(be(seq + 1)); k != nil && len(out) < followRecords && size < followBytes; k, v = c.Next() {
			rec := feeds.Record{Seq: binary.BigEndian.Uint64(k)}
			row, err := parseLogRow(v)
			if err != nil {
				return unread(err, "record %d", rec.Seq)
			}
			rec.At = row.at.time()
			if rec.Fact, err = s.read(t, row, everything); err != nil {
				return unread(err, "record %d", rec.Seq)
			}
			out = append(out, rec)
			size += len(v)
			if o, ok := rec.Fact.(*feeds.Observed); ok {
				size += len(o.Copy.Content) + len(o.Copy.Summary) + len(o.Features)
			}
		}
		return nil
	})
	return out, err
}
