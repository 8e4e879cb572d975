package storage

import (
	"syscall"

	"go.etcd.io/bbolt"
)

// mapped is how much of the address space a file is given from the start, where
// there is plenty. To map a growing file anew, the writer has to wait for all
// readers and to copy what it works at.
const mapped = int(1 << 30 * (^uint(0) >> 63))

// letGo takes the pages of the file that were read out of our memory. They stay
// in the kernel's, and come back when they are read again. The kernel maps
// sixteen pages for each that is touched, so in time we would seem to hold the
// whole file. While the transaction is open, the file is not mapped anew.
func letGo(tx *bbolt.Tx) {
	// Advice that is not taken does no harm.
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, tx.DB().Info().Data, uintptr(tx.Size()), syscall.MADV_DONTNEED)
}
