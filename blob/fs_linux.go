package blob

import "syscall"

// syncFileRangeWrite is SYNC_FILE_RANGE_WRITE of <linux/fs.h>: start writing the dirty pages, wait for none.
const syncFileRangeWrite = 2

// Begin keeps the disk busy while an upload is still running, so that the fsync at its end has little left to wait for.
func (f systemFile) Begin(offset, length int64) {
	conn, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Control(func(fd uintptr) { _ = syscall.SyncFileRange(int(fd), offset, length, syncFileRangeWrite) })
}
