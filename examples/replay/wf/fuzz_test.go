package wf_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/examples/replay/wf"
)

// FuzzRead reads bytes: whatever they are, Read returns, and what it accepts is a graph.
func FuzzRead(f *testing.F) {
	names, err := filepath.Glob("testdata/*.json*")
	require.NoError(f, err)
	for _, name := range names {
		f.Add(load(f, filepath.Base(name)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		in, err := read(b)
		require.Equal(t, err == nil, in != nil)
		if err == nil {
			requireGraph(t, in)
		}
	})
}

// FuzzEdges reads files of seven tasks whose edges the bytes say, an edge each: all are accepted, or there is a cycle.
func FuzzEdges(f *testing.F) {
	f.Add([]byte{0x10, 0x20, 0x31, 0x32})
	f.Add([]byte{0x01, 0x10})
	f.Add([]byte{0x56, 0x65, 0x33})
	ids := []string{"a", "b", "c", "d", "e", "x", "y"}
	f.Fuzz(func(t *testing.T, b []byte) {
		var edges [][2]string
		reach := [7][7]bool{} // by way of edges
		for _, c := range b {
			from, to := int(c&15)%7, int(c>>4)%7
			e := [2]string{ids[from], ids[to]}
			known := false
			for _, other := range edges {
				known = known || e == other
			}
			if !known {
				edges = append(edges, e)
				reach[from][to] = true
			}
		}
		in, err := read(write(t, edges, ids[5:]))
		if cyclic(reach) {
			require.ErrorAs(t, err, new(*wf.CycleError))
			return
		}
		require.NoError(t, err)
		require.Equal(t, len(edges), in.Edges())
		requireGraph(t, in)
	})
}

// cyclic reports whether something reaches itself.
func cyclic(reach [7][7]bool) bool {
	for via := range 7 {
		for from := range 7 {
			for to := range 7 {
				reach[from][to] = reach[from][to] || reach[from][via] && reach[via][to]
			}
		}
	}
	for i := range 7 {
		if reach[i][i] {
			return true
		}
	}
	return false
}
