package viz

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzJSONText writes a text as a value and reads it back as encoding/json does.
func FuzzJSONText(f *testing.F) {
	for _, s := range []string{"", `"\`, "</script><!--", "a\nb\tc\x00\x7f", "bad \xff\xc3 utf8", "日本 \u2028 \U0010ffff", strings.Repeat("é<", 40_000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var b bytes.Buffer
		j := newJSONOut(&b)
		j.open('[').str(s).str("next").close(']')
		j.flush()
		var got [2]string
		require.NoError(t, json.Unmarshal(b.Bytes(), &got))
		require.Equal(t, [2]string{string([]rune(s)), "next"}, got) // each byte that is no UTF-8 is one U+FFFD
		require.NotContains(t, b.String(), "<")
	})
}

// TestJSONOutAcrossPieces writes so much that pieces end anywhere, and wants what encoding/json reads.
func TestJSONOutAcrossPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	want := map[string][]int64{}
	texts := map[int]string{}
	var b bytes.Buffer
	j := newJSONOut(&b)
	j.open('{')
	for _, name := range []string{"a", "b", "c"} {
		v := make([]int64, r.IntN(30_000))
		for i := range v {
			v[i] = r.Int64() >> r.IntN(64) * (1 - 2*r.Int64N(2))
		}
		v = append(v, math.MinInt64, math.MaxInt64)
		want[name] = v
		j.ints(name, len(v), func(i int) int64 { return v[i] })
	}
	j.key("empty").open('{').close('}')
	j.texts("none", 10, func(int) string { return "" })
	j.texts("texts", 20_000, func(i int) string {
		if i%3 == 0 {
			return ""
		}
		texts[i] = strings.Repeat("x", i%17+1)
		return texts[i]
	})
	j.digits("digits", 100_000, func(i int) byte { return byte(i % 8) })
	j.steps("steps", 3, func(i int) int64 { return []int64{5, 3, 10}[i] })
	j.key("flag").bool(true).key("half").num(0.5).key("id").uint(math.MaxUint64).close('}')
	j.flush()
	var got struct {
		A, B, C []int64
		Texts   map[int]string
		Digits  string
		Steps   []int64
		Flag    bool
		Half    float64
		ID      uint64
		None    map[int]string
	}
	require.NoError(t, json.Unmarshal(b.Bytes(), &got))
	require.Equal(t, want, map[string][]int64{"a": got.A, "b": got.B, "c": got.C})
	require.Equal(t, texts, got.Texts)
	require.Nil(t, got.None)
	require.Equal(t, strings.Repeat("01234567", 12_500), got.Digits)
	require.Equal(t, []int64{5, -2, 7}, got.Steps)
	require.Equal(t, uint64(math.MaxUint64), got.ID)
	require.True(t, got.Flag)
	require.Equal(t, 0.5, got.Half)
}

func TestShortPath(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "main.go:12": "main.go:12", "app/main.go:12": "app/main.go:12", "/home/me/app/main.go:12": "app/main.go:12",
		"/main.go:1": "/main.go:1", `C:\Users\me\app\main.go:3`: `app\main.go:3`, "/": "/", "a/": "a/",
	} {
		require.Equal(t, want, shortPath(in), in)
	}
}

func TestCleanStack(t *testing.T) {
	require.Equal(t, "", cleanStack(""))
	stack := "goroutine 1 [running]:\nmain.f(0x1)\n\t/home/me/app/main.go:12 +0x1d\ncreated by main.main in goroutine 1\n\t/usr/lib/go/src/x.go:9\x1b[31m\n"
	require.Equal(t, "goroutine 1 [running]:\nmain.f(0x1)\n    app/main.go:12 +0x1d\ncreated by main.main in goroutine 1\n    src/x.go:9␛[31m", cleanStack(stack))
	require.Equal(t, stackMax, strings.Count(cleanStack(strings.Repeat("f()\n", 1000)), "\n"))
}
