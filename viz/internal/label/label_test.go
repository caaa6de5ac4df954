package label

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDuration(t *testing.T) {
	for _, c := range []struct {
		d    time.Duration
		want string
	}{
		{0, ""},
		{-1, ""},
		{1, "1 ns"},
		{999, "999 ns"},
		{1000, "1 µs"},
		{1500, "1.5 µs"},
		{9_960, "10 µs"},
		{999_499, "999 µs"},
		{999_500, "1 ms"},
		{412 * time.Millisecond, "412 ms"},
		{39_300 * time.Microsecond, "39 ms"},
		{999_600 * time.Microsecond, "1 s"},
		{3200 * time.Millisecond, "3.2 s"},
		{59_400 * time.Millisecond, "59 s"},
		{59_500 * time.Millisecond, "1m 00s"},
		{59_999 * time.Millisecond, "1m 00s"},
		{65 * time.Second, "1m 05s"},
		{119_600 * time.Millisecond, "2m 00s"},
		{3599_600 * time.Millisecond, "1h 00m"},
		{time.Hour + 59*time.Minute + 45*time.Second, "2h 00m"},
		{23*time.Hour + 59*time.Minute + 31*time.Second, "1d 00h"},
		{76 * time.Hour, "3d 04h"},
		{1<<63 - 1, "106751d 23h"},
	} {
		require.Equal(t, c.want, Duration(c.d), "%d ns", int64(c.d))
	}
}

func TestDurationUnitsNeverOverflow(t *testing.T) {
	for d := time.Duration(1); d < 1<<60; d += d/97 + 1 {
		s := Duration(d)
		for _, bad := range []string{"1000 ", " 60s", "60m", "m 60", "h 60", "d 24"} {
			require.NotContains(t, s, bad, "%d ns", int64(d))
		}
	}
}

func TestClean(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain", "plain"},
		{"two\nlines\ttab\r", "two lines tab "},
		{"nul\x00 esc\x1b del\x7f", "nul␀ esc␛ del␡"},
		{"bad\xff utf8", "bad� utf8"},
		{"\u202eevil\u202c", "�evil�"},
		{"a\u200db\u200cc\ufe0f", "abc"},
		{"e\u0301\u0302\u0303\u0304", "e\u0301\u0302"},
		{"日本", "日本"},
		{"\u0301e", "◌\u0301e"},
		{strings.Repeat("x", 21), strings.Repeat("x", 20) + "…"},
		{strings.Repeat("é", 21), strings.Repeat("é", 20) + "…"},
		{strings.Repeat("é", 20), strings.Repeat("é", 20)},
	} {
		require.Equal(t, c.want, Clean(c.in, 20))
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 68204: "68,204", 1234567: "1,234,567"} {
		require.Equal(t, want, Grouped(n))
	}
}
