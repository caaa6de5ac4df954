package progress

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/record"
)

func TestParseMode(t *testing.T) {
	for _, m := range []Mode{Auto, TTY, Plain, JSON, Quiet} {
		got, err := ParseMode(m.String())
		require.NoError(t, err)
		require.Equal(t, m, got)
		got, err = ParseMode(" " + strings.ToUpper(m.String()) + "\n")
		require.NoError(t, err)
		require.Equal(t, m, got)
	}
	m, err := ParseMode("")
	require.NoError(t, err)
	require.Equal(t, Auto, m)
	_, err = ParseMode("fancy\x1b")
	require.EqualError(t, err, `progress: unknown mode "fancy\x1b": want auto, tty, plain, json or quiet`)
	require.Equal(t, "Mode(17)", Mode(17).String())
}

func TestAuto(t *testing.T) {
	require.Equal(t, Plain, New(new(bytes.Buffer)).Mode(), "no terminal")
	require.Equal(t, TTY, New(new(bytes.Buffer), TTY).Mode())
	require.False(t, New(new(bytes.Buffer), TTY).colour, "colours are for terminals")
	require.Equal(t, JSON, New(new(bytes.Buffer), Plain, JSON).Mode(), "the last counts")
	for text, want := range map[string]bool{"": false, "0": false, "False": false, "true": true, "1": true, "x": true} {
		t.Setenv("CI", text)
		require.Equal(t, want, isSet("CI"), text)
	}
}

func TestMisuse(t *testing.T) {
	require.PanicsWithValue(t, "progress.New: got no writer: want os.Stderr or another io.Writer, with progress.Quiet io.Discard",
		func() { New(nil) })
	require.PanicsWithValue(t, "progress.New: got Mode(9): want progress.Auto, TTY, Plain, JSON or Quiet, or what ParseMode returns",
		func() { New(io.Discard, Mode(9)) })
	require.PanicsWithValue(t, "progress.New: got a nil Option: want a Mode or what Into returns", func() { New(io.Discard, nil) })
	require.PanicsWithValue(t, "progress.Into: got nil: want a recorder made by record.New", func() { Into(nil) })
}

// What is fed to the recorder of others is all there was, whatever the mode.
func TestInto(t *testing.T) {
	for _, m := range []Mode{TTY, Plain, JSON, Quiet} {
		rec := record.New()
		s := session(New(io.Discard, m, Into(rec)))
		_, err := lazy.GetAll(t.Context(), lazy.Pure1(func(x int) int { return x }).Each(make([]int, 10)), lazy.In(s))
		require.NoError(t, err)
		require.Len(t, rec.Record().Spans, 10)
		require.Len(t, rec.Record().Runs, 1)
	}
}

func TestWidth(t *testing.T) {
	for s, want := range map[string]int{
		"": 0, "abc": 3, "日本": 4, "e\u0301": 1, "✓✕━╍┄─▶…–": 9, "한국어": 6, "ﾊﾝ": 2, "ＡＢ": 4, "😀": 2, "é": 1, "𠀀": 2, "Ω": 1,
	} {
		require.Equal(t, want, width(s), s)
		for limit := range 12 {
			require.LessOrEqual(t, width(cut(s, limit)), limit, s)
			require.Equal(t, width(s) <= limit, cut(s, limit) == s, s)
		}
	}
	require.Equal(t, "日…", cut("日本語", 4))
	require.Equal(t, "e\u0301…", cut("e\u0301xy", 2))
	l := line{{"abc", "1"}, {"", ""}, {"def", ""}}
	require.Equal(t, "\x1b[1mabc\x1b[0mdef", l.render(6, true))
	require.Equal(t, "abcd…", l.render(5, false))
	require.Equal(t, "abc…", l.render(4, false))
	require.Equal(t, "ab…", l.render(3, false))
	require.Equal(t, "…", l.render(1, false))
}
