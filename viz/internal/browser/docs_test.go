package browser

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz"
	"github.com/dally-go/dally/viz/live"
	"github.com/dally-go/dally/viz/record"
)

// Measures of the job that the pictures of the documentation show. Its calls wait instead of reckoning, so that the
// pictures are alike on any machine.
const (
	docsFiles   = 960
	docsBad     = 611
	docsWorkers = 8
	docsPNGMost = 200 << 10 // bytes
)

// archive is a word count over log files. Every eighth file is in the cache already, and one is damaged.
type archive struct {
	parsed  []lazy.Data[string]
	result  lazy.Data[string]
	session *lazy.Session
}

// wait is the work of a call: some ms, always the same for the same seed.
func wait(ms float64, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 7))
	time.Sleep(time.Duration(ms * (0.4 + 1.6*random.Float64()*random.Float64()) * float64(time.Millisecond)))
}

// A Memo function is wrapped once in a program.
var docsParse = lazy.Pure2(func(_ string, file int) string { wait(22, uint64(file)); return fmt.Sprintf("%d.log", file) },
	lazy.Name("Parse"), lazy.Memo())

func newArchive(t *testing.T) *archive {
	t.Helper()
	open := lazy.Pure1(func(name string) string { wait(60, 1); return name }, lazy.Name("Open"))
	count := lazy.Wrap1(func(_ context.Context, text string) (map[string]int, error) {
		var file int
		_, err := fmt.Sscanf(text, "%d.log", &file)
		if wait(13, uint64(file)+9999); err == nil && file == docsBad {
			err = errors.New("611.log: line 2,048: unexpected end of file")
		}
		return map[string]int{"lazy": file, "call": 2 * file}, err
	}, lazy.Name("CountWords"))
	merge := lazy.Pure1(func(parts []map[string]int) map[string]int { wait(40, uint64(len(parts))); return parts[0] }, lazy.Name("Merge"))
	top := lazy.Pure1(func(parts []map[string]int) string { wait(400, 3); return fmt.Sprint(len(parts), " words") }, lazy.Name("Top"))

	a := &archive{session: &lazy.Session{Parallelism: docsWorkers, Cache: cache.NewMemory(64 << 20)}}
	logs := open.Of("logs.tar")
	var counts, merged []lazy.Data[map[string]int]
	for file := range docsFiles {
		a.parsed = append(a.parsed, docsParse(logs, lazy.Const(file)))
		counts = append(counts, count(a.parsed[file]))
	}
	for part := range slices.Chunk(counts, 16) {
		merged = append(merged, merge(lazy.Gather(part...)))
	}
	a.result = top(lazy.Gather(merged...))
	var known []lazy.Data[string]
	earlier := open.Of("logs.tar")
	for file := 0; file < docsFiles; file += 8 {
		known = append(known, docsParse(earlier, lazy.Const(file)))
	}
	_, err := lazy.GetAll(t.Context(), known, lazy.In(a.session))
	require.NoError(t, err)
	return a
}

// run runs the job, observed.
func (a *archive) run(ctx context.Context, rec *record.Recorder) error {
	a.session.Observer = rec
	_, err := a.result.Get(ctx, lazy.In(a.session), lazy.KeepGoing())
	return err
}

// keep writes a picture of the window into the directory.
func (b *tab) keep(dir, name string) {
	b.t.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	require.NoError(b.t, err)
	require.Less(b.t, len(png), docsPNGMost, name)
	require.NoError(b.t, os.WriteFile(filepath.Join(dir, name), png, 0o666))
}

// Makes the pictures of the documentation: DALLY_DOCS=$PWD/docs go -C viz/internal/browser test -run TestPicturesForDocs
func TestPicturesForDocs(t *testing.T) {
	dir := os.Getenv("DALLY_DOCS")
	if dir == "" {
		t.Skip("DALLY_DOCS names no directory for pictures")
	}
	b := newTab(t)
	program := os.Args[0]
	os.Args[0] = "wordcount" // among the facts
	defer func() { os.Args[0] = program }()
	rec, a := record.New(record.Values(), record.Reasons()), newArchive(t)
	require.Error(t, a.run(t.Context(), rec))
	b.openReport(rec.Graph(), viz.Ran(rec.Record()), viz.Title("word count"))
	b.keep(dir, "report.png")
	b.fine("report")

	rec, a = record.New(record.Graphs()), newArchive(t)
	server, err := live.Listen("", rec, live.Title("word count"), live.Values())
	require.NoError(t, err)
	defer server.Close()
	b.dark(true)
	b.navigate(server.URL() + "/")
	b.until("document.getElementById('status').hidden && document.getElementById('title').textContent === 'word count'")
	done := make(chan error, 1)
	go func() { done <- a.run(t.Context(), rec) }()
	b.until("parseInt(document.querySelector('#n-finished dd').textContent.replace(',', '')) > 1300")
	eval[bool](b, "dispatchEvent(new KeyboardEvent('keydown', { key: 'Shift' })), true") // all that changed is drawn at once
	b.frames()
	b.keep(dir, "live.png")
	require.Error(t, <-done)
	b.fine("live")
}
