package codec

import (
	"bytes"
	"encoding/binary"
	"io"
	"reflect"
	"runtime"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/kept"
)

func TestUnencodable(t *testing.T) {
	type inner struct{ F func() }
	type outer struct{ Rows []map[string]*inner }
	type hidden struct {
		A int
		b int
	}
	type embedsPointer struct{ *base }
	type hiddenStamped struct {
		time.Time
		place string
	}
	_, _ = hidden{}.b, hiddenStamped{}.place
	type loop struct {
		Next *loop
		Bad  any
	}
	for _, c := range []struct {
		t         reflect.Type
		path, bad string
	}{
		{reflect.TypeFor[any](), "interface {}", "interface {}"},
		{reflect.TypeFor[error](), "error", "error"},
		{reflect.TypeFor[outer](), "codec.outer.Rows[][].F", "func()"},
		{reflect.TypeFor[hidden](), "codec.hidden.b", "int"},
		{reflect.TypeFor[embedsPointer](), "codec.embedsPointer.base", "*codec.base"},
		{reflect.TypeFor[hiddenStamped](), "codec.hiddenStamped.place", "string"},
		{reflect.TypeFor[loop](), "codec.loop.Bad", "interface {}"},
		{reflect.TypeFor[[]chan int](), "[]chan int[]", "chan int"},
		{reflect.TypeFor[[2]uintptr](), "[2]uintptr[]", "uintptr"},
		{reflect.TypeFor[unsafe.Pointer](), "unsafe.Pointer", "unsafe.Pointer"},
		{reflect.TypeFor[map[*int]int](), "map[*int]int[key]", "*int"},
		{reflect.TypeFor[map[[2]pair[int, *int]]int](), "map[[2]codec.pair[int,*int]]int[key]", "[2]codec.pair[int,*int]"},
		{reflect.TypeFor[map[any]int](), "map[interface {}]int[key]", "interface {}"},
		{reflect.TypeFor[sync.Mutex](), "sync.Mutex._", ""},
	} {
		_, err := ForType(c.t)
		var u *UnencodableError
		require.ErrorAs(t, err, &u, c.t)
		require.ErrorIs(t, err, kept.ErrStays)
		if c.bad != "" {
			require.Equal(t, c.path, u.Path)
			require.Equal(t, c.bad, u.Type.String())
			require.Contains(t, err.Error(), c.path)
		}
	}
}

func TestForIsForType(t *testing.T) {
	a, err := For[result]()
	require.NoError(t, err)
	b, err := ForType(reflect.TypeFor[result]())
	require.NoError(t, err)
	require.Same(t, a, b)
}

// through writes v and reads it again.
func through[T any](t *testing.T, v T) T {
	t.Helper()
	c, err := For[T]()
	require.NoError(t, err)
	got, err := c.Decode(bytes.NewReader(encoded(t, c, v)))
	require.NoError(t, err)
	return got.(T)
}

func TestSharedComesBackShared(t *testing.T) {
	n := 1
	m := map[string]int{"a": 1}
	got := through(t, pair[[]*int, []map[string]int]{[]*int{&n, &n, new(int)}, []map[string]int{m, m}})
	require.Same(t, got.Key[0], got.Key[1])
	require.NotSame(t, got.Key[0], got.Key[2])
	got.Value[0]["b"] = 2
	require.Len(t, got.Value[1], 2)

	ring := &links{}
	ring.Next = &links{Next: ring}
	back := through(t, ring)
	require.Same(t, back, back.Next.Next)
	require.NotSame(t, back, back.Next)

	self := maps{}
	self["self"] = self
	selfBack := through(t, self)
	selfBack["more"] = nil
	require.Contains(t, selfBack["self"], "more")
}

// TestSmallBecauseShared: a value of 64 slices has 2^64 paths through it.
func TestSmallBecauseShared(t *testing.T) {
	f := forks{}
	for range 64 {
		f = forks{f, f}
	}
	c, err := For[forks]()
	require.NoError(t, err)
	b := encoded(t, c, f)
	require.Less(t, len(b), 1000)
	got, err := c.Decode(bytes.NewReader(b))
	require.NoError(t, err)
	for x := got.(forks); len(x) > 0; x = x[0] {
		require.Same(t, unsafe.SliceData(x[0]), unsafe.SliceData(x[1]))
	}
}

func TestSliceThatHoldsItself(t *testing.T) {
	f := make(forks, 2)
	f[0], f[1] = f, f
	c, err := For[forks]()
	require.NoError(t, err)
	require.ErrorIs(t, c.Encode(io.Discard, f), kept.ErrStays)
	require.NoError(t, c.Encode(io.Discard, forks{}), "after an error")
}

func TestDeep(t *testing.T) {
	c, err := For[*links]()
	require.NoError(t, err)
	chain := func(n int) (l *links) {
		for range n {
			l = &links{Next: l}
		}
		return l
	}
	b := encoded(t, c, chain(depthMax))
	got, err := c.Decode(bytes.NewReader(b))
	require.NoError(t, err)
	n := 0
	for l := got.(*links); l != nil; l = l.Next {
		n++
	}
	require.Equal(t, depthMax, n)
	require.ErrorIs(t, c.Encode(io.Discard, chain(depthMax+1)), kept.ErrStays)

	h := c.(*structural).header
	_, err = c.Decode(bytes.NewReader(append(h[:], bytes.Repeat([]byte{1}, depthMax+1)...)))
	require.ErrorContains(t, err, "deep")
	wide, err := For[tree]()
	require.NoError(t, err)
	require.NoError(t, wide.Encode(io.Discard, tree{make([]tree, depthMax+10)}), "width is not depth")
}

