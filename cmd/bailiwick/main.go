// Command bailiwick is the server and its commands in one binary.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"bailiwick/server"
)

// commands is the command line.
type commands struct {
	Serve  serve     `cmd:"" help:"Run the server."`
	Config configure `cmd:"" help:"Check, show and describe the server's configuration."`

	Login     login      `cmd:"" help:"Use a one-time sign-in link and print the token with the lines to set it."`
	LoginLink loginLink  `cmd:"" help:"Make a one-time sign-in link for a user (administrators)."`
	Whoami    whoami     `cmd:"" help:"Who the server takes you for."`
	Can       can        `cmd:"" help:"Ask for one decision and the path that leads to it. Exit code 3 = no."`
	WhoCan    whoCan     `cmd:"" help:"List everybody who has an ability on an object, groups expanded."`
	WhatCan   whatCan    `cmd:"" help:"List every object that a principal has a level on."`
	Abilities abilities  `cmd:"" help:"Print the tables by which is decided."`
	Owner     owner      `cmd:"" help:"Who answers for models and experiments, and which tags they must have."`
	Identity  identities `cmd:"" help:"Who people are, and by whose word."`
	Secrets   secrets    `cmd:"" help:"Secrets' versions and readers, and the keys that all is under."`
	Rotation  rotations  `cmd:"" help:"Secrets, credentials and keys that are changed on schedule."`
	Lineage   lineage    `cmd:"" help:"What something came from, and what came from it, as far as you may see it."`
	Audit     audit      `cmd:"" help:"Read, export and verify the audit trail."`

	Credentials credentials `cmd:"" help:"The inventory of tokens and sessions: what is wrong with them, what hangs on them, and their revocation."`

	Backup  backup  `cmd:"" help:"Copy the database and artifacts of a data folder, of a server that runs or not."`
	Restore restore `cmd:"" help:"Fill an empty data folder from a backup."`
	Unlock  unlock  `cmd:"" help:"Switch off the IP access lists that keep everybody out, of a stopped server's data folder or a database."`
	Doctor  doctor  `cmd:"" help:"Check a data folder or database without changing it. Exit code 2 = something is wrong."`
	Version version `cmd:"" help:"Print the versions of this program and of the MLflow protocol that it speaks."`
}

// The exit codes. They are documented in docs/commands.md and do not change.
const (
	codeError    exitCode = 1  // it could not be done
	codeUnsound  exitCode = 2  // audit verify, doctor, rotation findings: it was checked, and something is wrong
	codeRefused  exitCode = 3  // can: no; credentials findings: there are some; others: the server refused (401, 403)
	codeMisusage exitCode = 64 // the command line makes no sense
)

func main() { os.Exit(run(os.Args[1:])) }

// run is the program without its process: it gives the exit code.
func run(args []string) int {
	cli := commands{Serve: serve{settingFlags: newSettingFlags()}}
	cli.Config.Check.settingFlags, cli.Config.Show.settingFlags = newSettingFlags(), newSettingFlags()
	ended := -1
	parser, err := kong.New(&cli, kong.Name("bailiwick"), kong.Description("Governance plane for machine learning: one server, one place that decides."),
		kong.Exit(func(code int) { ended = code }))
	if err != nil {
		return report(err)
	}
	ctx, err := parser.Parse(args)
	if ended >= 0 { // --help
		return ended
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "bailiwick: %v\nSee bailiwick --help.\n", err)
		return int(codeMisusage)
	}
	return report(ctx.Run())
}

// report says what went wrong, unless the command did, and gives the exit code.
func report(err error) int {
	var code exitCode
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintln(os.Stderr, "bailiwick:", err)
	var refused *refusal
	if errors.As(err, &refused) && (refused.status == 401 || refused.status == 403) {
		return int(codeRefused)
	}
	return int(codeError)
}

// exitCode ends the process with a documented code after the command has said why.
type exitCode int

// Error names the code.
func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// version prints what this program is.
type version struct{}

// Run prints it.
func (version) Run() error {
	fmt.Printf("bailiwick %s, speaks MLflow %s\n", server.Version, server.MLflowVersion)
	return nil
}
