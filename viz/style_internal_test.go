package viz

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCutFits(t *testing.T) {
	for _, s := range []string{"", "short", strings.Repeat("W", 200), strings.Repeat("日本", 80), strings.Repeat("a ", 99), "é\u0301"} {
		for width := 0.0; width < 300; width += 7 {
			got, w := faceName.cut(s, width)
			require.InDelta(t, faceName.width(got), w, 0.001+faceName.rune(' '))
			require.LessOrEqual(t, w, max(width, faceName.rune('…')))
			if got != s {
				require.True(t, strings.HasSuffix(got, "…"))
			}
		}
	}
}

func TestColour(t *testing.T) {
	for in, want := range map[string]string{
		"#fff": "#fff", "rebeccapurple": "rebeccapurple", "rgb(1, 2, 3)": "rgb(1, 2, 3)",
		"red;background:url(x)": "", `red"`: "", "url(x)": "", "a<b": "", strings.Repeat("a", 65): "",
	} {
		require.Equal(t, want, colour(in))
	}
	light, ok := lightness("#fff")
	require.True(t, ok)
	require.InDelta(t, 1, light, 0.01)
	_, ok = lightness("red")
	require.False(t, ok)
}
