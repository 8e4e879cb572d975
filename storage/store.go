// Package storage keeps what was said: one bbolt file that is both the journal
// of facts and the projection that readers are served from.
//
// A fact is made durable and takes effect in the same transaction (Append,
// Apply). State is the latest fact of every key; all else in the file
// (statements, indexes, counts) is derived from those and can be rebuilt.
// Nothing here decides anything: no clock, no configuration, no network.
//
// Start with Append in journal.go, then apply.go (what a record does) and
// row.go (what a statement is made of); select.go is the reading side.
package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"communique/feeds"
)

const (
	// formatVersion is of the file as a whole: which buckets hold what was
	// said. A file of a newer one is refused, an older one is upgraded.
	formatVersion = 3
	// indexVersion is of all that is derived; when it differs, that is made
	// anew from the records.
	indexVersion = 7
)

var (
	formatKey  = []byte("format")
	recordsKey = []byte("records") // the version that all records have; missing while it is 1
	indexKey   = []byte("index")

	errReadOnly = errors.New("the store was opened for reading only")
)

// Options are the ways to open a store; the zero value is for reading and
// writing.
type Options struct {
	// ReadOnly opens an existing file beside other readers. It is refused
	// while a writer has the file.
	ReadOnly bool
	// Wait opens a file that may only be read, because it or its file system is
	// read-only, all the same: for reading at first, and for writing as soon as that
	// can be. Until then Writable says why not.
	Wait bool
	// Log gets what an operator would want to know; nil for silence.
	Log *slog.Logger
	// Progress is called while a file of an older format is brought up to date,
	// and while indexes are rebuilt after a change of theirs, with records done
	// and in all; nil for none.
	Progress func(done, total int)
}

// Found is one item that a key leads to.
type Found struct {
	Key       feeds.Key
	Item      feeds.ItemKey
	Statement feeds.StatementID // after redirects
	FirstSeen time.Time
}

// Head is a statement in a selection, without its content.
type Head struct {
	ID      feeds.StatementID
	Seq     uint64    // see feeds.Statement.Seq
	Order   time.Time // see feeds.Statement.Order
	Changed time.Time // see feeds.Statement.Changed
}

// Page is a part of a selection, newest first by Order, then by ID.
type Page struct {
	Heads []Head
	Next  feeds.Cursor // where the next page continues, when More
	More  bool
}

// Count is how many published statements carry something, and the newest
// Order among them.
type Count struct {
	Statements int
	Newest     time.Time
}

// Counts are the published statements by what they carry.
type Counts struct {
	All       Count
	Tags      map[feeds.Tag]Count
	Languages map[string]Count // by primary subtag
	Sources   map[feeds.SourceID]Count
}

// Stats are figures for an operator.
type Stats struct {
	Size       int64  `json:"size"`       // of the file, in octets
	FreePages  int    `json:"free_pages"` // pages of the file that hold nothing now
	PageSize   int    `json:"page_size"`  // in octets
	Statements int    `json:"statements"` // published
	Copies     int    `json:"copies"`     // of published and hidden statements, withdrawn ones not counted
	Records    int    `json:"records"`    // latest facts held
	Position   uint64 `json:"position"`
}

// Store is an open file. All methods may be called from many goroutines.
type Store struct {
	path     string
	file     atomic.Pointer[bbolt.DB] // see db
	exchange sync.Mutex               // held while file is exchanged for another, see reopen
	waits    bool                     // to be opened for writing; the writer's own
	packer   *packer
	log      *slog.Logger
	readOnly bool

	queue   chan *request
	quit    chan struct{} // closed by Close
	stopped chan struct{} // closed when the writer has ended
	once    sync.Once

	terms map[string]uint32 // numbers of terms; the writer's own
	run   *wordRun          // that is being made; the writer's own
	names map[uint32]string // the other way round than terms; the writer's own

	latest   latest
	roll     roll
	answers  *answers
	runLists *runLists

	unwritable atomic.Pointer[error] // see Writable
	damages    damages               // see Damaged

	mu    sync.Mutex
	state state         // as last committed
	told  uint64        // see Told
	next  chan struct{} // closed at the next commit
}

