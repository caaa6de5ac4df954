package main

import (
	"bytes"
	"io"
	"os"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz"
)

// drawMax is how many calls are drawn one by one. Pictures of more show equal calls merged into one card: workflows are
// wide, and of a hundred tasks the picture would be some ten thousand pixels wide.
const drawMax = 60

// draw writes the pictures that are wanted.
func draw(o options, title string, s graph.Snapshot) error {
	dot := s
	if counts := s.Count(); counts[graph.Done] > drawMax { // unlike WriteSVG, WriteDOT has no limit
		dot = viz.Collapse(s)
	}
	if err := drawFile(o.svg, viz.WriteSVG, s, viz.Title(title), viz.Limit(drawMax)); err != nil {
		return err
	}
	return drawFile(o.dot, viz.WriteDOT, dot, viz.Title(title))
}

// writer is viz.WriteSVG or viz.WriteDOT.
type writer func(io.Writer, graph.Snapshot, ...viz.Option) error

// drawFile writes one picture, whatever the file is called; an existing one is replaced when the picture has been drawn.
func drawFile(file string, write writer, s graph.Snapshot, opts ...viz.Option) error {
	if file == "" {
		return nil
	}
	var b bytes.Buffer
	if err := write(&b, s, opts...); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o666)
}
