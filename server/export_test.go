package server

import "context"

// Golden is golden for the tests that look at a whole server from outside.
var Golden = golden

// Shutdown stops taking requests and waits for those that are open, as the first part of Close does.
func (s *Server) Shutdown(ctx context.Context) error { return s.http.Shutdown(ctx) }
