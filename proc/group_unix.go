//go:build unix

package proc

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// group has the process started in a group of its own, which what it starts belongs to as well, and the group asked to
// end when the context ends.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
}

// killGroup kills what is left of the group. The process itself was waited for, so its id would be free if the group
// were empty; for another group to have got it since, all other ids would have had to be used in between.
func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// createTemp creates a file that nobody else can find any more, and that nobody has to remove.
func createTemp(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "dally-output-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func removeTemp(f *os.File) { f.Close() }

// signalOf is the signal that has ended a process, or nil.
func signalOf(exit *exec.ExitError) os.Signal {
	if w, ok := exit.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return w.Signal()
	}
	return nil
}
