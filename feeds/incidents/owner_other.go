//go:build !unix

package incidents

import "os"

func ownedAs(*os.File, os.FileInfo) error { return nil }
