package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"communique/config"
	"communique/feeds"
	"communique/storage"
)

// exportVersion is of the form of the lines (docs/export.md).
const exportVersion = 1

// exportHead is the first line of an export.
type exportHead struct {
	Export  string    `json:"export"`  // "communique"
	Version int       `json:"version"` // exportVersion
	At      time.Time `json:"at"`
	By      string    `json:"by"`     // the program's version
	Format  int       `json:"format"` // of records in the store; digests compare within one
	storeMark
}

// storeMark tells one content of a store from another.
type storeMark struct {
	Position uint64 `json:"position"`
	Records  int    `json:"records"`
	Digest   string `json:"digest"`
}

func markOf(s *storage.Store) storeMark {
	st := s.Stats()
	return storeMark{st.Position, st.Records, s.Digest()}
}

// exportLine is each line below it: a record of the journal or, last, the end.
type exportLine struct {
	Seq  uint64          `json:"seq,omitempty"`
	At   time.Time       `json:"at,omitzero"`
	Kind string          `json:"kind"`
	Fact json.RawMessage `json:"fact,omitempty"`
}

// endOfExport is the kind of the last line; a file without one is cut short.
const endOfExport = "end"

// factKinds name the kinds of facts in an export.
var factKinds = map[string]func() feeds.Fact{
	"fetched":    func() feeds.Fact { return new(feeds.Fetched) },
	"observed":   func() feeds.Fact { return new(feeds.Observed) },
	"gone":       func() feeds.Fact { return new(feeds.Gone) },
	"joined":     func() feeds.Fact { return new(feeds.Joined) },
	"pinned":     func() feeds.Fact { return new(feeds.Pinned) },
	"moderated":  func() feeds.Fact { return new(feeds.Moderated) },
	"listed":     func() feeds.Fact { return new(feeds.Listed) },
	"kept":       func() feeds.Fact { return new(feeds.Kept) },
	"subscribed": func() feeds.Fact { return new(feeds.Subscribed) },
	"pushed":     func() feeds.Fact { return new(feeds.Pushed) },
	"leased":     func() feeds.Fact { return new(feeds.Leased) },
	"granted":    func() feeds.Fact { return new(feeds.Granted) },
}

func kindOfFact(f feeds.Fact) string {
	for name, make := range factKinds {
		if fmt.Sprintf("%T", make()) == fmt.Sprintf("%T", f) {
			return name
		}
	}
	return ""
}

func (a *app) export() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:   "export",
		Short: "Write all that is stored as JSON lines",
		Long: `export writes every fact that the store holds to standard output, one JSON object
a line, for programs of your own and for import. docs/export.md says what the
lines hold. It is of one moment, also while the daemon runs; then a copy of the
store is made beside it, so there must be room.

Besides what is published there are the callbacks and secrets of subscribers in
it: keep it as you keep the store.`,
		Example: "  communique export | zstd > communique.jsonl.zst\n  communique export | jq -r 'select(.kind==\"observed\").fact.Copy.Title'",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, isDemo, err := a.load()
			if err != nil {
				return err
			}
			if err := a.exportStore(c.Context(), cfg, storeFile(cfg, isDemo, data)); err != nil {
				return fmt.Errorf("export: %w", err)
			}
			return nil
		},
	}
	dataFlag(c, &data)
	return c
}

func (a *app) exportStore(ctx context.Context, cfg *config.Config, file string) error {
	store, err := openToRead(file)
	if errors.Is(err, storage.ErrInUse) {
		var part *os.File
		if part, err = beside(file); err != nil {
			return err
		}
		defer os.Remove(part.Name())
		_, err = writeBackup(ctx, cfg, file, part)
		if err = errors.Join(err, part.Close()); err != nil {
			return err
		}
		store, err = storage.Open(part.Name(), storage.Options{ReadOnly: true})
	}
	if err != nil {
		return err
	}
	defer store.Close()
	w := bufio.NewWriterSize(a.stdout, 1<<20)
	if err := writeExport(ctx, store, w, time.Now().UTC()); err != nil {
		return err
	}
	return w.Flush()
}

// writeExport writes all that a store holds, which nobody writes to meanwhile.
func writeExport(ctx context.Context, store *storage.Store, w io.Writer, now time.Time) error {
	enc := lineEncoder(w)
	head := exportHead{Export: "communique", Version: exportVersion, At: now.Truncate(time.Second), By: versionNumber, Format: storage.RecordFormat, storeMark: markOf(store)}
	if err := enc.Encode(head); err != nil {
		return err
	}
	done := errors.New("all is written")
	each := func(records []feeds.Record) error {
		for i := range records {
			var text bytes.Buffer
			fact := json.NewEncoder(&text)
			fact.SetEscapeHTML(false)
			if err := fact.Encode(records[i].Fact); err != nil {
				return fmt.Errorf("record %d: %w", records[i].Seq, err)
			}
			if err := enc.Encode(exportLine{records[i].Seq, records[i].At, kindOfFact(records[i].Fact), text.Bytes()}); err != nil {
				return err
			}
		}
		if records[len(records)-1].Seq == head.Position {
			return done
		}
		return nil
	}
	if head.Position > 0 {
		if err := store.Follow(ctx, 0, each); !errors.Is(err, done) {
			return err
		}
	}
	return enc.Encode(exportLine{Kind: endOfExport})
}