// Open opens the file, or makes it when there is none. It fails when another
// process writes to it, when it was made by a newer program, and when it is
// damaged or no store at all; it never changes such a file.
func Open(path string, o Options) (s *Store, err error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	db, err := openFile(path, o.ReadOnly)
	var refused error // to be written
	if o.Wait && mayBeRead(err) {
		refused = err
		if db, err = openFile(path, true); err != nil {
			return nil, errors.Join(refused, err)
		}
	}
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			db.Close()
		}
	}()
	s = &Store{
		path: path, log: o.Log, readOnly: o.ReadOnly, waits: refused != nil,
		queue: make(chan *request, 64), quit: make(chan struct{}), stopped: make(chan struct{}),
		terms: map[string]uint32{}, run: newWordRun(), next: make(chan struct{}), answers: newAnswers(), runLists: newRunLists(), roll: roll{texts: texts{Max: maxTexts}},
	}
	s.file.Store(db)
	if s.packer, err = newPacker(); err != nil {
		return nil, err
	}
	if err := guarded(func() error { return s.prepare(path, o) }); errors.Is(err, ErrDamaged) {
		return nil, fmt.Errorf("storage: %s is damaged (%w); run `communique rebuild`, or restore a backup", path, err)
	} else if err != nil {
		return nil, err
	}
	if refused != nil {
		s.cannot(refused)
		s.log.Error("the store can only be read; what is published stays, and nothing is pulled until it can be written", "err", refused)
	}
	if !s.readOnly && !s.waits {
		err := s.leave(s.tried(guarded(s.catchUp))) // what cannot be read now is tried again with the next that is said
		switch {
		case err == nil, o.Wait && errors.Is(err, ErrUnwritable):
		case errors.Is(err, ErrUnsafe):
			return nil, s.unsafe(err)
		default:
			return nil, fmt.Errorf("storage: %s: %w", path, err)
		}
	}
	if err := s.view(func(t *tables) (err error) {
		s.state, err = decodeState(t.meta.Get(stateKey))
		return err
	}); err != nil {
		return nil, s.unsafe(err)
	}
	if s.readOnly {
		close(s.stopped)
	} else {
		go s.write()
	}
	return s, nil
}

// lockTimeout is how long Open waits for another process to let the file go,
// such as one that is being restarted.
const lockTimeout = 200 * time.Millisecond

// growth is by how many octets the file grows at a time. bbolt's own 16 MiB
// are, in a file of middling size, a tenth that holds nothing.
const growth = 4 << 20

// ErrInUse is wrapped by Open when another process holds the file.
var ErrInUse = errors.New("in use by another process")

