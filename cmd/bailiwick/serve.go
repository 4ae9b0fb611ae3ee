package main

import (
	"context"
	"fmt"
	"io"
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
	configFile
	settingFlags
}

// configFile is the flag for the configuration file.
type configFile struct {
	Config string `help:"Configuration file (YAML or JSON)." env:"BAILIWICK_CONFIG" placeholder:"FILE"`
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
			Tag: reflect.StructTag(fmt.Sprintf("name:%q help:%q placeholder:%q", row.Flag(), row.Doc, row.Type())),
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
func load(file configFile, flags *settingFlags) (server.Config, error) {
	problems := server.CheckEnviron(os.Environ())
	cfg, err := server.Load(file.Config, os.LookupEnv, flags.overrides())
	if more, ok := err.(server.Problems); ok {
		problems = append(problems, more...)
	} else if err != nil {
		return cfg, err
	}
	if len(problems) > 0 {
		return cfg, problems
	}
	return cfg, nil
}

// newLog makes the log that the configuration asks for.
func newLog(w io.Writer, cfg server.LogConfig) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Level)); err != nil {
		level = slog.LevelInfo // the configuration was checked; this is for one that the program made itself
	}
	o := &slog.HandlerOptions{Level: level}
	if cfg.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// Run serves until it is interrupted. A second signal ends it at once.
func (s *serve) Run() error {
	cfg, err := load(s.configFile, &s.settingFlags)
	if err != nil {
		return err
	}
	log := newLog(os.Stderr, cfg.Log)
	for _, w := range cfg.Warnings() {
		log.Warn(w)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	srv, err := server.Open(ctx, cfg, os.Getenv("BAILIWICK_ADMIN_TOKEN"), log)
	if err != nil {
		return err
	}
	if _, err := srv.Listen(); err != nil {
		srv.Close()
		return err
	}
	greet(os.Stdout, srv)
	<-ctx.Done()
	stop()
	log.Info("stopping", "grace", cfg.Grace.String())
	return srv.Close()
}

// greet says where the server is and how to sign in. The link is a secret for a few minutes, so it is printed and not logged.
func greet(w io.Writer, srv *server.Server) {
	fmt.Fprintf(w, "bailiwick %s serves %s\n", server.Version, srv.Address())
	if srv.Link != "" {
		fmt.Fprintf(w, "Sign in as the administrator, once, within 15 minutes:\n  %s\nor in a terminal:\n  bailiwick login %s\n", srv.Link, srv.Link)
	}
}
