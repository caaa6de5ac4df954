package codec

import (
	"bytes"
	"errors"
	"io"
	"math/big"
	"math/rand/v2"
	"reflect"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/kept"
)

// encoded returns the bytes of v.
func encoded(t testing.TB, c kept.Codec, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, c.Encode(&b, v))
	return b.Bytes()
}

// bare hides all methods of a reader but Read.
type bare struct{ io.Reader }

func TestRoundTrip(t *testing.T) {
	rounds := 150
	if testing.Short() {
		rounds = 20
	}
	for _, typ := range zoo {
		t.Run(typ.String(), func(t *testing.T) {
			fast, slow := newStructural(typ, true), newStructural(typ, false)
			require.NoError(t, fast.err)
			require.Equal(t, fast.header, slow.header)
			for i := range rounds {
				m := &maker{Rand: rand.New(rand.NewPCG(1, uint64(i)))}
				v := m.value(typ).Interface()
				b := encoded(t, fast, v)
				for _, c := range []kept.Codec{fast, slow} {
					got, err := c.Decode(bytes.NewReader(b))
					require.NoError(t, err)
					require.Empty(t, diff(v, got), "round %d", i)
				}
				again := encoded(t, slow, v)
				require.Len(t, again, len(b))
				got, err := fast.Decode(bare{iotest.HalfReader(bytes.NewReader(again))})
				require.NoError(t, err)
				require.Empty(t, diff(v, got), "round %d", i)
			}
		})
	}
}

// TestStrict damages bytes: each is refused, or read as a value that is written and read again as itself.
func TestStrict(t *testing.T) {
	for _, typ := range zoo {
		t.Run(typ.String(), func(t *testing.T) {
			c, err := ForType(typ)
			require.NoError(t, err)
			r := rand.New(rand.NewPCG(2, 0))
			b := encoded(t, c, (&maker{Rand: r, depth: 1}).value(typ).Interface())
			for n := range min(len(b), 300) {
				_, err := c.Decode(bytes.NewReader(b[:n]))
				require.ErrorIs(t, err, kept.ErrCorrupt, "%d of %d bytes", n, len(b))
			}
			_, err = c.Decode(bytes.NewReader(append(bytes.Clone(b), 0)))
			require.ErrorIs(t, err, kept.ErrCorrupt)
			for range 300 {
				bad := bytes.Clone(b)
				i := r.IntN(len(bad))
				bad[i] ^= 1 << r.IntN(8)
				again(t, c, bad)
				if i < len(header{}) {
					_, err := c.Decode(bytes.NewReader(bad))
					require.ErrorIs(t, err, kept.ErrCorrupt)
				}
			}
		})
	}
}

// again reads b, and if there is a value, writes and reads that.
func again(t *testing.T, c kept.Codec, b []byte) {
	v, err := c.Decode(bytes.NewReader(b))
	if err != nil {
		return
	}
	if _, ok := v.(big.Float); ok {
		v, err = c.Decode(bytes.NewReader(encoded(t, c, v))) // reads more digits than it has precision for
		require.NoError(t, err)
	}
	got, err := c.Decode(bytes.NewReader(encoded(t, c, v)))
	require.NoError(t, err)
	require.Empty(t, diff(v, got))
}

func FuzzDecode(f *testing.F) {
	for i, typ := range zoo {
		c, err := ForType(typ)
		require.NoError(f, err)
		m := &maker{Rand: rand.New(rand.NewPCG(3, 0)), depth: 1}
		f.Add(uint8(i), encoded(f, c, m.value(typ).Interface())[len(header{}):])
	}
	f.Fuzz(func(t *testing.T, i uint8, b []byte) {
		c, err := ForType(zoo[int(i)%len(zoo)])
		require.NoError(t, err)
		h := c.(*structural).header
		again(t, c, append(h[:], b...))
	})
}

func FuzzRoundTrip(f *testing.F) {
	f.Add(uint8(0), uint64(0))
	f.Fuzz(func(t *testing.T, i uint8, seed uint64) {
		typ := zoo[int(i)%len(zoo)]
		c, err := ForType(typ)
		require.NoError(t, err)
		v := (&maker{Rand: rand.New(rand.NewPCG(seed, 0))}).value(typ).Interface()
		got, err := c.Decode(bytes.NewReader(encoded(t, c, v)))
		require.NoError(t, err)
		require.Empty(t, diff(v, got))
	})
}

func TestBytesOfOthers(t *testing.T) {
	for i, a := range zoo {
		ca, err := ForType(a)
		require.NoError(t, err)
		b := encoded(t, ca, reflect.Zero(a).Interface())
		for j, typ := range zoo {
			if i == j {
				continue
			}
			c, err := ForType(typ)
			require.NoError(t, err)
			_, err = c.Decode(bytes.NewReader(b))
			require.ErrorIs(t, err, kept.ErrCorrupt, "%v read as %v", a, typ)
		}
	}
}

func TestValueOfAnotherType(t *testing.T) {
	c, err := For[int]()
	require.NoError(t, err)
	for _, v := range []any{nil, int64(1), new(int), "1"} {
		require.Error(t, c.Encode(io.Discard, v), "%T", v)
	}
}

var errFull = errors.New("full")

// limited fails after left bytes, and counts what comes after that.
type limited struct{ left, after int }

func (l *limited) Write(p []byte) (int, error) {
	if l.left < 0 {
		l.after++
	}
	if l.left -= len(p); l.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriterFails(t *testing.T) {
	c, err := For[[]string]()
	require.NoError(t, err)
	w := &limited{left: 10_000}
	require.ErrorIs(t, c.Encode(w, make([]string, 1_000_000)), errFull)
	require.Zero(t, w.after)
	// The encoder that failed is used again.
	got, err := c.Decode(bytes.NewReader(encoded(t, c, []string{"a"})))
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, got)
}

func TestReaderFails(t *testing.T) {
	c, err := For[[]int64]()
	require.NoError(t, err)
	b := encoded(t, c, make([]int64, 5000))
	for _, n := range []int64{0, 8, 9, 10, 5000, int64(len(b))} {
		_, err := c.Decode(io.MultiReader(io.LimitReader(bytes.NewReader(b), n), iotest.ErrReader(errFull)))
		require.ErrorIs(t, err, errFull, "after %d bytes", n)
		require.NotErrorIs(t, err, kept.ErrCorrupt)
	}
	_, err = c.Decode(iotest.DataErrReader(bytes.NewReader(b)))
	require.NoError(t, err)
	_, err = c.Decode(stuck{})
	require.ErrorIs(t, err, io.ErrNoProgress)
}

// stuck never gives anything.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }
