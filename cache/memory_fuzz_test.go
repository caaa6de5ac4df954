package cache

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzMemory compares the store with the policy that it says it has. Two bytes are an operation: a Get, or a Put of one
// of few sizes and costs, so that many entries are worth the same.
func FuzzMemory(f *testing.F) {
	r := rand.New(rand.NewPCG(4, 5))
	for range 20 {
		b := make([]byte, 600)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		f.Add(b, uint16(r.Uint32N(30_000)))
	}
	f.Fuzz(func(t *testing.T, program []byte, room uint16) {
		bytes := int64(room) + 1
		m := NewMemory(bytes).(*memory)
		p := &policy{bytes: bytes, ghostsMax: int64(m.ghosts.max), items: make(map[Key]*policyItem), leftUses: make(map[Key]int)}
		for i := 1; i < min(len(program), 1000); i += 2 {
			key := Key{0: program[i] % 60, 31: 1}
			if program[i-1]%2 == 0 {
				if !sameGet(t, m, p, key) {
					return
				}
			} else {
				meta := &Meta{Key: key, Size: int64(program[i-1]%16) * 200, Cost: time.Duration(program[i]%3) * time.Microsecond}
				want, have := p.put(meta, i), m.Put(t.Context(), NewEntry(meta, i), nil)
				require.True(t, errors.Is(have, want), "Put: %v, want %v", have, want)
			}
			require.NoError(t, m.checkInvariants())
			sameKeys(t, m, p)
		}
	})
}

// sameGet gets a key from both. It returns false if it has been used so often that from here on uses are a matter of
// chance.
func sameGet(t *testing.T, m *memory, p *policy, key Key) bool {
	want, ok := p.get(key)
	if it := m.index.find(m.index.tagOf(&key), &key); it != nil && it.uses.Load() >= usesExact {
		return false
	}
	e, err := m.Get(t.Context(), key, nil)
	require.Equal(t, ok, err == nil, "Get: %v", err)
	if ok {
		have, _ := e.Value(t.Context())
		require.Equal(t, want, have)
	}
	return true
}

func sameKeys(t *testing.T, m *memory, p *policy) {
	if len(m.worths) != len(p.items) || len(m.ghosts.known) != len(p.leftUses) {
		t.Fatalf("%d items and %d ghosts, want %d and %d", len(m.worths), len(m.ghosts.known), len(p.items), len(p.leftUses))
	}
	for key := range p.items {
		if m.index.find(m.index.tagOf(&key), &key) == nil {
			t.Fatalf("%v is not there", key)
		}
	}
	for key := range p.leftUses {
		if !m.Evicted(key) {
			t.Fatalf("%v is not known to be evicted", key)
		}
	}
}