// liar is a reader that says of itself what it likes.
type liar struct {
	io.Reader
	len int
}

func (l liar) Len() int { return l.len }

// TestMemoryFollowsBytes: a few bytes that announce much do not make much memory be asked for.
func TestMemoryFollowsBytes(t *testing.T) {
	for _, typ := range []reflect.Type{
		reflect.TypeFor[string](), reflect.TypeFor[[]byte](), reflect.TypeFor[[]float64](), reflect.TypeFor[[]string](),
		reflect.TypeFor[[]onlyBlank](), reflect.TypeFor[map[int]int](), reflect.TypeFor[tree](), reflect.TypeFor[netlike](),
		reflect.TypeFor[[]row](), reflect.TypeFor[[]bool](),
	} {
		c, err := ForType(typ)
		require.NoError(t, err)
		h := c.(*structural).header
		for _, count := range []uint64{1 << 20, 1 << 31, 1<<62 + 1, 1<<63 - 1, 1<<64 - 1} {
			for _, lead := range [][]byte{nil, {1}} {
				b := append(append(h[:], lead...), binary.AppendUvarint(nil, count)...)
				for _, r := range []io.Reader{bytes.NewReader(b), bare{bytes.NewReader(b)}, liar{bytes.NewReader(b), -1}} {
					var before, after runtime.MemStats
					runtime.ReadMemStats(&before)
					_, err := c.Decode(r)
					runtime.ReadMemStats(&after)
					require.Error(t, err)
					require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20), "%v, %d", typ, count)
				}
			}
		}
	}
}

// TestMemoryOfNested: each level announces more than there is.
func TestMemoryOfNested(t *testing.T) {
	for _, typ := range []reflect.Type{reflect.TypeFor[forks](), reflect.TypeFor[tree](), reflect.TypeFor[maps]()} {
		c, err := ForType(typ)
		require.NoError(t, err)
		h := c.(*structural).header
		level := append([]byte{1}, binary.AppendUvarint(nil, 1<<40)...)
		if typ.Kind() == reflect.Map {
			level = append(level, 0) // the key
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = c.Decode(bytes.NewReader(append(h[:], bytes.Repeat(level, depthMax)...)))
		runtime.ReadMemStats(&after)
		require.ErrorIs(t, err, kept.ErrCorrupt)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(depthMax*2*aheadMin+4<<20), typ)
	}
}

// netlike announces bytes for its method.
type netlike struct{ data []byte }

func (n netlike) MarshalBinary() ([]byte, error) { return n.data, nil }

func (n *netlike) UnmarshalBinary(b []byte) error {
	n.data = b
	return nil
}

func TestLengthThatLies(t *testing.T) {
	for _, typ := range []reflect.Type{reflect.TypeFor[[]byte](), reflect.TypeFor[[]string](), reflect.TypeFor[[]row]()} {
		c, err := ForType(typ)
		require.NoError(t, err)
		v := reflect.MakeSlice(typ, 100_000, 100_000).Interface()
		b := encoded(t, c, v)
		for _, n := range []int{-1, 0, 1, 100, 1 << 21} {
			got, err := c.Decode(liar{bytes.NewReader(b), n})
			require.NoError(t, err)
			require.True(t, bytes.Equal(b, encoded(t, c, got)), "%d bytes said to come", n)
			_, err = c.Decode(liar{bytes.NewReader(b[:len(b)/2]), n})
			require.ErrorIs(t, err, kept.ErrCorrupt)
		}
	}
}

func TestLargeComesInPieces(t *testing.T) {
	v := make([]float64, 1<<19)
	v[len(v)-1] = 1
	c, err := For[[]float64]()
	require.NoError(t, err)
	var largest int
	var b bytes.Buffer
	require.NoError(t, c.Encode(writerFunc(func(p []byte) (int, error) {
		largest = max(largest, len(p))
		return b.Write(p)
	}), v))
	require.Equal(t, pieceLen, largest)
	got, err := c.Decode(bare{&b})
	require.NoError(t, err)
	require.Equal(t, v, got)
	require.Equal(t, len(v), cap(got.([]float64)))
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestMethods(t *testing.T) {
	c, err := For[[]*temperature]()
	require.NoError(t, err)
	err = c.Encode(io.Discard, []*temperature{{13}})
	require.ErrorContains(t, err, "thirteen")
	require.ErrorContains(t, err, "temperature")
	got := through(t, []*temperature{nil, {5}})
	require.Nil(t, got[0])
	require.EqualValues(t, 5, got[1].tenths)

	_, err = For[panicky]()
	require.NoError(t, err)
	p, _ := For[panicky]()
	_, err = p.Decode(bytes.NewReader(encoded(t, p, panicky{})))
	require.ErrorContains(t, err, "reading")
}

// panicky can be written, but not read.
type panicky struct{ hidden int8 }

func (panicky) MarshalBinary() ([]byte, error) { return nil, nil }

func (p *panicky) UnmarshalBinary([]byte) error {
	p.hidden++
	panic("reading")
}

func TestConcurrent(t *testing.T) {
	v := benchRecord()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			c, err := For[record]()
			if err != nil {
				t.Error(err)
				return
			}
			for range 100 {
				var b bytes.Buffer
				if err := c.Encode(&b, v); err != nil {
					t.Error(err)
				}
				if got, err := c.Decode(&b); err != nil || !reflect.DeepEqual(v, got) {
					t.Error(got, err)
				}
			}
		})
	}
	wg.Wait()
}
