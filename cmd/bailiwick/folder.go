package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"bailiwick/ledger"
	"bailiwick/server"
	"bailiwick/store"
)

// stored verifies a ledger in its database.
func (v *auditVerify) stored(ctx context.Context, keys []string) (r ledger.Report, note string, err error) {
	db, err := store.OpenReader(ctx, store.Options{Data: v.Data, Database: v.Database})
	if err != nil {
		return r, "", err
	}
	defer db.Close()
	err = db.Read(ctx, func(tx *store.Tx) error {
		if len(keys) == 0 {
			note = "checked with the keys that are kept in the database itself; for a proof that does not trust this machine give --pubkey"
			if keys, err = server.PublicKeys(tx); err != nil {
				return err
			}
			if len(keys) == 0 {
				return errors.New("no public key is kept in the database; give --pubkey")
			}
		}
		kept, err := v.kept(keys)
		if err != nil {
			return err
		}
		r, err = tx.Verify(keys, kept...)
		return err
	})
	return r, note, err
}

// interrupted ends a command that works on files when it is interrupted.
func interrupted() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}

type backup struct {
	Data      string `help:"Data folder, of a server that runs or not." type:"path" default:"./data" env:"BAILIWICK_DATA" placeholder:"DIR"`
	Artifacts string `help:"Where the artifacts are, if not in the data folder." env:"BAILIWICK_ARTIFACTS" placeholder:"PLACE"`
	From      string `name:"artifacts-from" help:"Where the artifacts come from, while they move." env:"BAILIWICK_ARTIFACTS_FROM" placeholder:"PLACE"`
	To        string `help:"A folder, or a new file that ends in .tar. A folder with an earlier backup is brought up to date." type:"path" required:"" placeholder:"DIR|FILE"`
	WithKey   bool   `help:"Take the ledger's signing key too. Best keep it elsewhere: who has it and the database can sign another history."`
	JSON      bool   `name:"json" help:"Print JSON for programs."`
}

// Run makes the backup.
func (b *backup) Run() error {
	ctx, stop := interrupted()
	defer stop()
	note, err := server.Backup{Data: b.Data, Artifacts: b.Artifacts, From: b.From, To: b.To, Key: b.WithKey}.Run(ctx)
	if err != nil {
		return err
	}
	if b.JSON {
		return printJSON(note)
	}
	fmt.Printf("%s holds workspace %s: %d ledger entries, %d artifacts (%d bytes)\n", b.To, note.Workspace, note.Size, note.Files, note.Bytes)
	if !b.WithKey {
		fmt.Println("The ledger's signing key is not in it; keep that apart, or let a restored server make a new one.")
	}
	fmt.Println("Nor are the key-encryption keys of secrets (the setting kek): keep them apart, or no secret of it can be read again.")
	if note.Checkpoint != "" {
		fmt.Printf("Keep this checkpoint somewhere else:\n%s\n", strings.TrimRight(note.Checkpoint, "\n"))
	}
	return nil
}

type restore struct {
	From string `help:"A backup: a folder, or a .tar file." type:"path" required:"" placeholder:"DIR|FILE"`
	Data string `help:"Data folder, empty or absent." type:"path" required:"" placeholder:"DIR"`
	JSON bool   `name:"json" help:"Print JSON for programs."`
}

// Run restores and then checks what it restored.
func (r *restore) Run() error {
	ctx, stop := interrupted()
	defer stop()
	note, err := server.Restore(ctx, r.From, r.Data)
	if err != nil {
		return err
	}
	findings := server.Doctor{Data: r.Data}.Run(ctx)
	if r.JSON {
		err = printJSON(map[string]any{"backup": note, "checks": findings})
	} else {
		fmt.Printf("restored workspace %s as it was on %s into %s\n", note.Workspace, note.Made.Format("2006-01-02 15:04:05 MST"), r.Data)
		err = printFindings(findings)
	}
	if err != nil {
		return err
	}
	return soundness(findings)
}

type doctor struct {
	Data      string `help:"Data folder; a server may run on it." type:"path" default:"./data" env:"BAILIWICK_DATA" placeholder:"DIR"`
	Database  string `help:"PostgreSQL database; otherwise SQLite in the data folder." env:"BAILIWICK_DATABASE" placeholder:"URL"`
	Artifacts string `help:"Where the artifacts are, if not in the data folder." env:"BAILIWICK_ARTIFACTS" placeholder:"PLACE"`
	From      string `name:"artifacts-from" help:"Where the artifacts come from, while they move." env:"BAILIWICK_ARTIFACTS_FROM" placeholder:"PLACE"`
	Deep      bool   `help:"Read every artifact and compare its digest."`
	JSON      bool   `name:"json" help:"Print JSON for programs."`
}

// Run checks.
func (d *doctor) Run() error {
	ctx, stop := interrupted()
	defer stop()
	findings := server.Doctor{Data: d.Data, Database: d.Database, Artifacts: d.Artifacts, From: d.From, Deep: d.Deep}.Run(ctx)
	err := error(nil)
	if d.JSON {
		err = printJSON(findings)
	} else {
		err = printFindings(findings)
	}
	if err != nil {
		return err
	}
	return soundness(findings)
}

func printFindings(findings []server.Finding) error {
	rows := [][]string{{"CHECK", "", "DETAIL"}}
	for _, f := range findings {
		word := "ok"
		if !f.Sound {
			word = "WRONG"
		}
		rows = append(rows, []string{f.Check, word, f.Detail})
	}
	return printTable(rows)
}

func soundness(findings []server.Finding) error {
	for _, f := range findings {
		if !f.Sound {
			return codeUnsound
		}
	}
	return nil
}
