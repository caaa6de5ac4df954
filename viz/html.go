package viz

import (
	"io"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/internal/page"
)

// WriteHTML writes a report as one self-contained page that needs no network: the picture, which can be searched and of
// which every call can be asked for its arguments, times, value and error; functions; a timeline; failures; facts. With
// [Ran] it tells what a recorder saw; without, what the nodes of the snapshot know.
//
// Up to 60 nodes the picture shows every call, above that what s collapses to, as [Collapse] says; of that, too, only
// functions without edges are left above 2,500 nodes, and the page says so. See [Limit].
//
// Among the facts are the program's name, its revision, the version of Go, the machine; no paths, no arguments of the
// command line, no environment. Previews of values are in it unless [Values] says otherwise, and texts and stacks of
// errors in any case: read them before the page leaves the house.
//
// It returns the error of [graph.Snapshot.Check] for a snapshot that is not a graph, before anything is written, and
// the errors of w.
func WriteHTML(w io.Writer, s graph.Snapshot, opts ...Option) error {
	p, err := newPageData(s, newOptions(s, opts))
	if err != nil {
		return err
	}
	title := p.opt.title
	if title == "" {
		title = "graph of calls"
	}
	return page.Write(w, title, p.write)
}
