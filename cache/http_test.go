package cache_test

import (
	"crypto/rand"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/cache/cachetest"
	"github.com/dally-go/dally/internal/leak"
)

func TestHTTPIsAStore(t *testing.T) {
	leak.Check(t)
	cachetest.Run(t, func(t *testing.T) cache.Store {
		served := httptest.NewServer(newServer())
		t.Cleanup(served.Close)
		s, err := cache.OpenHTTP(served.URL)
		require.NoError(t, err)
		return s
	}, cachetest.Bytes())
}

// It needs a server that keeps the instances of one URL apart: bazel-remote does with --enable_ac_key_instance_mangling.
func TestHTTPRealServer(t *testing.T) {
	url := os.Getenv("DALLY_BAZEL_REMOTE")
	if url == "" {
		t.Skip("no URL of a server in DALLY_BAZEL_REMOTE")
	}
	cachetest.Run(t, func(t *testing.T) cache.Store {
		s, err := cache.OpenHTTP(url + "/" + rand.Text())
		require.NoError(t, err)
		return s
	}, cachetest.Bytes())
}
