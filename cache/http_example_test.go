package cache_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"time"

	"github.com/dally-go/dally/cache"
)

// words is a codec of strings.
type words struct{}

func (words) Encode(w io.Writer, v any) error {
	_, err := io.WriteString(w, v.(string))
	return err
}

func (words) Decode(r io.Reader) (any, error) {
	b, err := io.ReadAll(r)
	return string(b), err
}

func ExampleOpenHTTP() {
	served := httptest.NewServer(newServer()) // in its place, bazel-remote or the like
	defer served.Close()

	store, err := cache.OpenHTTP(served.URL, cache.Timeout(2*time.Second), cache.Header("X-Token", "secret"))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	m := &cache.Meta{Key: cache.Key{1}, Function: "main.greet", Cost: time.Second}
	if err := store.Put(ctx, cache.NewEntry(m, "hello"), words{}); err != nil {
		fmt.Println(err)
	}
	for _, key := range []cache.Key{{1}, {2}} {
		e, err := store.Get(ctx, key, words{})
		if errors.Is(err, cache.ErrMiss) {
			fmt.Println("a miss")
			continue
		}
		v, err := e.Value(ctx)
		fmt.Println(e.Meta.Function, e.Meta.Size, v, err)
	}
	// Output:
	// main.greet 5 hello <nil>
	// a miss
}

func ExampleReadOnly() {
	store, err := cache.OpenHTTP("https://ci:secret@cache.example.com/team", cache.ReadOnly())
	if err != nil {
		fmt.Println(err)
		return
	}
	m := &cache.Meta{Key: cache.Key{1}}
	fmt.Println(store.Put(context.Background(), cache.NewEntry(m, "hello"), words{}))
	// Output: <nil>
}
