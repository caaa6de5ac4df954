package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
)

func TestReport(t *testing.T) {
	leak.Check(t)
	root, report := t.TempDir(), filepath.Join(t.TempDir(), "report.html")
	writeTree(t, root, fixture)
	var stdout, stderr strings.Builder
	require.Zero(t, run(context.Background(), []string{"-out=", "-progress=json", "-report", report, root}, &stdout, &stderr))
	require.Contains(t, stdout.String(), "Report: "+report)
	require.Contains(t, stderr.String(), `"failed":4`, "files that do not parse")
	page, err := os.ReadFile(report)
	require.NoError(t, err)
	for _, name := range []string{"Parse", "Read", "Gather", "Summarise", "Compose", "Relate", "has no value yet", "expected 'package', found not"} {
		require.True(t, strings.Contains(string(page), name), name)
	}
}

// A report that cannot be written is told of before the job, not after it.
func TestReportThatCannotBe(t *testing.T) {
	root := t.TempDir()
	writeTree(t, root, fixture)
	var stdout, stderr strings.Builder
	report := filepath.Join(root, "none", "report.html")
	require.Equal(t, 1, run(context.Background(), []string{"-out=", "-progress=json", "-report", report, root}, &stdout, &stderr))
	require.Contains(t, stderr.String(), "gostat: -report: open "+report)
	require.NotContains(t, stderr.String(), "{", "no progress was made")
	require.Empty(t, stdout.String())
}

// pageWatcher gets the live page as soon as it is announced, and then has the program end.
type pageWatcher struct {
	text    strings.Builder
	visited func(url string)
}

var pageURL = regexp.MustCompile(`Live page: (http://127\.0\.0\.1:[0-9]+/)\n(?s:.*)stays until Ctrl-C`)

func (p *pageWatcher) Write(b []byte) (int, error) {
	p.text.Write(b)
	if m := pageURL.FindStringSubmatch(p.text.String()); m != nil && p.visited != nil {
		visit := p.visited
		p.visited = nil
		visit(m[1])
	}
	return len(b), nil
}

func TestLive(t *testing.T) {
	root := t.TempDir()
	writeTree(t, root, fixture)
	ctx, cancel := context.WithCancel(t.Context())
	stdout := &pageWatcher{visited: func(url string) {
		defer cancel()
		for path, want := range map[string]string{"": "<!doctype html>", "graph.json": `"name":"Summarise"`} {
			resp, err := http.Get(url + path)
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.True(t, strings.Contains(string(body), want), path)
		}
	}}
	require.Zero(t, run(ctx, []string{"-out=", "-progress=quiet", "-live=:0", root}, stdout, io.Discard))
	require.Nil(t, stdout.visited, stdout.text.String())
}
