package cache_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
)

// roundTrip is a transport without a network.
type roundTrip func(*http.Request) *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

// FuzzHTTPAnswers changes what a server has: no answer makes a wrong value.
func FuzzHTTPAnswers(f *testing.F) {
	e := named("a", largeLen)
	s := newServer()
	client := &http.Client{Transport: roundTrip(func(r *http.Request) *http.Response {
		b, _ := io.ReadAll(r.Body)
		s.blobs[r.URL.Path] = b
		return &http.Response{StatusCode: 200, Body: http.NoBody, Request: r}
	})}
	store, err := cache.OpenHTTP("http://cache.test", cache.Client(client))
	require.NoError(f, err)
	require.NoError(f, store.Put(f.Context(), e, text{}))
	result := s.blobs["/ac/"+e.Meta.Key.String()]
	hash, _, err := cache.CheckActionResult(result)
	require.NoError(f, err)
	value := s.blobs["/cas/"+hash]

	f.Add(result, value[:100], 100, largeLen, int64(largeLen), "")
	f.Add(result, []byte{}, largeLen, largeLen, int64(-1), "identity")
	f.Add(result, []byte("x"), 0, largeLen-1, int64(largeLen), "gzip")
	f.Fuzz(func(t *testing.T, result, begin []byte, from, to int, length int64, encoding string) {
		from, to = max(0, min(from, len(value))), max(0, min(to, len(value)))
		body := append(bytes.Clone(begin), value[min(from, to):to]...)
		answer := roundTrip(func(r *http.Request) *http.Response {
			a := &http.Response{StatusCode: 200, Request: r, ContentLength: length, Header: http.Header{}}
			a.Header.Set("Content-Encoding", encoding)
			a.Body = io.NopCloser(bytes.NewReader(body))
			if r.URL.Path == "/ac/"+e.Meta.Key.String() {
				a.Body = io.NopCloser(bytes.NewReader(result))
			}
			return a
		})
		store, err := cache.OpenHTTP("http://cache.test", cache.Client(&http.Client{Transport: answer}))
		require.NoError(t, err)
		if got, err := fetch(t.Context(), store, e.Meta.Key); err == nil {
			require.Equal(t, textOf(t, e), got)
		}
	})
}

// Many goroutines put and get on a server that does anything. What is got was put, and nothing lasts too long.
func TestHTTPRandomTrouble(t *testing.T) {
	seeds := 12
	if testing.Short() {
		seeds = 3
	}
	hits := 0
	for range seeds {
		seed := rand.Uint64()
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			bubble(t, func(t *testing.T, s *server, store cache.Store) { hits += trouble(t, seed, s, store) })
		})
	}
	require.NotZero(t, hits, "else it has tested nothing")
}

// trouble returns how many values were got.
func trouble(t *testing.T, seed uint64, s *server, store cache.Store) (hits int) {
	var mu sync.Mutex                        // hits, too, until all is done
	random := rand.New(rand.NewPCG(seed, 0)) // Guarded by mu.
	roll := func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return random.IntN(n)
	}
	s.setLie(func(w http.ResponseWriter, r *http.Request) bool {
		truth := s.at(r.URL.Path)
		if roll(4) > 0 || r.Method == http.MethodGet && len(truth) == 0 {
			return false
		}
		if len(truth) == 0 {
			truth = []byte("nothing")
		}
		lies[roll(len(lies))].tell(s, w, r, truth)
		return true
	})
	sizes := []int{0, 1, smallLen, largeLen}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 40 {
				name, start := fmt.Sprint("entry", roll(3)), time.Now()
				if roll(2) == 0 {
					_ = store.Put(context.Background(), named(name, sizes[roll(len(sizes))]), text{})
				} else if got, err := fetch(context.Background(), store, namedKey(name)); err == nil {
					if !slices.Contains(sizes, len(got)) || got != textOf(t, named(name, len(got))) {
						t.Errorf("%s has %d bytes: %.60q", name, len(got), got)
					}
					mu.Lock()
					hits++
					mu.Unlock()
				}
				if took := time.Since(start); took > 8*timeout {
					t.Errorf("%s took %v", name, took)
				}
				time.Sleep(time.Duration(roll(int(time.Minute))))
			}
		})
	}
	all.Wait()
	s.setLie(nil)
	time.Sleep(10 * time.Minute)
	require.NoError(t, store.Put(t.Context(), named("entry0", smallLen), text{}))
	got, err := fetch(t.Context(), store, namedKey("entry0"))
	require.NoError(t, err)
	require.Equal(t, textOf(t, named("entry0", smallLen)), got)
	return hits
}
