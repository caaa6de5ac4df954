//go:build !unix

package proc

import (
	"os"
	"os/exec"
)

// group does nothing: the process alone is killed when the context ends, as exec.CommandContext has it.
func group(*exec.Cmd) {}

func killGroup(*exec.Cmd) {}

// createTemp creates a file for removeTemp to remove.
func createTemp(dir string) (*os.File, error) { return os.CreateTemp(dir, "dally-output-") }

func removeTemp(f *os.File) {
	f.Close()
	_ = os.Remove(f.Name())
}

func signalOf(*exec.ExitError) os.Signal { return nil }
