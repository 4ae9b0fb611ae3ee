//go:build !linux

package blob

// Begin does nothing where the system has no such call.
func (f systemFile) Begin(offset, length int64) {}
