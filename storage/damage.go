package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
)

// ErrDamaged is wrapped by what fails because a value of the file cannot be read:
// a record, a content, a row, a part of an index. The rest of the file is as good
// as before, so whoever meets it leaves that one thing and goes on.
var ErrDamaged = errors.New("cannot be read")

// ErrUnsafe is wrapped by what fails because the file as a whole cannot be trusted:
// what is said of all of it cannot be read, or a transaction could not be brought to
// its end. Whoever goes on writing may lose what is stored.
var ErrUnsafe = errors.New("it is not safe to go on with the store")

// whatToDo is what operators are told of both.
const whatToDo = "stop the daemon, see what `communique verify` finds, look at the disk, and run `communique rebuild`; where that refuses, restore the last backup"

// damage is the error of a value that cannot be read; it wraps ErrDamaged.
type damage struct {
	what   string // the value, such as "record 12"; "" when only the reason tells
	reason error
	stack  []byte // when it panicked
}

func (d *damage) Error() string {
	if d.what == "" {
		return d.reason.Error()
	}
	return d.what + ": " + d.reason.Error()
}

func (d *damage) Unwrap() []error { return []error{ErrDamaged, d.reason} }

// unread words that a value cannot be read; an error that says so already stays
// as it is.
func unread(err error, format string, args ...any) error {
	if errors.Is(err, ErrDamaged) {
		return err
	}
	return &damage{what: fmt.Sprintf(format, args...), reason: err}
}

// guarded calls fn, and gives a panic as an error: bbolt panics at a page that is
// damaged, our own decoders at a value that is shorter than they are sure of, and
// the memory map faults where the disk cannot be read.
func guarded(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = &damage{reason: fmt.Errorf("a page or a value is damaged: %v", p), stack: debug.Stack()}
		}
	}()
	return fn()
}

// damages are what was found to be unreadable since the file was opened.
type damages struct {
	mu   sync.Mutex
	list []damageFound // the first found first
}

type damageFound struct{ what, text string }

// mostDamages is how many are remembered.
const mostDamages = 100

// Damaged tells what of the file was found to be unreadable since it was opened,
// the first found first, at most a hundred. Each has been logged once. What is
// not asked for is not found: Verify looks at everything.
func (s *Store) Damaged() []string {
	s.damages.mu.Lock()
	defer s.damages.mu.Unlock()
	out := make([]string, len(s.damages.list))
	for i, d := range s.damages.list {
		out[i] = d.text
	}
	return out
}

// blame gives the error of what was to be read, as damage unless it is none, and
// remembers that.
func (s *Store) blame(err error) error {
	if err == nil {
		return nil
	}
	for _, other := range []error{ErrUnsafe, ErrUnwritable, ErrClosed, ErrQuery, errReadOnly, errTwice, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, other) {
			return err
		}
	}
	if !errors.Is(err, ErrDamaged) {
		err = &damage{reason: err}
	}
	var d *damage
	if !errors.As(err, &d) { // another store's
		return err
	}
	what, text := cmp.Or(d.what, d.Error()), err.Error()
	s.damages.mu.Lock()
	defer s.damages.mu.Unlock()
	if len(s.damages.list) == mostDamages || slices.ContainsFunc(s.damages.list, func(f damageFound) bool { return f.what == what }) {
		return err
	}
	s.damages.list = append(s.damages.list, damageFound{what, text})
	attrs := []slog.Attr{slog.String("file", s.path), slog.String("err", text), slog.String("do", whatToDo)}
	if d.stack != nil {
		attrs = append(attrs, slog.String("stack", string(d.stack)))
	}
	s.log.LogAttrs(context.Background(), slog.LevelError, "something in the store cannot be read; what needs it is left out or fails, the rest goes on", attrs...)
	return err
}

// leave notes that something is left out because it cannot be read, and gives nil;
// an error that is of more than that comes back.
func (s *Store) leave(err error) error {
	if err = s.blame(err); errors.Is(err, ErrDamaged) {
		return nil
	}
	return err
}

// unsafe words why nobody should go on.
func (s *Store) unsafe(err error) error {
	if errors.Is(err, ErrUnsafe) {
		return fmt.Errorf("storage: %s: %w; %s", s.path, err, whatToDo)
	}
	return fmt.Errorf("storage: %s: %w: %w; %s", s.path, ErrUnsafe, err, whatToDo)
}
