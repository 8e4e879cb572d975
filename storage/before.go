package storage

import (
	"encoding/binary"
	"time"
)

// Before gives the number of the last record that was said before the time, 0
// when there is none. Of records that were replaced since, or cannot be read, nothing is known: it
// may be a little less. It takes records to be in order of time, as they are
// while no clock is set back.
func (s *Store) Before(at time.Time) (uint64, error) {
	var before uint64
	err := s.view(func(t *tables) error {
		want := stampOf(at)
		low, high := uint64(0), s.Position()
		for low < high { // the last record at or below low was said before, those above high were not
			mid := low + (high-low+1)/2
			c := t.log.Cursor()
			k, v := c.Seek(be(mid))
			var row logRow
			for ; k != nil && binary.BigEndian.Uint64(k) <= high; k, v = c.Next() {
				var err error
				if row, err = parseLogRow(v); err == nil {
					break
				}
				if err := s.leave(unread(err, "record %d", binary.BigEndian.Uint64(k))); err != nil {
					return err
				}
			}
			if k == nil || binary.BigEndian.Uint64(k) > high {
				high = mid - 1
				continue
			}
			if row.at < want {
				low = binary.BigEndian.Uint64(k)
			} else {
				high = mid - 1
			}
		}
		before = low
		return nil
	})
	return before, err
}
