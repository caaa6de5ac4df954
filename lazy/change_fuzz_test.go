package lazy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzChanges runs programs of changes: see change_model_program_test.go for what the bytes mean.
func FuzzChanges(f *testing.F) {
	f.Add([]byte{0})
	for seed := range uint64(20) {
		f.Add(changeProgramOf(seed))
	}
	f.Fuzz(func(t *testing.T, program []byte) {
		defer watchdog(fmt.Sprintf("program %v", program)).Stop()
		problems, trace := runChangeProgram(program)
		require.Empty(t, problems, strings.Join(trace, "\n"))
	})
}
