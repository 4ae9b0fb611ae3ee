// Command bailiwick is the server and its commands in one binary.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/alecthomas/kong"
)

// commands is the command line.
type commands struct {
	Serve serve `cmd:"" help:"Run the server."`
}

func main() {
	cli := commands{Serve: serve{settingFlags: newSettingFlags()}}
	ctx := kong.Parse(&cli, kong.Name("bailiwick"), kong.Description("Governance plane for machine learning: one server, one place that decides."),
		kong.UsageOnError())
	err := ctx.Run()
	var code exitCode
	if errors.As(err, &code) {
		os.Exit(int(code))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bailiwick:", err)
		os.Exit(1)
	}
}

// exitCode ends the process with a documented code after the command has said why.
type exitCode int

// Error names the code.
func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }
