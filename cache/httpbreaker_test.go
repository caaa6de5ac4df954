package cache_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
)

// down makes all requests whose method and path begin with prefix fail with a status.
func (s *server) down(prefix string, code int) {
	s.setLie(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.Method+" "+r.URL.Path, prefix) {
			return false
		}
		http.Error(w, "down", code)
		return true
	})
}

// misses gets n times what is not there, and returns how many of the errors were not ErrMiss, and the last of them.
func misses(t *testing.T, store cache.Store, n int) (errs int, last error) {
	for range n {
		_, err := store.Get(t.Context(), namedKey("nothing"), text{})
		require.Error(t, err)
		if !errors.Is(err, cache.ErrMiss) {
			errs, last = errs+1, err
		}
	}
	return errs, last
}

func TestHTTPBreakerOpensAndCloses(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		e := named("a", smallLen)
		require.NoError(t, store.Put(t.Context(), e, text{}))
		before := s.count("")
		s.down("", 500)
		errs, last := misses(t, store, 100)
		require.Equal(t, 3, errs)
		require.ErrorContains(t, last, "500 Internal Server Error; the server is left alone for ")
		require.NoError(t, store.Put(t.Context(), e, text{}))
		require.Equal(t, 3, s.count("")-before)

		// It is tried again, once each time, after pauses that double, less a jitter of a fifth.
		for pause := 5 * time.Second; pause < 20*time.Minute; pause *= 2 {
			pause := min(pause, 5*time.Minute)
			before := s.count("")
			time.Sleep(pause*4/5 - time.Nanosecond)
			misses(t, store, 100)
			require.Equal(t, before, s.count(""))
			time.Sleep(pause/5 + time.Nanosecond)
			errs, last := misses(t, store, 100)
			require.Equal(t, 1, errs, "after %v", pause)
			require.ErrorContains(t, last, "; the server is left alone for ")
			require.Equal(t, 1, s.count("")-before)
		}

		s.setLie(nil)
		got, err := fetch(t.Context(), store, e.Meta.Key)
		require.ErrorIs(t, err, cache.ErrMiss, "it is back, but that is not known yet")
		require.Empty(t, got)
		time.Sleep(5 * time.Minute)
		got, err = fetch(t.Context(), store, e.Meta.Key)
		require.NoError(t, err)
		require.Equal(t, textOf(t, e), got)

		s.down("", 500)
		errs, _ = misses(t, store, 100)
		require.Equal(t, 3, errs, "it has been closed, and forgotten all failures")
	})
}

func TestHTTPBreakerStaysOpenForItsPause(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		s.down("", 500)
		misses(t, store, 10)
		time.Sleep(4*time.Second - time.Nanosecond)
		misses(t, store, 10)
		require.Equal(t, 3, s.count(""))
	})
}

func TestHTTPBreakerCountsFailuresInARow(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		for range 10 {
			s.down("", 500)
			errs, _ := misses(t, store, 2)
			require.Equal(t, 2, errs)
			s.setLie(nil)
			misses(t, store, 1)
		}
		require.Equal(t, 30, s.count(""))
	})
}

// Of many requests that hang, those whose failure is known by then report nothing.
func TestHTTPBreakerReportsOnce(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		s.setLie(func(http.ResponseWriter, *http.Request) bool { <-s.gone; return true })
		start := time.Now()
		errs := make(chan error, 50)
		for range cap(errs) {
			go func() {
				_, err := store.Get(context.Background(), namedKey("a"), text{})
				errs <- err
			}()
		}
		reported, opened := 0, 0
		for range cap(errs) {
			if err := <-errs; !errors.Is(err, cache.ErrMiss) {
				reported++
				if strings.Contains(err.Error(), "left alone") {
					opened++
				}
			}
		}
		require.Equal(t, 3, reported)
		require.Equal(t, 1, opened)
		require.Equal(t, timeout, time.Since(start))
	})
}

func TestHTTPBreakerMakesOneTrial(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		s.down("", 500)
		misses(t, store, 3)
		time.Sleep(5 * time.Second)
		s.setLie(func(http.ResponseWriter, *http.Request) bool { time.Sleep(time.Second); return false })
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { _, _ = store.Get(context.Background(), namedKey("a"), text{}) })
		}
		all.Wait()
		require.Equal(t, 4, s.count(""))
		misses(t, store, 5)
		require.Equal(t, 9, s.count(""), "it has gone well")
	})
}

// Who does not wait says nothing about the server: neither that it is down, nor, in a trial, that it is back.
func TestHTTPBreakerIgnoresCallersThatLeave(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		hang := func(http.ResponseWriter, *http.Request) bool { <-s.gone; return true }
		s.setLie(hang)
		leave := func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := store.Get(ctx, namedKey("a"), text{})
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		for range 10 {
			leave()
		}
		s.down("", 500)
		misses(t, store, 3)
		time.Sleep(5 * time.Second)
		s.setLie(hang)
		leave()
		leave()
		require.Equal(t, 15, s.count(""), "the trial was not over")
		s.setLie(nil)
		misses(t, store, 2)
		require.Equal(t, 17, s.count(""))
	})
}

// A value that is read after the server was lost is a miss, too.
func TestHTTPBreakerHoldsForValues(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		large := named("a", largeLen)
		require.NoError(t, store.Put(t.Context(), large, text{}))
		e, err := store.Get(t.Context(), large.Meta.Key, text{})
		require.NoError(t, err)
		s.down("", 500)
		misses(t, store, 3)
		before := s.count("")
		_, err = e.Value(t.Context())
		require.ErrorIs(t, err, cache.ErrMiss)
		require.Equal(t, before, s.count(""))
	})
}

func TestHTTPBreakerOfAuthentication(t *testing.T) {
	for _, code := range []int{401, 403, 407} {
		bubble(t, func(t *testing.T, s *server, store cache.Store) {
			s.down("GET", code)
			errs, last := misses(t, store, 10)
			require.Equal(t, 1, errs)
			require.ErrorContains(t, last, "; the server is left alone for 4m")
			time.Sleep(4*time.Minute - time.Nanosecond)
			misses(t, store, 10)
			require.Equal(t, 1, s.count(""))
		})
	}
}

// A server that wants only to be read is read.
func TestHTTPBreakerOfPuts(t *testing.T) {
	for _, code := range []int{401, 403, 405, 501} {
		bubble(t, func(t *testing.T, s *server, store cache.Store) {
			e := named("a", largeLen)
			require.NoError(t, store.Put(t.Context(), e, text{}))
			s.down("PUT", code)
			before := s.count("PUT")
			require.ErrorContains(t, store.Put(t.Context(), e, text{}), "; nothing is put there for 4m")
			for range 10 {
				require.NoError(t, store.Put(t.Context(), e, text{}))
				got, err := fetch(t.Context(), store, e.Meta.Key)
				require.NoError(t, err)
				require.Equal(t, textOf(t, e), got)
			}
			require.Equal(t, before+1, s.count("PUT"))
			time.Sleep(5 * time.Minute)
			s.setLie(nil)
			require.NoError(t, store.Put(t.Context(), e, text{}))
			require.Equal(t, before+3, s.count("PUT"))
		})
	}
}

// Gets that go well do not hide that no Put does.
func TestHTTPBreakerOfPutsThatHang(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		s.setLie(func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPut {
				<-s.gone
			}
			return false
		})
		start := time.Now()
		for i := range 100 {
			err := store.Put(t.Context(), named("a", smallLen), text{})
			require.Equal(t, i < 3, err != nil)
			misses(t, store, 1)
		}
		require.Equal(t, 3*timeout, time.Since(start))
		require.Equal(t, 100, s.count("GET"))
	})
}

// While the server is left alone for everything, a trial of Put is not lost, nor mistaken for one that went well.
func TestHTTPBreakersTogether(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		e := named("a", smallLen)
		s.down("PUT", 403)
		require.Error(t, store.Put(t.Context(), e, text{}))
		time.Sleep(5*time.Minute - time.Second)
		s.down("", 500)
		misses(t, store, 3)
		time.Sleep(2 * time.Second) // the pause of puts is over, that of everything is not
		for range 10 {
			require.NoError(t, store.Put(t.Context(), e, text{}))
		}
		require.Equal(t, 1, s.count("PUT"))
		time.Sleep(5 * time.Second)
		s.down("PUT", 403)
		misses(t, store, 1)
		require.Error(t, store.Put(t.Context(), e, text{}), "a trial, which has failed")
		require.NoError(t, store.Put(t.Context(), e, text{}))
		require.Equal(t, 2, s.count("PUT"))
	})
}

func TestHTTPNoFailures(t *testing.T) {
	for _, tt := range []struct {
		code int
		is   error
	}{{413, cache.ErrTooLarge}, {507, nil}} {
		bubble(t, func(t *testing.T, s *server, store cache.Store) {
			s.down("PUT", tt.code)
			for range 10 {
				err := store.Put(t.Context(), named("a", smallLen), text{})
				requireBlamed(t, err)
				if tt.is != nil {
					require.ErrorIs(t, err, tt.is)
				}
			}
			require.Equal(t, 10, s.count("PUT"))
		})
	}
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		errs, _ := misses(t, store, 100)
		require.Zero(t, errs)
		require.Equal(t, 100, s.count("GET"))
	})
}

// A value that another server does not give is no failure of this one, nor a success.
func TestHTTPOtherServersFailures(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		other, err := cache.OpenHTTP("http://other.test", cache.Client(&http.Client{Transport: roundTrip(
			func(r *http.Request) *http.Response {
				return &http.Response{StatusCode: 500, Body: http.NoBody, Request: r}
			},
		)}))
		require.NoError(t, err)
		_, failure := other.Get(t.Context(), namedKey("a"), text{})
		require.ErrorContains(t, failure, "500")
		put := func(err error) error {
			load := func(context.Context) (any, error) { return nil, err }
			return store.Put(t.Context(), cache.LoadedEntry(&cache.Meta{Key: namedKey("a")}, load), text{})
		}
		for range 10 {
			require.ErrorIs(t, put(failure), failure)
		}
		s.down("", 500)
		errs, _ := misses(t, store, 10)
		require.Equal(t, 3, errs, "it was not taken for down")
		time.Sleep(5 * time.Second)
		require.ErrorIs(t, put(cache.ErrMiss), cache.ErrMiss)
		before := s.count("")
		errs, _ = misses(t, store, 10)
		require.Equal(t, 1, errs, "it is not taken for back")
		require.Equal(t, before+1, s.count(""))
	})
}
