package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"

	"bailiwick/server"
)

// configure is about the server's configuration.
type configure struct {
	Check  checkConfig  `cmd:"" help:"Name everything that is wrong, and print what is in force and where it came from."`
	Show   showConfig   `cmd:"" help:"Print what is in force and where it came from."`
	Schema configSchema `cmd:"" help:"Print the JSON Schema of the configuration file."`
}

type checkConfig struct {
	configFile
	settingFlags
}

// Run prints the problems, or the values with the warnings. Exit code 2 = problems.
func (c *checkConfig) Run() error {
	cfg, err := load(c.configFile, &c.settingFlags)
	var problems server.Problems
	if errors.As(err, &problems) {
		for _, p := range problems {
			fmt.Fprintln(os.Stderr, p)
		}
		return codeUnsound
	} else if err != nil {
		return err
	}
	printConfig(cfg)
	for _, w := range cfg.Warnings() {
		fmt.Fprintln(os.Stderr, "warning:", w)
	}
	return nil
}

type showConfig struct {
	configFile
	settingFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// Run prints the values.
func (c *showConfig) Run() error {
	cfg, err := load(c.configFile, &c.settingFlags)
	if err != nil {
		return err
	}
	if !c.JSON {
		printConfig(cfg)
		return nil
	}
	values := map[string]map[string]string{}
	for _, v := range cfg.InForce() {
		values[v.Key] = map[string]string{"value": v.Value, "from": v.From}
	}
	text, err := json.MarshalIndent(values, "", "  ")
	fmt.Println(string(text))
	return err
}

func printConfig(cfg server.Config) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer w.Flush()
	fmt.Fprintln(w, "KEY\tVALUE\tFROM")
	for _, v := range cfg.InForce() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", v.Key, v.Value, v.From)
	}
}

type configSchema struct{}

// Run prints the schema.
func (configSchema) Run() error {
	_, err := os.Stdout.Write(server.Schema())
	return err
}
