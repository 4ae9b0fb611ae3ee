package server

import "context"

// Golden is golden for the tests that look at a whole server from outside.
var Golden = golden

// Shutdown stops taking requests and waits for those that are open, as the first part of Close does.
func (s *Server) Shutdown(ctx context.Context) error { return s.http.Shutdown(ctx) }

// DiskHas makes the disk seem to have so many bytes free to whoever starts a backup.
func (s *Server) DiskHas(free int64) {
	s.backups.make.free = func(string) (int64, error) { return free, nil }
}
