package page

import (
	"bytes"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func write(t *testing.T, title string, data func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, Write(&b, title, data))
	return b.String()
}

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func TestDataIsEscaped(t *testing.T) {
	s := write(t, `a </title><script>`, text(`{"x":"</script><!--<script>"}`))
	require.Contains(t, s, `<script type="application/json" id="data">{"x":"\u003c/script>\u003c!--\u003cscript>"}</script>`)
	require.Contains(t, s, "<title>a &lt;/title&gt;&lt;script&gt;</title>")
	require.Equal(t, 2, strings.Count(s, "<script"), "the data and the script")
}

// What looks like a mark of the page's own in title or data is text as any other.
func TestMarksInDataAreText(t *testing.T) {
	s := write(t, "{{data}} {{style}}", text(`"{{script}} {{title}}"`))
	require.Contains(t, s, "<title>{{data}} {{style}}</title>")
	require.Contains(t, s, `"{{script}} {{title}}"</script>`)
}

func TestEscaperTellsBytesOfItsInput(t *testing.T) {
	for _, s := range []string{"", "<", "<<<<", "a<b", strings.Repeat("<x", 10_000)} {
		var b bytes.Buffer
		n, err := (&escaper{w: &b}).Write([]byte(s))
		require.NoError(t, err)
		require.Equal(t, len(s), n)
		require.Equal(t, strings.ReplaceAll(s, "<", `\u003c`), b.String())
	}
}

// failing fails after some bytes.
type failing struct{ left int }

var errFull = errors.New("the disk is full")

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestErrors(t *testing.T) {
	all := len(write(t, "t", text("{}")))
	for _, left := range []int{0, all / 2, all - 1} {
		require.ErrorIs(t, Write(&failing{left}, "t", text("{}")), errFull)
	}
	require.NoError(t, Write(&failing{all}, "t", text("{}")))
	bad := errors.New("no data")
	require.ErrorIs(t, Write(io.Discard, "t", func(io.Writer) error { return bad }), bad)
}

func TestLiveAndStatic(t *testing.T) {
	live, static := write(t, "t", nil), write(t, "t", text("{}"))
	require.Contains(t, live, `<html lang="en" data-live>`)
	require.Contains(t, live, "connect-src 'self'")
	require.NotContains(t, static, "data-live>")
	require.Contains(t, static, "connect-src 'none'")
}

// The page needs nothing but itself.
func TestNoNetwork(t *testing.T) {
	s := write(t, "t", nil)
	for _, bad := range []string{"{{", "import(", "eval(", "innerHTML", "outerHTML", "insertAdjacent", "document.write", "new Function"} {
		require.NotContains(t, s, bad)
	}
	for _, url := range regexp.MustCompile(`https?://[^"' )]+`).FindAllString(s, -1) {
		require.Equal(t, "http://www.w3.org/2000/svg", url, "the name space of SVG is no request")
	}
}

// Every file of the script is in the page, once.
func TestParts(t *testing.T) {
	names, err := os.ReadDir(".")
	require.NoError(t, err)
	var scripts []string
	for _, n := range names {
		if strings.HasSuffix(n.Name(), ".js") {
			scripts = append(scripts, n.Name())
			require.NotContains(t, read(n.Name()), "</script", n.Name())
			require.LessOrEqual(t, strings.Count(read(n.Name()), "\n"), 400, n.Name())
		}
	}
	require.ElementsMatch(t, scripts, parts)
}

func TestMissingFilePanics(t *testing.T) {
	require.PanicsWithValue(t, "page: open none.js: file does not exist", func() { read("none.js") })
}
