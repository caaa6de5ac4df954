package lazy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/lazy"
)

// Functions whose results are kept are wrapped once in a process, so at package level.

var countWords = lazy.Pure1(func(text string) int {
	fmt.Println("counting")
	return len(strings.Fields(text))
}, lazy.Name("CountWords"), lazy.Memo())

var (
	exampleResize = lazy.Pure1(func(size int) string { return fmt.Sprint("picture of ", size) },
		lazy.Name("Resize"), lazy.Memo(), lazy.Version("2"))

	exampleRate = lazy.Pure1(func(currency string) float64 { return 1.25 },
		lazy.Name("Rate"), lazy.Memo(), lazy.TTL(time.Hour))

	exampleSearch = lazy.Pure2(func(query string, workers int) int { return len(query) },
		lazy.Name("Search"), lazy.Memo(), lazy.IgnoreArg(1))

	exampleLocate = lazy.Pure1(func(a netip.Prefix) string { return "somewhere" },
		lazy.Name("Locate"), lazy.Memo(), lazy.KeyBy(netip.Prefix.MarshalBinary))

	exampleTree = lazy.Pure1(func(root string) map[string]any { return map[string]any{"root": root} },
		lazy.Name("Tree"), lazy.Memo(), lazy.Codec(encodeJSON[map[string]any], decodeJSON[map[string]any]))

	exampleCheap = lazy.Pure1(func(n int) int { return n * n },
		lazy.Name("Cheap"), lazy.Memo(), lazy.Valid(func(m cache.Meta) bool { return m.Size < 1<<20 }))
)

func encodeJSON[T any](w io.Writer, v T) error { return json.NewEncoder(w).Encode(v) }

func decodeJSON[T any](r io.Reader) (v T, err error) {
	err = json.NewDecoder(r).Decode(&v)
	return v, err
}

// Results are kept in a folder, and found there by an equal call, in this process or the next.
func ExampleMemo() {
	ctx := context.Background()
	dir := lazy.Must(os.MkdirTemp("", "results"))
	defer os.RemoveAll(dir)

	store := lazy.Must(cache.OpenDir(dir))
	session := &lazy.Session{Cache: store}

	words := countWords.Of("to have patience")
	n, err := words.Get(ctx, lazy.In(session)) // counting, if it never did for this text
	fmt.Println(n, err, words.State())

	same := countWords.Of("to have patience")
	n, err = same.Get(ctx, lazy.In(session))
	fmt.Println(n, err, same.State())
	// Output:
	// counting
	// 3 <nil> done
	// 3 <nil> cached
}

// getTwice gets two handles with a cache in memory, and prints the state of the second.
func getTwice[T any](first, second lazy.Data[T]) {
	session := &lazy.Session{Cache: cache.NewMemory(1 << 20)}
	_, _ = first.Get(context.Background(), lazy.In(session))
	v, err := second.Get(context.Background(), lazy.In(session))
	fmt.Println(v, err, second.State())
}

func ExampleVersion() {
	getTwice(exampleResize.Of(100), exampleResize.Of(100))
	// Output: picture of 100 <nil> cached
}

func ExampleTTL() {
	getTwice(exampleRate.Of("EUR"), exampleRate.Of("EUR"))
	// Output: 1.25 <nil> cached
}

// How many workers search makes no difference to what is found.
func ExampleIgnoreArg() {
	getTwice(exampleSearch.Of("needle", 1), exampleSearch.Of("needle", 8))
	// Output: 6 <nil> cached
}

func ExampleKeyBy() {
	getTwice(exampleLocate.Of(netip.MustParsePrefix("192.0.2.0/24")), exampleLocate.Of(netip.MustParsePrefix("192.0.2.0/24")))
	// Output: somewhere <nil> cached
}

func ExampleCodec() {
	getTwice(exampleTree.Of("/"), exampleTree.Of("/"))
	// Output: map[root:/] <nil> cached
}

func ExampleValid() {
	getTwice(exampleCheap.Of(12), exampleCheap.Of(12))
	// Output: 144 <nil> cached
}
