package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// What is printed from the table of settings: the schema that the server embeds, and the page that people read.

func TestPrintedSchema(t *testing.T) {
	golden(t, "config_schema.json", printSchema())
}

func TestPrintedConfigPage(t *testing.T) {
	golden(t, "../docs/configuration.md", printPage())
}

// printSchema makes the JSON Schema of a configuration file from the table.
func printSchema() []byte {
	root := object("Configuration file of the Bailiwick server")
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	for _, s := range settings {
		at := root
		for _, step := range s.path()[:len(s.path())-1] {
			properties := at["properties"].(map[string]any)
			if properties[step] == nil {
				properties[step] = object("Settings of " + step)
			}
			at = properties[step].(map[string]any)
		}
		at["properties"].(map[string]any)[s.path()[len(s.path())-1]] = s.schema()
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func object(description string) map[string]any {
	return map[string]any{"type": "object", "description": description, "additionalProperties": false, "properties": map[string]any{}}
}

// shapes are the JSON Schema of each type of setting.
var shapes = map[string]map[string]any{
	"text":       {"type": "string"},
	"list":       {"type": "array", "items": map[string]any{"type": "string"}},
	"number":     {"type": "integer"},
	"true/false": {"type": "boolean"},
	"duration":   {"type": "string", "pattern": `^([0-9.]+(ns|us|µs|ms|s|m|h))+$|^0$`},
	"size":       {"type": []string{"integer", "string"}, "minimum": 0, "pattern": `^[0-9]+(KiB|MiB|GiB|TiB)?$`},
}

func (s Setting) schema() map[string]any {
	schema := map[string]any{"description": s.Doc}
	for key, value := range shapes[s.Type()] {
		schema[key] = value
	}
	if len(s.Enum) > 0 {
		schema["enum"] = s.Enum
	}
	if s.Default != "" && s.Type() != "list" {
		schema["default"] = s.defaultValue()
	}
	if s.Type() == "number" {
		schema["minimum"] = s.Min
	}
	return schema
}

// defaultValue is the default as a file would hold it.
func (s Setting) defaultValue() any {
	switch s.Type() {
	case "true/false":
		return s.Default == "true"
	case "number":
		n, _ := strconv.Atoi(s.Default) // TestDefaults reads it
		return n
	}
	return s.Default
}

const pageHead = `# Configuration

Printed from the table of settings (` + "`server/config_table.go`" + `) by a test; edit the table, then run ` + "`make golden`" + `.

Each setting can be given in four ways; a later one overrides an earlier one:

1. its default;
2. the file named by ` + "`--config`" + ` (or ` + "`BAILIWICK_CONFIG`" + `), YAML or JSON, where ` + "`audit.reads`" + ` is ` + "`reads`" + ` below ` + "`audit`" + `;
3. its environment variable (an empty one counts as not set);
4. its flag.

In variables and flags the items of a list are separated by commas. Sizes are bytes, or a number followed by KiB, MiB, GiB or TiB;
durations look like ` + "`500ms`, `15s`, `2m`, `1h30m`" + `. Unknown keys, unknown variables that start with ` + "`BAILIWICK_`" + ` and values out of range
stop the server before it starts; ` + "`bailiwick config check`" + ` names them all at once, with file, line and column, and prints what is in force
and where it came from. The file's JSON Schema, for editors, is ` + "`server/config_schema.json`" + `.

Variables that are no settings: ` + "`BAILIWICK_ADMIN_TOKEN`" + ` (the first administrator's token, at least 32 characters, read at the first start),
` + "`BAILIWICK_CONFIG`, and for the commands `BAILIWICK_HOST` and `BAILIWICK_TOKEN`" + `.
`

func printPage() []byte {
	var out bytes.Buffer
	out.WriteString(pageHead)
	out.WriteString("\n| key | variable | flag | value | default | what it does |\n|---|---|---|---|---|---|\n")
	for _, s := range settings {
		value := s.Type()
		if len(s.Enum) > 0 {
			value = "`" + strings.Join(s.Enum, "`, `") + "`"
		}
		fmt.Fprintf(&out, "| `%s` | `%s` | `--%s` | %s | %s | %s |\n", s.Key, s.Env(), s.Flag(), value, code(s.Default), s.Doc)
	}
	return out.Bytes()
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}
