package cache_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/dally-go/dally/cache"
	"github.com/stretchr/testify/require"
)

var damages = []struct {
	name string
	do   func(b, other []byte, at int) []byte
}{
	{"truncate", func(b, _ []byte, at int) []byte { return b[:at] }},
	{"flip", func(b, _ []byte, at int) []byte { b[at] ^= 1 << (at % 8); return b }},
	{"zero", func(b, _ []byte, at int) []byte { clear(b[at:]); return b }},
	{"zero a sector", func(b, _ []byte, at int) []byte { clear(b[at:min(at+512, len(b))]); return b }},
	{"extend", func(b, _ []byte, at int) []byte { return append(b, b[at:]...) }},
	{"swap", func(_, other []byte, _ int) []byte { return other }},
	{"head of another", func(b, other []byte, at int) []byte { copy(b[:at], other); return b }},
	{"empty", func(b, _ []byte, _ int) []byte { return b[:0] }},
}

// damageDir damages files of a store as a program says, of which each four bytes are: a file, another one, what to do,
// where.
func damageDir(t testing.TB, root string, program []byte) {
	t.Helper()
	paths := slices.Concat(files(t, root, "ac"), files(t, root, "cas"))
	for op := range slices.Chunk(program, 4) {
		if len(op) < 4 {
			return
		}
		path := paths[int(op[0])%len(paths)]
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		other, err := os.ReadFile(paths[int(op[1])%len(paths)])
		require.NoError(t, err)
		if len(b) == 0 {
			continue
		}
		// Most of what can be wrong is at the start and at the end.
		at := int(op[3])
		if at >= 128 {
			at += len(b) - 256
		}
		b = damages[int(op[2])%len(damages)].do(b, other, min(max(at, 0), len(b)-1))
		require.NoError(t, os.WriteFile(path, b, 0o666))
	}
}

var (
	damagedLengths = []int{0, 10, 700, inlineMax, inlineMax + 1, 80_000}
	damagedEntries = sync.OnceValue(func() (entries []cache.Entry) {
		for n, length := range damagedLengths {
			entries = append(entries, entryOf(n, 1, length))
		}
		return entries
	})
)

// requireRightOrNone gets all that was put, and reports how many entries were damaged.
func requireRightOrNone(t testing.TB, s cache.Store) (damaged int) {
	t.Helper()
	for n, e := range damagedEntries() {
		v, err := get(t, s, n)
		if err == nil {
			want, _ := e.Value(t.Context())
			require.True(t, bytes.Equal(want.([]byte), v), "a wrong value of %d bytes", len(v))
			continue
		}
		require.True(t, errors.Is(err, cache.ErrCorrupt) || errors.Is(err, cache.ErrMiss), err)
		damaged++
		// It was removed, so who asks again is told that there is none.
		requireMiss(t, s, n)
	}
	return damaged
}

func fillDamaged(t testing.TB, s cache.Store) {
	t.Helper()
	for _, e := range damagedEntries() {
		require.NoError(t, s.Put(t.Context(), e, bytesCodec{}))
	}
}

func TestDirGivesNothingDamaged(t *testing.T) {
	root := quickDir(t)
	s := openDir(t, root)
	for i, damage := range damages {
		for _, at := range []byte{0, 7, 8, 41, 100, 128, 239, 240, 255} {
			for file := range byte(8) { // Six records, two values.
				fillDamaged(t, s)
				damageDir(t, root, []byte{file, file + 1, byte(i), at})
				// To zero what is zero, or copy what is equal, damages nothing.
				require.LessOrEqual(t, requireRightOrNone(t, s), 1, damage.name)
				fillDamaged(t, s)
				require.Zero(t, requireRightOrNone(t, s), "%s: not repaired", damage.name)
			}
		}
	}
}

func TestDirSaysWhichFileIsDamaged(t *testing.T) {
	root := t.TempDir()
	s := openDir(t, root)
	for part, length := range map[string]int{"ac": 10, "cas": 1 << 20} {
		put(t, s, 1, 1, length)
		record, path := oneFile(t, root, "ac"), oneFile(t, root, part)
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		b[len(b)/2] ^= 1
		require.NoError(t, os.WriteFile(path, b, 0o666))
		_, err = get(t, s, 1)
		require.ErrorIs(t, err, cache.ErrCorrupt)
		require.ErrorContains(t, err, record)
		require.Empty(t, files(t, root, "ac"))
		require.Empty(t, files(t, root, "cas"))
	}
}

