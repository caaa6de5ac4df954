package viz

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/dally-go/dally/graph"
)

// WriteFile draws s into a file, in the format that the extension names: .svg as [WriteSVG], .html as [WriteHTML], .dot
// and .gv as [WriteDOT], .mmd as [WriteMermaid], .json as [WriteJSON]. Any other extension is an error that lists these. An existing file is replaced, and only after
// the picture has been drawn.
func WriteFile(path string, s graph.Snapshot, opts ...Option) error {
	var write func(io.Writer, graph.Snapshot, ...Option) error
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".dot", ".gv":
		write = WriteDOT
	case ".svg":
		write = WriteSVG
	case ".mmd":
		write = WriteMermaid
	case ".html", ".htm":
		write = WriteHTML
	case ".json":
		write = WriteJSON
	default:
		return fmt.Errorf("viz: write %s: unknown format %q; known are .dot, .gv, .html, .json, .mmd and .svg", path, ext)
	}
	var b bytes.Buffer
	if err := write(&b, s, opts...); err != nil {
		return fmt.Errorf("viz: write %s: %w", path, err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		return fmt.Errorf("viz: %w", err)
	}
	return nil
}