func (a *app) importing() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:   "import FILE|-",
		Short: "Make a store of what export wrote",
		Long: `import reads the lines that export wrote and makes a store of them where there is
none. The new store gets its name when all of it is there and checked: it holds
the same facts under the same numbers, and so has the same digest, ids, feeds and
archives.`,
		Example: "  communique import communique.jsonl --data fresh\n  zstd -dc communique.jsonl.zst | communique import - --data /var/lib/communique",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, isDemo, err := a.load()
			if err != nil {
				return err
			}
			in, err := a.input(args[0])
			if err != nil {
				return fmt.Errorf("import: %w", err)
			}
			defer in.Close()
			if err := a.importTo(c.Context(), in, storeFile(cfg, isDemo, data)); err != nil {
				return fmt.Errorf("import: %w", err)
			}
			return nil
		},
	}
	dataFlag(c, &data)
	return c
}

func (a *app) importTo(ctx context.Context, in io.Reader, file string) error {
	if _, err := os.Stat(file); err == nil {
		return fmt.Errorf("there is a store at %s already, and it stays as it is; give an empty folder with --data", file)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	part, err := beside(file)
	if err != nil {
		return err
	}
	name := part.Name()
	defer os.Remove(name) // it has another name when all went well
	if err := part.Close(); err != nil {
		return err
	}
	store, err := storage.Open(name, storage.Options{Log: a.log})
	if err != nil {
		return err
	}
	err = readExport(ctx, store, in)
	if err = errors.Join(err, store.Close()); err != nil {
		return err
	}
	told, err := checked(name)
	if err != nil {
		return fmt.Errorf("the new store is not whole: %w", err)
	}
	if _, err := os.Stat(file); err == nil {
		return fmt.Errorf("meanwhile a store was made at %s; it stays as it is", file)
	}
	if err := storage.Place(name, file); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s: %s\n", file, told)
	return err
}

// importBatch bounds what is applied at once, in octets of JSON.
const importBatch = 8 << 20

// readExport applies what an export holds to an empty store.
func readExport(ctx context.Context, store *storage.Store, in io.Reader) error {
	dec := json.NewDecoder(bufio.NewReaderSize(in, 1<<20))
	var head exportHead
	if err := dec.Decode(&head); err != nil || head.Export != "communique" {
		return errors.New("line 1: this is no export of communique: want what `communique export` writes, decompressed")
	}
	if head.Version > exportVersion || head.Format > storage.RecordFormat {
		return fmt.Errorf("line 1: the export was written by a newer communique (%s); use that one", printable(head.By))
	}
	var batch []feeds.Record
	size := 0
	for line := 2; ; line++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		var l exportLine
		if err := dec.Decode(&l); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("line %d: the export is cut short; its last line says {\"kind\":%q}", line, endOfExport)
		} else if err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
		if l.Kind != endOfExport {
			make := factKinds[l.Kind]
			if make == nil {
				return fmt.Errorf("line %d: %q is no kind of fact", line, l.Kind)
			}
			if !utf8.Valid(l.Fact) {
				return fmt.Errorf("line %d: is not UTF-8", line)
			}
			fact := make()
			if err := json.Unmarshal(l.Fact, fact); err != nil {
				return fmt.Errorf("line %d: %w", line, err)
			}
			if l.Seq == 0 || l.Seq > head.Position {
				return fmt.Errorf("line %d: the number %d is not between 1 and %d, which line 1 says", line, l.Seq, head.Position)
			}
			batch = append(batch, feeds.Record{Seq: l.Seq, At: l.At, Fact: fact})
			if size += len(l.Fact); size < importBatch {
				continue
			}
		}
		if err := store.Apply(batch); err != nil {
			return fmt.Errorf("lines up to %d: %w", line, err)
		}
		batch, size = nil, 0
		if l.Kind == endOfExport {
			break
		}
	}
	switch got := markOf(store); {
	case got.Records != head.Records || got.Position != head.Position:
		return fmt.Errorf("there are %d records up to %d, and line 1 says %d up to %d: lines are missing", got.Records, got.Position, head.Records, head.Position)
	case head.Format == storage.RecordFormat && got.Digest != head.Digest:
		return fmt.Errorf("the digest is %s, and line 1 says %s: lines have been changed", got.Digest, head.Digest)
	}
	return nil
}
