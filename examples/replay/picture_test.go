package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/examples/replay/wf"
	"github.com/dally-go/dally/internal/leak"
)

// More tasks than drawMax: those of a category are one card, in either format.
func TestLargePicturesAreCollapsed(t *testing.T) {
	leak.Check(t)
	in := &wf.Instance{Name: "wide"}
	for i := range drawMax + 1 {
		in.Tasks = append(in.Tasks, wf.Task{ID: fmt.Sprintf("part_%d", i)})
	}
	dir := t.TempDir()
	o := options{workers: 2, critical: true, svg: filepath.Join(dir, "a.svg"), dot: filepath.Join(dir, "a.dot")}
	for _, tt := range []struct {
		tasks []wf.Task
		want  string // the last card
	}{
		{in.Tasks, "×61"},
		{in.Tasks[:drawMax], "part_59"},
	} {
		s, err := newScore(&wf.Instance{Name: "wide", Tasks: tt.tasks}, o)
		require.NoError(t, err)
		done, err := s.play(t.Context(), o)
		require.NoError(t, err)
		require.NoError(t, draw(o, "wide", done.snapshot))
		for _, file := range []string{o.svg, o.dot} {
			b, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Contains(t, string(b), tt.want, file)
		}
	}
}
