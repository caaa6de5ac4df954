package cache_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/cache/cachetest"
	"github.com/stretchr/testify/require"
)

// inlineMax is up to which length a value is kept in the record.
const inlineMax = 64 << 10

// bytesCodec is for []byte, as they are.
type bytesCodec struct{}

func (bytesCodec) Encode(w io.Writer, v any) error {
	_, err := w.Write(v.([]byte))
	return err
}

func (bytesCodec) Decode(r io.Reader) (any, error) {
	b := make([]byte, r.(interface{ Len() int }).Len())
	_, err := io.ReadFull(r, b)
	return b, err
}

func openDir(t testing.TB, path string, opts ...cache.DirOption) cache.Store {
	t.Helper()
	s, err := cache.OpenDir(path, opts...)
	require.NoError(t, err)
	return s
}

func keyOf(n int) (key cache.Key) {
	binary.BigEndian.PutUint32(key[:], uint32(n)*2654435761)
	key[31] = 1
	return key
}

// entryOf is an entry with a value of a length that every part of tells which it is.
func entryOf(n, version, length int) cache.Entry {
	m := &cache.Meta{
		Key: keyOf(n), Function: "main.f", Version: "v1", Cost: time.Millisecond,
		Created: time.Now().UTC().Round(0), Size: int64(length),
	}
	return cache.NewEntry(m, valueOf(n, version, length))
}

func valueOf(n, version, length int) []byte {
	b := make([]byte, length)
	for i := range b {
		b[i] = byte(i*31 + n*7 + version*13 + i/251)
	}
	return b
}

func put(t testing.TB, s cache.Store, n, version, length int) {
	t.Helper()
	require.NoError(t, s.Put(t.Context(), entryOf(n, version, length), bytesCodec{}))
}

// get returns the value under the nth key, or why it cannot be had.
func get(t testing.TB, s cache.Store, n int) ([]byte, error) {
	t.Helper()
	return getWith(t.Context(), s, n, bytesCodec{})
}

func getWith(ctx context.Context, s cache.Store, n int, codec cache.Codec) ([]byte, error) {
	e, err := s.Get(ctx, keyOf(n), codec)
	if err != nil {
		return nil, err
	}
	v, err := e.Value(ctx)
	if err != nil {
		return nil, err
	}
	return v.([]byte), nil
}

func requireValue(t testing.TB, s cache.Store, n, version, length int) {
	t.Helper()
	v, err := get(t, s, n)
	require.NoError(t, err)
	require.Equal(t, valueOf(n, version, length), v)
}

func requireMiss(t testing.TB, s cache.Store, n int) {
	t.Helper()
	_, err := get(t, s, n)
	require.Equal(t, cache.ErrMiss, err)
}

// files returns the paths of the files in a part of the store, such as "ac".
func files(t testing.TB, root, part string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, "v1", part), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	require.NoError(t, err)
	return paths
}

// oneFile returns the only file in a part of the store.
func oneFile(t testing.TB, root, part string) string {
	t.Helper()
	paths := files(t, root, part)
	require.Len(t, paths, 1)
	return paths[0]
}

func TestDirIsAStore(t *testing.T) {
	const budget = 32 << 20
	for name, opts := range map[string][]cache.DirOption{
		"limited": {cache.MaxBytes(budget), cache.MaxAge(time.Hour)},
		"default": nil,
	} {
		t.Run(name, func(t *testing.T) {
			if name == "default" && testing.Short() {
				t.Skip("the same as limited but for what is dropped")
			}
			says := []cachetest.Option{cachetest.Bytes()}
			if opts != nil {
				says = append(says, cachetest.Budget(budget))
			}
			cachetest.Run(t, func(t *testing.T) cache.Store { return openDir(t, t.TempDir(), opts...) }, says...)
		})
	}
}