// A file may be cut short between Get and Value, and while it is read.
func TestDirWithAValueThatIsCutShort(t *testing.T) {
	const length = 3 << 20
	for name, codec := range map[string]cache.Codec{
		"large reads": bytesCodec{}, "small reads": codecOf{decode: byteByByte}, "all at once": codecOf{decode: largeAndSmall},
	} {
		root := t.TempDir()
		s := openDir(t, root)
		put(t, s, 1, 1, length)
		e, err := s.Get(t.Context(), keyOf(1), codec)
		require.NoError(t, err)
		require.NoError(t, os.Truncate(oneFile(t, root, "cas"), length/2))
		_, err = e.Value(t.Context())
		require.ErrorIs(t, err, cache.ErrCorrupt, name)
		require.ErrorContains(t, err, "too short")
		requireMiss(t, s, 1)
	}
}

// What ends the reading is no damage.
func TestDirWhoseValueIsNoLongerWaitedFor(t *testing.T) {
	s := openDir(t, t.TempDir())
	put(t, s, 1, 1, 3<<20)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := getWith(ctx, s, 1, codecOf{decode: func(r io.Reader) (any, error) {
		_, err := io.CopyN(io.Discard, r, 100)
		cancel()
		return []byte{}, err
	}})
	require.Equal(t, context.Canceled, err)
	_, err = s.Get(ctx, keyOf(1), bytesCodec{})
	require.Equal(t, context.Canceled, err)
	requireValue(t, s, 1, 1, 3<<20)
}

func TestDirListsWhatIsWhole(t *testing.T) {
	root := t.TempDir()
	s := openDir(t, root)
	put(t, s, 1, 1, 10)
	require.NoError(t, os.Truncate(oneFile(t, root, "ac"), 100))
	put(t, s, 2, 1, 1<<20)
	require.NoError(t, os.Remove(oneFile(t, root, "cas")))
	put(t, s, 3, 1, 10)
	put(t, s, 4, 1, 2<<20)
	keys := make(map[cache.Key]int64)
	for m := range s.(cache.Lister).List(t.Context()) {
		keys[m.Key] = m.Size
	}
	require.Equal(t, map[cache.Key]int64{keyOf(3): 10, keyOf(4): 2 << 20}, keys)
}

func TestDirWithFoldersWhereFilesShouldBe(t *testing.T) {
	root := t.TempDir()
	s := openDir(t, root)
	for part, length := range map[string]int{"ac": 10, "cas": 1 << 20} {
		put(t, s, 1, 1, length)
		path := oneFile(t, root, part)
		require.NoError(t, os.Remove(path))
		require.NoError(t, os.Mkdir(path, 0o777))
		_, err := get(t, s, 1)
		require.ErrorIs(t, err, cache.ErrCorrupt)
		put(t, s, 1, 1, length)
		requireValue(t, s, 1, 1, length)
	}
}

// Files that are not the store's own are left alone.
func TestDirWithForeignFiles(t *testing.T) {
	root := t.TempDir()
	s := openDir(t, root, cache.MaxBytes(1<<20))
	put(t, s, 1, 1, 10)
	var foreign []string
	for _, name := range []string{"/v1/ac/notes", "/v1/ac/zz/notes", "/v1/cas/ab/notes", "/v1/ab"} {
		path := root + name
		require.NoError(t, os.MkdirAll(path[:len(path)-len("/notes")], 0o777))
		require.NoError(t, os.WriteFile(path, []byte("mine"), 0o666))
		foreign = append(foreign, path)
	}
	for n := range 300 {
		put(t, s, n, 1, 5000)
	}
	for range s.(cache.Lister).List(t.Context()) {
	}
	for _, path := range foreign {
		require.FileExists(t, path)
	}
}

func FuzzDirDamaged(f *testing.F) {
	f.Add([]byte{0, 1, 0, 10})
	f.Add([]byte{1, 2, 5, 0, 2, 1, 5, 0})
	f.Add([]byte{6, 7, 5, 0, 7, 0, 1, 200})
	f.Add([]byte{4, 4, 4, 0, 5, 5, 3, 3, 1, 1, 2, 255})
	root := quickDir(f)
	s := openDir(f, root)
	f.Fuzz(func(t *testing.T, program []byte) {
		fillDamaged(t, s)
		damageDir(t, root, program)
		requireRightOrNone(t, s)
		fillDamaged(t, s)
		require.Zero(t, requireRightOrNone(t, s), "not repaired")
	})
}
