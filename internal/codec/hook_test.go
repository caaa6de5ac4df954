package codec

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/kept"
)

// texts is a hook for strings that writes one byte after another, or all at once.
func texts(atOnce bool) kept.Codec {
	return Of(func(w io.Writer, s string) error {
		if atOnce {
			_, err := io.WriteString(w, s)
			return err
		}
		for i := range len(s) {
			if _, err := w.Write([]byte{s[i]}); err != nil {
				return err
			}
		}
		return nil
	}, func(r io.Reader) (string, error) {
		b, err := io.ReadAll(r)
		return string(b), err
	})
}

func TestHook(t *testing.T) {
	for _, atOnce := range []bool{false, true} {
		for _, n := range []int{0, 1, bufLen, bufLen + 1, 100_000} {
			c, v := texts(atOnce), string(make([]byte, n))
			b := encoded(t, c, v)
			for _, r := range []io.Reader{bytes.NewReader(b), iotest.OneByteReader(bytes.NewReader(b))} {
				got, err := c.Decode(r)
				require.NoError(t, err)
				require.Equal(t, v, got)
			}
			for _, k := range []int{0, 7, 8, len(b) / 2, len(b) - 1} {
				_, err := c.Decode(bytes.NewReader(b[:k]))
				require.ErrorIs(t, err, kept.ErrCorrupt, "%d of %d", k, len(b))
			}
			_, err := c.Decode(bytes.NewReader(append(b, 0)))
			require.ErrorIs(t, err, kept.ErrCorrupt)
		}
	}
}

// TestHookReadsNotAll: package json writes a newline that it does not read.
func TestHookReadsNotAll(t *testing.T) {
	c := Of(func(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) },
		func(r io.Reader) (v any, err error) {
			err = json.NewDecoder(r).Decode(&v)
			return v, err
		})
	for _, v := range []any{nil, "a", []any{1.5, nil}} {
		got, err := c.Decode(bytes.NewReader(encoded(t, c, v)))
		require.NoError(t, err)
		require.Equal(t, v, got)
	}
}

func TestHookOfInterface(t *testing.T) {
	c := Of(func(w io.Writer, err error) error {
		if err == nil {
			return nil
		}
		_, werr := io.WriteString(w, err.Error())
		return werr
	}, func(r io.Reader) (error, error) {
		b, err := io.ReadAll(r)
		if len(b) == 0 {
			return nil, err
		}
		return errors.New(string(b)), err
	})
	got, err := c.Decode(bytes.NewReader(encoded(t, c, errFull)))
	require.NoError(t, err)
	require.Equal(t, errFull, got)
	got, err = c.Decode(bytes.NewReader(encoded(t, c, nil)))
	require.NoError(t, err)
	require.Nil(t, got)
	require.Error(t, c.Encode(io.Discard, "not an error"))
}

func TestHookFails(t *testing.T) {
	for _, fail := range []func() error{func() error { return errFull }, func() error { panic(errFull) }} {
		c := Of(func(io.Writer, int) error { return fail() }, func(io.Reader) (int, error) { return 0, fail() })
		require.ErrorContains(t, c.Encode(io.Discard, 1), "full")
		h := c.(*hook).header
		_, err := c.Decode(bytes.NewReader(append(h[:], 0)))
		require.ErrorContains(t, err, "full")
	}
	c := texts(true)
	require.Error(t, c.Encode(io.Discard, 1))
	require.ErrorIs(t, c.Encode(&limited{left: 7}, "a"), errFull)
	require.ErrorIs(t, c.Encode(&limited{left: 8}, "a"), errFull)
	require.ErrorIs(t, c.Encode(&limited{left: 10}, "a"), errFull)
	wrong := OfType(reflect.TypeFor[int](), func(io.Writer, any) error { return nil }, func(io.Reader) (any, error) { return "1", nil })
	_, err := wrong.Decode(bytes.NewReader(encoded(t, wrong, 1)))
	require.Error(t, err)
}

func TestHookBytesOfOthers(t *testing.T) {
	s, err := For[string]()
	require.NoError(t, err)
	_, err = texts(true).Decode(bytes.NewReader(encoded(t, s, "a")))
	require.ErrorIs(t, err, kept.ErrCorrupt)
	_, err = s.Decode(bytes.NewReader(encoded(t, texts(true), "a")))
	require.ErrorIs(t, err, kept.ErrCorrupt)
}

func FuzzHook(f *testing.F) {
	f.Add([]byte("some text"), uint64(1))
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		c := texts(seed%2 == 0)
		b := encoded(t, c, string(text))
		got, err := c.Decode(bytes.NewReader(b))
		require.NoError(t, err)
		require.Equal(t, string(text), got)
		b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		_, _ = c.Decode(bytes.NewReader(b)) // does not panic
		h := c.(*hook).header
		_, _ = c.Decode(bytes.NewReader(append(h[:], text...)))
	})
}
