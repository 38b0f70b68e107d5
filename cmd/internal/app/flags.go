package app

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"satisflow/cmd/internal/config"
)

const (
	configFlag    = "config" // the path of the file; a flag of every command
	keyAnnotation = "satisflow/key"
)

// textFlag is a flag whose value package config reads.
type textFlag struct{ text, kind string }

func (f *textFlag) String() string { return f.text }

func (f *textFlag) Set(text string) error {
	f.text = text
	return nil
}

func (f *textFlag) Type() string { return f.kind }

// withConfig gives the command every key of the configuration as a hidden flag: --kafka.brokers.
func withConfig(cmd *cobra.Command) {
	for _, key := range config.Keys() {
		flag := keyFlag(cmd, key.Name, key)
		flag.Hidden = true
	}
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[configFlag] = "yes" // the usage tells of the hidden flags
}

// shorthand gives a key a flag of its own, which the help shows.
func shorthand(cmd *cobra.Command, name, key, help string) {
	for _, k := range config.Keys() {
		if k.Name == key {
			k.Help = help
			keyFlag(cmd, name, k)
			return
		}
	}
	panic("no key " + key)
}

func keyFlag(cmd *cobra.Command, name string, key config.Key) *pflag.Flag {
	flag := cmd.Flags().VarPF(&textFlag{kind: key.Kind}, name, "", key.Help)
	flag.Annotations = map[string][]string{keyAnnotation: {key.Name}}
	if key.Kind == "bool" {
		flag.NoOptDefVal = "true"
	}
	return flag
}

// configFlags are the keys that were given as flags.
func configFlags(cmd *cobra.Command) []config.Setting {
	var given []config.Setting
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if key := f.Annotations[keyAnnotation]; len(key) == 1 {
			given = append(given, config.Setting{Key: key[0], Text: f.Value.String(), From: "flag --" + f.Name})
		}
	})
	return given
}