// openFile opens the bbolt file and makes sure that all of it is there.
func openFile(path string, readOnly bool) (db *bbolt.DB, err error) {
	// bbolt reads pages through a memory map: in a damaged file it panics, or
	// touches what lies behind the end of the file.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			db, err = nil, fmt.Errorf("storage: %s is damaged (%v); run `communique rebuild`, or restore a backup", path, p)
		}
	}()
	db, err = bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType, ReadOnly: readOnly, PreLoadFreelist: true,
		InitialMmapSize: mapped,
	})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("storage: %s is %w; stop it or use another --data", path, ErrInUse)
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrVersionMismatch), errors.Is(err, berrors.ErrChecksum):
		return nil, fmt.Errorf("storage: %s is no store of communique, or is damaged (%w); use another --data or restore a backup", path, err)
	case err != nil:
		switch info, no := os.Stat(path); { // bbolt has no names for these
		case no != nil || !info.Mode().IsRegular() || info.Size() >= int64(2*os.Getpagesize()):
			return nil, fmt.Errorf("storage: %w", err)
		case info.Size() == 0:
			return nil, fmt.Errorf("storage: %s is empty: nothing was stored in it yet; run `communique fetch` or the daemon, or restore a backup", path)
		}
		return nil, fmt.Errorf("storage: %s is no store of communique, or is cut short (%w); use another --data or restore a backup", path, err)
	}
	db.AllocSize = growth
	var want int64
	if err := db.View(func(tx *bbolt.Tx) error { want = tx.Size(); return nil }); err != nil {
		db.Close()
		return nil, fmt.Errorf("storage: %w", err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() < want {
		db.Close()
		if err != nil {
			return nil, fmt.Errorf("storage: %w", err)
		}
		return nil, fmt.Errorf("storage: %s is cut short: it has %d octets, want %d; restore a backup", path, info.Size(), want)
	}
	return db, nil
}

// prepare makes the buckets of a new file, and refuses or brings up to date an
// old one.
func (s *Store) prepare(path string, o Options) error {
	var isNew, old, begun, rebuild bool
	onlyRead := s.readOnly || s.waits
	err := s.db().View(func(tx *bbolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		if meta == nil {
			if name, _ := tx.Cursor().First(); name != nil {
				return fmt.Errorf("storage: %s is a bbolt file of another program; use another --data", path)
			}
			isNew = true
			return nil
		}
		switch v := version(meta.Get(formatKey)); {
		case v == 0:
			return fmt.Errorf("storage: %s is a bbolt file of another program; use another --data", path)
		case v > formatVersion:
			return fmt.Errorf("storage: %s has format %d, this program reads up to %d; use a newer communique", path, v, formatVersion)
		}
		begun = version(meta.Get(formatKey)) == formatVersion
		old = version(meta.Get(recordsKey)) != recordVersion || !begun
		rebuild = version(meta.Get(indexKey)) != indexVersion
		if old || rebuild {
			return nil
		}
		for _, name := range append(original, derived...) {
			if tx.Bucket(name) == nil {
				return fmt.Errorf("storage: %s is damaged: it has no bucket %q; run `communique rebuild`, or restore a backup", path, name)
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case isNew && onlyRead:
		return fmt.Errorf("storage: %s is empty", path)
	case isNew:
		return s.db().Update(func(tx *bbolt.Tx) error {
			for _, name := range append(original, derived...) {
				if _, err := tx.CreateBucket(name); err != nil {
					return err
				}
			}
			meta := tx.Bucket(bucketMeta)
			return errors.Join(meta.Put(formatKey, be(formatVersion)), meta.Put(recordsKey, be(recordVersion)), meta.Put(indexKey, be(indexVersion)))
		})
	case old && onlyRead:
		return fmt.Errorf("storage: %s was written by an older program; open it once for writing", path)
	case rebuild && onlyRead:
		return fmt.Errorf("storage: the indexes of %s have another format; open it once for writing", path)
	}
	if old && !begun {
		kept := fmt.Sprintf("%s.before-format-%d", path, formatVersion)
		if err := s.keep(kept); err != nil {
			return fmt.Errorf("storage: %s has an older format, and nothing has been changed: no copy of it can be kept at %s: %w; make room for it and start again", path, kept, err)
		}
		s.log.Info("kept a copy of the store as it was; remove it when you are content", "file", kept)
	}
	if old {
		s.log.Info("bringing the store up to date", "file", path, "format", formatVersion)
		if err := s.upgrade(o.Progress); err != nil {
			return fmt.Errorf("storage: bring %s up to date: %w", path, err)
		}
	}
	if rebuild {
		s.log.Info("rebuilding indexes", "file", path)
		if err := s.rebuild(o.Progress); err != nil {
			return fmt.Errorf("storage: rebuild the indexes of %s: %w", path, err)
		}
	}
	return nil
}

func version(b []byte) uint64 {
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

// Close writes what was handed over and closes the file. Calls that wait get
// ErrClosed.
func (s *Store) Close() error {
	var err error
	s.once.Do(func() {
		close(s.quit)
		<-s.stopped
		err = s.db().Close()
		s.packer.close()
	})
	return err
}

// view runs fn in a transaction that sees one state of the file. What fn keeps
// must not share the file's memory.
func (s *Store) view(fn func(*tables) error) error {
	return s.viewBy(func(tx *bbolt.Tx) *tables {
		t := tablesOf(tx)
		t.answers, t.runLists, t.leave = s.answers, s.runLists, s.leave
		return t
	}, fn)
}

// viewFacts is view for what looks at single facts only: most visits to sources
// read one, and to open all tables would cost them more than that.
func (s *Store) viewFacts(fn func(*tables) error) error { return s.viewBy(factsOf, fn) }

func (s *Store) viewBy(open func(*bbolt.Tx) *tables, fn func(*tables) error) error {
	return s.blame(s.look(func(tx *bbolt.Tx) error { return fn(open(tx)) }))
}

// look is view without the tables.
func (s *Store) look(fn func(*bbolt.Tx) error) error {
	for {
		db := s.db()
		err := db.View(func(tx *bbolt.Tx) error { return guarded(func() error { return fn(tx) }) })
		if !errors.Is(err, berrors.ErrDatabaseNotOpen) {
			return err
		}
		s.exchange.Lock() // it may be opened for writing right now
		another := s.db() != db
		s.exchange.Unlock()
		if !another {
			return ErrClosed
		}
	}
}

// db gives the open file.
func (s *Store) db() *bbolt.DB { return s.file.Load() }

// mayBeRead reports whether a file was refused to be opened for writing alone.
func mayBeRead(err error) bool {
	return errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission)
}

// reopen opens for writing what could only be read so far. It is the writer's.
func (s *Store) reopen() error {
	probe, err := os.OpenFile(s.path, os.O_RDWR, 0)
	if err != nil {
		return s.cannot(err)
	}
	if err := probe.Close(); err != nil {
		return s.cannot(err)
	}
	s.exchange.Lock()
	defer s.exchange.Unlock()
	if err := s.db().Close(); err != nil { // waits for readers; those who come now wait for us
		return s.cannot(err)
	}
	db, err := openFile(s.path, false)
	if err != nil {
		db, again := openFile(s.path, true)
		if again != nil {
			s.log.Error("the store cannot be read any more; start again", "err", again)
			return s.cannot(again)
		}
		s.file.Store(db)
		return s.cannot(err)
	}
	s.file.Store(db)
	s.waits = false
	if err := s.tried(guarded(s.catchUp)); err != nil {
		return err
	}
	var st state
	if err := db.View(func(tx *bbolt.Tx) (err error) {
		st, err = decodeState(tablesOf(tx).meta.Get(stateKey))
		return err
	}); err != nil {
		return err
	}
	s.publish(st, true)
	s.log.Info("the store is open for writing")
	return nil
}

// publish makes a committed state known and wakes who waits for it; telling is
// whether statements may have changed.
func (s *Store) publish(st state, telling bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = st
	if telling {
		s.told = st.position
	}
	close(s.next)
	s.next = make(chan struct{})
}

// changed gives a channel that is closed at the next commit.
func (s *Store) changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next
}

func (s *Store) current() state {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// Position is the number of the newest record.
func (s *Store) Position() uint64 { return s.current().position }

// Told is a position since which no statement has changed: visits that brought
// nothing and deliveries, which are most of what is said, leave it where it is.
func (s *Store) Told() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.told
}

// Digest tells one state from another: two stores at the same position that
// were told the same have the same digest, whatever the order and however
// often they were told.
func (s *Store) Digest() string {
	st := s.current()
	return fmt.Sprintf("%x", st.digest)
}

// Stats gives figures for an operator.
func (s *Store) Stats() Stats {
	st := s.current()
	out := Stats{Statements: st.statements, Copies: st.copies, Records: st.records, Position: st.position}
	err := s.look(func(tx *bbolt.Tx) error {
		// Info looks at the memory map, which only stays while a transaction is open.
		out.Size, out.PageSize = tx.Size(), s.db().Info().PageSize
		return nil
	})
	if err != nil {
		return out // closed
	}
	b := s.db().Stats()
	out.FreePages = b.FreePageN + b.PendingPageN
	return out
}
