// Package config reads the operator's YAML file: one `communique.yaml` with
// whatever it includes. It says everything that is wrong with it at once, each
// error with file, line, column and the near miss, and gives nothing at all
// when anything is wrong.
//
// Start with types.go: every setting is a field there, and its comment is its
// manual page, since the reference (docs/config.md) and the JSON Schema for
// editors are made from it. decode.go turns YAML nodes into those types and
// keeps their places, check.go judges what needs more than one value, and
// source.go gives each source with the defaults filled in. What the rooms want
// to know is put into their own option structs by cmd; nobody else imports
// this package.
package config
