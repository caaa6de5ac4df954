package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCommittedFileIsFresh(t *testing.T) {
	require.NoError(t, run(filepath.Join("..", "..", "lazy", "arity.go"), true))
}

func TestStaleFileIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "arity.go")
	require.NoError(t, run(path, false))
	require.NoError(t, run(path, true))
	require.ErrorContains(t, run("main.go", true), "stale")
}