func TestDirIsThereForTheNextProcess(t *testing.T) {
	root := t.TempDir()
	lengths := []int{0, 1, 1000, inlineMax - 1, inlineMax, inlineMax + 1, 1 << 20}
	first := openDir(t, root)
	for n, length := range lengths {
		put(t, first, n, 1, length)
	}
	second := openDir(t, root)
	for n, length := range lengths {
		requireValue(t, second, n, 1, length)
	}
	require.Len(t, files(t, root, "cas"), 2)
	require.Empty(t, files(t, root, "tmp"))
}

func TestDirKeepsEqualValuesOnce(t *testing.T) {
	root := t.TempDir()
	s := openDir(t, root)
	value := valueOf(0, 0, 1<<20)
	for n := range 3 {
		e := cache.NewEntry(&cache.Meta{Key: keyOf(n)}, value)
		require.NoError(t, s.Put(t.Context(), e, bytesCodec{}))
	}
	oneFile(t, root, "cas")
	require.Len(t, files(t, root, "ac"), 3)
}

func TestDirOptionsThatAreWrong(t *testing.T) {
	for want, opt := range map[string]cache.DirOption{
		"MaxBytes(0)": cache.MaxBytes(0), "MaxBytes(-5)": cache.MaxBytes(-5),
		"MaxAge(0s)": cache.MaxAge(0), "MaxAge(-1h0m0s)": cache.MaxAge(-time.Hour),
	} {
		path := filepath.Join(t.TempDir(), "new")
		_, err := cache.OpenDir(path, opt)
		require.ErrorContains(t, err, want)
		require.NoDirExists(t, path)
	}
}

func TestOpenDirOfWhatIsNoFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	for _, path := range []string{"", file, filepath.Join(file, "below"), "nul\x00"} {
		_, err := cache.OpenDir(path)
		require.ErrorContains(t, err, "OpenDir")
	}
}

func TestOpenDirMakesAFolderForThisUser(t *testing.T) {
	root := filepath.Join(t.TempDir(), "a", "b")
	openDir(t, root)
	info, err := os.Stat(root)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
	}
}

func TestOpenDirMarksItsFolder(t *testing.T) {
	root := filepath.Join(t.TempDir(), "new")
	openDir(t, root)
	tag, err := os.ReadFile(filepath.Join(root, "CACHEDIR.TAG"))
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(tag), "Signature: 8a477f597d28d172789f06886806bc55\n"))
	ignore := filepath.Join(root, ".gitignore")
	text, err := os.ReadFile(ignore)
	require.NoError(t, err)
	require.Equal(t, "*\n", string(text))

	// What is there stays, even if the rest has to be made again.
	require.NoError(t, os.WriteFile(ignore, []byte("mine"), 0o666))
	require.NoError(t, os.RemoveAll(filepath.Join(root, "v1")))
	put(t, openDir(t, root), 1, 1, 10)
	text, err = os.ReadFile(ignore)
	require.NoError(t, err)
	require.Equal(t, "mine", string(text))
}

func TestOpenDirDoesNotMarkWhatIsNotItsOwn(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "main.go"), nil, 0o666))
	put(t, openDir(t, root), 1, 1, 10)
	require.NoFileExists(t, filepath.Join(root, ".gitignore"))
	require.NoFileExists(t, filepath.Join(root, "CACHEDIR.TAG"))
}

func TestDirWhoseFolderIsRemoved(t *testing.T) {
	root := filepath.Join(t.TempDir(), "store")
	s := openDir(t, root)
	for _, length := range []int{10, 1 << 20} {
		put(t, s, 1, 1, length)
		e, err := s.Get(t.Context(), keyOf(1), bytesCodec{})
		require.NoError(t, err)
		require.NoError(t, os.RemoveAll(root))
		if length > inlineMax {
			_, err = e.Value(t.Context())
			require.ErrorIs(t, err, cache.ErrMiss)
		}
		requireMiss(t, s, 1)
		put(t, s, 1, 1, length)
		requireValue(t, s, 1, 1, length)
		require.FileExists(t, filepath.Join(root, "CACHEDIR.TAG"))
	}
}

