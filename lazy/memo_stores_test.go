package lazy

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
)

// This file is the stores that the metamorphic tests run programs with.

// memoVersions tells wraps of the tests apart that have one name.
var memoVersions atomic.Int64

// memoVersion makes the wrap's results those of no other wrap in this process.
func memoVersion() Option { return Version(fmt.Sprint("test ", memoVersions.Add(1))) }

// regime is a way to keep results.
type regime struct {
	name   string
	store  func(t testing.TB, seed uint64) cache.Store // nil: none
	verify float64
	quiet  bool // what was put is there, as long as nothing is verified
}

const (
	roomy = 1 << 24 // bytes, more than any program needs
	tight = 3000    // bytes: room for a few results
)

var regimes = []regime{
	{name: "none"},
	{name: "roomy", quiet: true, store: func(testing.TB, uint64) cache.Store { return cache.NewMemory(roomy) }},
	{name: "tight", store: func(testing.TB, uint64) cache.Store { return cache.NewMemory(tight) }},
	{name: "ill", store: func(_ testing.TB, seed uint64) cache.Store { return newIllStore(seed, 3) }},
	{name: "forgetful", store: func(_ testing.TB, seed uint64) cache.Store {
		s := newIllStore(seed, 3)
		s.only = forgets
		return s
	}},
	{name: "tiers", quiet: true, store: func(t testing.TB, _ uint64) cache.Store {
		return cache.Tiered(cache.NewMemory(tight), openDir(t))
	}},
	{name: "verified", verify: 1, store: func(testing.TB, uint64) cache.Store { return cache.NewMemory(roomy) }},
	{name: "sampled", verify: 0.3, store: func(testing.TB, uint64) cache.Store { return cache.NewMemory(roomy) }},
}

func openDir(t testing.TB) cache.Store {
	dir, err := cache.OpenDir(filepath.Join(t.TempDir(), fmt.Sprint(memoVersions.Add(1))))
	require.NoError(t, err)
	return dir
}

// What is wrong with an answer of an ill store.
const (
	well = iota
	forgets
	getFails
	getPanics
	putFails
	putPanics
	putLoses
	valueFails
	valuePanics
	valueIsOther // of another type
	numIlls
)

var errIll = errors.New("the store is ill")

// illStore is a store in memory in which one of so many answers is wrong.
type illStore struct {
	cache.Store
	only int // the one thing that is wrong; 0: all there is

	mu    sync.Mutex
	r     *rand.Rand // guarded by mu
	oneIn int        // answers to a wrong one
}

func newIllStore(seed uint64, oneIn int) *illStore {
	return &illStore{Store: cache.NewMemory(roomy), r: rand.New(rand.NewPCG(seed, 0x111)), oneIn: oneIn}
}

// ill says what is wrong with the next answer, which is one of from to to.
func (s *illStore) ill(from, to int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	what := from + s.r.IntN(to-from+1)
	if s.r.IntN(s.oneIn) > 0 || s.only != 0 && s.only != what {
		return well
	}
	return what
}

func (s *illStore) Get(ctx context.Context, k cache.Key, c cache.Codec) (cache.Entry, error) {
	switch s.ill(forgets, getPanics) {
	case forgets:
		return cache.Entry{}, cache.ErrMiss
	case getFails:
		return cache.Entry{}, errIll
	case getPanics:
		panic(errIll)
	}
	e, err := s.Store.Get(ctx, k, c)
	if err != nil || s.only != 0 {
		return e, err
	}
	return cache.LoadedEntry(e.Meta, func(ctx context.Context) (any, error) {
		switch s.ill(valueFails, valueIsOther) {
		case valueFails:
			return nil, errIll
		case valuePanics:
			panic(errIll)
		case valueIsOther:
			return "a text", nil
		}
		return e.Value(ctx)
	}), nil
}

func (s *illStore) Put(ctx context.Context, e cache.Entry, c cache.Codec) error {
	switch s.ill(putFails, putLoses) {
	case putFails:
		return errIll
	case putPanics:
		panic(errIll)
	case putLoses:
		return nil
	}
	return s.Store.Put(ctx, e, c)
}

// notingStore knows the functions of which something was put.
type notingStore struct {
	cache.Store
	mu  sync.Mutex
	put map[string]bool // guarded by mu
}

func (s *notingStore) Put(ctx context.Context, e cache.Entry, c cache.Codec) error {
	err := s.Store.Put(ctx, e, c)
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.put == nil {
			s.put = make(map[string]bool)
		}
		s.put[e.Meta.Function] = true
	}
	return err
}
