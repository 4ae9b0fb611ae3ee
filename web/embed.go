// Package web carries the console: the files that `npm run build` leaves in dist, compressed twins (.br) included.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files gives the built console: index.html, files beside it and assets/ with names that carry their hash. A program that was built without
// the console has no index.html in it.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the name is a constant that embed has checked
	}
	return files
}