func TestDirWhoseValueIsRemoved(t *testing.T) {
	root := t.TempDir()
	s := openDir(t, root)
	put(t, s, 1, 1, 1<<20)
	require.NoError(t, os.Remove(oneFile(t, root, "cas")))
	requireMiss(t, s, 1)
	require.Empty(t, files(t, root, "ac"), "a record without its value stays")
	put(t, s, 1, 1, 1<<20)
	requireValue(t, s, 1, 1, 1<<20)
}

func TestDirReplacesAValueOnTheDisk(t *testing.T) {
	root := t.TempDir()
	s := openDir(t, root)
	for version := range 4 {
		put(t, s, 1, version, 1<<20)
	}
	requireValue(t, s, 1, 3, 1<<20)
	oneFile(t, root, "cas")
}

// codecOf decodes with a function.
type codecOf struct {
	bytesCodec
	decode func(io.Reader) (any, error)
}

func (c codecOf) Decode(r io.Reader) (any, error) { return c.decode(r) }

func TestDirWithCodecsThatFail(t *testing.T) {
	errCodec := errors.New("codec")
	for name, decode := range map[string]func(io.Reader) (any, error){
		"panics": func(io.Reader) (any, error) { panic("codec") },
		"fails":  func(io.Reader) (any, error) { return nil, errCodec },
	} {
		for _, length := range []int{100, 1 << 20} {
			root := t.TempDir()
			s := openDir(t, root)
			put(t, s, 1, 1, length)
			_, err := getWith(t.Context(), s, 1, codecOf{decode: decode})
			require.ErrorIs(t, err, cache.ErrCorrupt, name)
			require.ErrorContains(t, err, root)
			requireMiss(t, s, 1)
		}
	}
}

// Codecs may read in all sizes, and need not read all.
func TestDirGivesCodecsAllOfTheValue(t *testing.T) {
	s := openDir(t, t.TempDir())
	for _, length := range []int{0, 100, inlineMax + 1, 1 << 20} {
		put(t, s, 1, 1, length)
		want := valueOf(1, 1, length)
		for name, decode := range map[string]func(io.Reader) (any, error){
			"all at once":     func(r io.Reader) (any, error) { return io.ReadAll(r) },
			"byte by byte":    byteByByte,
			"large and small": largeAndSmall,
		} {
			v, err := getWith(t.Context(), s, 1, codecOf{decode: decode})
			require.NoError(t, err, name)
			require.Equal(t, want, v, name)
		}
		part, err := getWith(t.Context(), s, 1, codecOf{decode: func(r io.Reader) (any, error) {
			b := make([]byte, min(length, 50))
			_, err := io.ReadFull(r, b)
			return b, err
		}})
		require.NoError(t, err)
		require.Equal(t, want[:min(length, 50)], part)
	}
}

func byteByByte(r io.Reader) (any, error) {
	b := []byte{}
	for {
		c, err := r.(io.ByteReader).ReadByte()
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return nil, err
		}
		b = append(b, c)
	}
}

func largeAndSmall(r io.Reader) (any, error) {
	b := []byte{}
	for i := 0; ; i++ {
		left := r.(interface{ Len() int }).Len()
		part := make([]byte, []int{1, 300_000, 0, 4096, 65536}[i%5])
		n, err := io.ReadFull(r, part)
		b = append(b, part[:n]...)
		if left-n != r.(interface{ Len() int }).Len() {
			return nil, errors.New("Len does not tell what is left")
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return b, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func TestDirPutThatIsTooLarge(t *testing.T) {
	root := t.TempDir()
	s := openDir(t, root, cache.MaxBytes(1<<20))
	put(t, s, 1, 1, 1000)
	for _, length := range []int{1 << 20, 1<<20 + 1, 5 << 20} {
		require.ErrorIs(t, s.Put(t.Context(), entryOf(2, 1, length), bytesCodec{}), cache.ErrTooLarge)
		require.Empty(t, files(t, root, "tmp"))
		require.Empty(t, files(t, root, "cas"))
		requireValue(t, s, 1, 1, 1000)
	}
}
