package proc

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/lazy"
)

// BenchmarkCommand runs a program that does nothing, and reads its output, by this package and by os/exec.
func BenchmarkCommand(b *testing.B) {
	if _, err := exec.LookPath("true"); err != nil {
		b.Skip(err)
	}
	b.Run("proc", func(b *testing.B) {
		for b.Loop() {
			_, err := Command("true").Get(ctx)
			require.NoError(b, err)
		}
	})
	b.Run("exec", func(b *testing.B) {
		for b.Loop() {
			_, err := exec.Command("true").Output()
			require.NoError(b, err)
		}
	})
}

// BenchmarkRecord records a command and runs nothing.
func BenchmarkRecord(b *testing.B) {
	handle := lazy.Const("x")
	for name, args := range map[string][]any{"plain": {"a", "b", 3}, "handles": {handle, "b", handle}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Command("true", args...)
			}
		})
	}
}
