package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// record is an entry in the form that records are made of.
type record struct {
	meta  Meta
	value payload
}

func records() map[string]record {
	key := Key(sha256.Sum256([]byte("key")))
	created := time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC)
	return map[string]record{
		"nothing but a key": {meta: Meta{Key: key}, value: payload{inline: []byte{}}},
		"inline": {
			meta: Meta{
				Key: key, Function: "main.f", Version: "v1", Inputs: []Content{"a", "", "c"}, Content: "d",
				Size: 5, Cost: time.Second + 1, Created: created,
			},
			value: payload{inline: []byte("value"), size: 5},
		},
		"blob": {
			meta:  Meta{Key: key, Function: "main.g", Size: 1 << 40, Cost: -1, Created: created},
			value: payload{blob: true, sum: sha256.Sum256([]byte("value")), size: 1 << 40},
		},
		"long text": {
			meta: Meta{
				Key: key, Function: strings.Repeat("f", 127), Version: strings.Repeat("v", 128),
				Inputs: make([]Content, 1000), Content: Content(strings.Repeat("\x00\xff", 40_000)),
			},
			value: payload{inline: bytes.Repeat([]byte("value"), 1000), size: 5000},
		},
		"far past": {
			meta:  Meta{Key: key, Size: math.MinInt64, Cost: math.MaxInt64, Created: time.Unix(-1<<40, 999_999_999).UTC()},
			value: payload{blob: true, size: math.MaxInt64},
		},
	}
}

func TestRecordComesBackAsItWas(t *testing.T) {
	for name, r := range records() {
		t.Run(name, func(t *testing.T) {
			b := appendRecord([]byte("before"), &r.meta, r.value)
			require.Equal(t, "before", string(b[:6]))
			meta, value, err := parseRecord(r.meta.Key, b[6:])
			require.NoError(t, err)
			require.Equal(t, r.meta, *meta)
			require.Equal(t, r.value, value)
		})
	}
}

func TestRecordKeepsTheMomentNotTheZone(t *testing.T) {
	created := time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600))
	meta, _, err := parseRecord(Key{}, appendRecord(nil, &Meta{Created: created}, payload{}))
	require.NoError(t, err)
	require.True(t, meta.Created.Equal(created))
	require.Equal(t, time.UTC, meta.Created.Location())
}

func TestDamagedRecordIsNoRecord(t *testing.T) {
	for name, r := range records() {
		whole := appendRecord(nil, &r.meta, r.value)
		step := max(1, len(whole)/500)
		for i := 0; i < len(whole); i += step {
			flipped := bytes.Clone(whole)
			flipped[i] ^= 1 << (i % 8)
			requireCorrupt(t, r.meta.Key, flipped, name, "flip", i)
			requireCorrupt(t, r.meta.Key, whole[:i], name, "truncate", i)
			if zeroed := append(bytes.Clone(whole[:i]), make([]byte, len(whole)-i)...); !bytes.Equal(zeroed, whole) {
				requireCorrupt(t, r.meta.Key, zeroed, name, "zero", i)
			}
		}
		requireCorrupt(t, r.meta.Key, append(bytes.Clone(whole), 0), name, "extend", 1)
		requireCorrupt(t, r.meta.Key, append(bytes.Clone(whole), whole...), name, "twice", 1)
		requireCorrupt(t, Key{1}, whole, name, "swap", 1)
	}
	requireCorrupt(t, Key{}, []byte(strings.Repeat("foreign ", 100)), "foreign")
	requireCorrupt(t, Key{}, make([]byte, recordMax+1), "too long")
}

func requireCorrupt(t *testing.T, key Key, b []byte, what ...any) {
	t.Helper()
	meta, _, err := parseRecord(key, b)
	require.ErrorIs(t, err, ErrCorrupt, fmt.Sprint(what...))
	require.Nil(t, meta)
}

// A record with a checksum that is right, but contents that appendRecord does not write, is refused as well.
func TestRecordMadeWrongIsNoRecord(t *testing.T) {
	text := fixedLen
	for name, change := range map[string]func(b []byte) []byte{
		"kind":                     func(b []byte) []byte { b[40] = 3; return b },
		"nanoseconds":              func(b []byte) []byte { b[52] = 0xff; return b },
		"length above":             func(b []byte) []byte { b[fixedLen-8]++; return b },
		"length below zero":        func(b []byte) []byte { b[fixedLen-1] = 0x80; return b },
		"blob without sum":         func(b []byte) []byte { b[40] = kindBlob; return b },
		"text past the end":        func(b []byte) []byte { b[text] = 0x7f; return b },
		"text too short":           func(b []byte) []byte { b[text]--; return b },
		"text longer than strings": func(b []byte) []byte { b[text]++; return b },
		"string past the end":      func(b []byte) []byte { b[text+1] = 0x7f; return b },
		"endless varint": func(b []byte) []byte {
			return append(b[:text], bytes.Repeat([]byte{0xff}, 20)...)
		},
		"huge text": func(b []byte) []byte {
			return append(binary.AppendUvarint(b[:text], math.MaxUint64), "more"...)
		},
		"many inputs": func(b []byte) []byte {
			return append(b[:text], append([]byte{6, 0, 0, 0, 0xff, 0xff, 0x7f}, "value"...)...)
		},
		"long form": func(b []byte) []byte {
			return append(b[:text], append([]byte{5, 0, 0, 0, 0x80, 0}, "value"...)...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := appendRecord(nil, &Meta{}, payload{inline: []byte("value")})
			b = change(b[:len(b)-checkLen])
			check := sha256.Sum256(b)
			requireCorrupt(t, Key{}, append(b, check[:checkLen]...))
		})
	}
}

// FuzzParseRecord parses any bytes, as they are and with a checksum that is right: what is parsed gives the same bytes
// again.
func FuzzParseRecord(f *testing.F) {
	for _, r := range records() {
		if b := appendRecord(nil, &r.meta, r.value); len(b) < 1000 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var key Key
		if len(b) >= len(recordMagic)+len(key) {
			copy(key[:], b[len(recordMagic):])
		}
		requireSameRecord(t, key, b)
		if len(b) >= checkLen {
			body := bytes.Clone(b[:len(b)-checkLen])
			check := sha256.Sum256(body)
			requireSameRecord(t, key, append(body, check[:checkLen]...))
		}
	})
}

func requireSameRecord(t *testing.T, key Key, b []byte) {
	t.Helper()
	meta, value, err := parseRecord(key, b)
	if err != nil {
		require.ErrorIs(t, err, ErrCorrupt)
		return
	}
	require.Equal(t, b, appendRecord(nil, meta, value))
}

func BenchmarkRecord(b *testing.B) {
	r := records()["inline"]
	r.value.inline = make([]byte, 1024)
	whole := appendRecord(nil, &r.meta, r.value)
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		buf := make([]byte, 0, 2*len(whole))
		for b.Loop() {
			buf = appendRecord(buf[:0], &r.meta, r.value)
		}
	})
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := parseRecord(r.meta.Key, whole); err != nil {
				b.Fatal(err)
			}
		}
	})
}
