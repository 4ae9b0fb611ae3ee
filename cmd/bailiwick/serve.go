package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"reflect"
	"syscall"

	"github.com/alecthomas/kong"

	"bailiwick/server"
)

// serve runs the server. Its flags are the table of settings.
type serve struct {
	Config string `help:"Configuration file (YAML or JSON)." env:"BAILIWICK_CONFIG" placeholder:"FILE"`
	settingFlags
}

// settingFlags takes a flag for each setting of the server, as text; server.Load reads and checks them.
type settingFlags struct {
	kong.Plugins
}

// newSettingFlags makes a struct of text fields out of the table of settings, which is what kong makes flags of.
func newSettingFlags() settingFlags {
	var fields []reflect.StructField
	for i, row := range server.Settings() {
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("Setting%d", i), Type: reflect.TypeFor[*string](),
			Tag: reflect.StructTag(fmt.Sprintf("name:%q help:%q", row.Flag(), row.Doc)),
		})
	}
	return settingFlags{kong.Plugins{reflect.New(reflect.StructOf(fields)).Interface()}}
}

// overrides gives the flags that were given.
func (s *settingFlags) overrides() server.Overrides {
	given := server.Overrides{}
	v := reflect.ValueOf(s.Plugins[0]).Elem()
	for i, row := range server.Settings() {
		if text, ok := v.Field(i).Interface().(*string); ok && text != nil {
			given[row.Flag()] = *text
		}
	}
	return given
}

// load reads the whole configuration.
func (s *serve) load() (server.Config, error) {
	if problems := server.CheckEnviron(os.Environ()); len(problems) > 0 {
		return server.Config{}, problems
	}
	return server.Load(s.Config, os.LookupEnv, s.overrides())
}

// Run serves until it is interrupted.
func (s *serve) Run() error {
	cfg, err := s.load()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	srv, err := server.Open(ctx, cfg, os.Getenv("BAILIWICK_ADMIN_TOKEN"), log)
	if err != nil {
		return err
	}
	addr, err := srv.Listen()
	if err != nil {
		srv.Close()
		return err
	}
	log.Info("serving", "address", addr)
	<-ctx.Done()
	return srv.Close()
}
