package cache_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/dally-go/dally/cache"
	"github.com/stretchr/testify/require"
)

// block is the unit in which room is counted.
const block = 4 << 10

// roomOf returns how much room the files of a store take.
func roomOf(t testing.TB, root string) (room int64) {
	t.Helper()
	for _, part := range []string{"ac", "cas", "tmp"} {
		for _, path := range files(t, root, part) {
			if info, err := os.Stat(path); err == nil {
				room += (info.Size() + block - 1) / block * block
			}
		}
	}
	return room
}

func putCost(t testing.TB, s cache.Store, n, length int, cost time.Duration) {
	t.Helper()
	e := entryOf(n, 1, length)
	e.Meta.Cost = cost
	require.NoError(t, s.Put(t.Context(), e, bytesCodec{}))
}

// age makes a file look as though it was used last so long ago.
func age(t testing.TB, path string, d time.Duration) {
	t.Helper()
	then := time.Now().Add(-d)
	require.NoError(t, os.Chtimes(path, then, then))
}

func TestDirStaysWithinItsBytes(t *testing.T) {
	const budget = 4 << 20
	puts := 1000
	if testing.Short() {
		puts = 300
	}
	for name, lengthOf := range map[string]func(n int) int{
		"small":  func(n int) int { return 100 + n*791%20_000 },
		"large":  func(n int) int { return 60_000 + n*7919%600_000 },
		"mixed":  func(n int) int { return []int{10, 5000, 70_000, 1 << 20}[n%4] },
		"single": func(int) int { return budget - 2*block },
	} {
		t.Run(name, func(t *testing.T) {
			root := quickDir(t)
			s := openDir(t, root, cache.MaxBytes(budget))
			puts, most := puts, int64(0)
			switch name {
			case "large", "mixed":
				puts /= 10
			case "single":
				puts = 10
			}
			for n := range puts {
				put(t, s, n, 1, lengthOf(n))
				requireValue(t, s, n, 1, lengthOf(n))
				if n%10 == 0 {
					most = max(most, roomOf(t, root))
				}
			}
			require.LessOrEqual(t, most, int64(budget))
			require.Greater(t, most, int64(budget/2), "the room is not used")
		})
	}
}

// Many processes that put little each look how much is kept, too.
func TestDirStaysWithinItsBytesThoughOpenedAgain(t *testing.T) {
	const budget = 1 << 20
	root := quickDir(t)
	for n := range 300 {
		put(t, openDir(t, root, cache.MaxBytes(budget)), n, 1, 10_000)
	}
	// How many have put between two looks is chance. With 2.7 entries between two in the mean, 26 at once have
	// a probability of e^-10.
	require.LessOrEqual(t, roomOf(t, root), int64(budget+budget/4))
}

func TestDirDropsWhatIsCheapForItsSize(t *testing.T) {
	for name, pair := range map[string]struct{ stays, goes cache.Meta }{
		"slow and small, fast and large": {cache.Meta{Cost: 10 * time.Second, Size: 1 << 10}, cache.Meta{Cost: time.Millisecond, Size: 10 << 20}},
		"slow and fast, inline":          {cache.Meta{Cost: time.Second, Size: 50_000}, cache.Meta{Cost: time.Millisecond, Size: 50_000}},
		"slow and fast, on their own":    {cache.Meta{Cost: time.Second, Size: 5 << 20}, cache.Meta{Cost: time.Millisecond, Size: 5 << 20}},
		"small and large":                {cache.Meta{Cost: time.Second, Size: 1 << 20}, cache.Meta{Cost: time.Second, Size: 4 << 20}},
	} {
		t.Run(name, func(t *testing.T) {
			s := openDir(t, quickDir(t), cache.MaxBytes(12<<20))
			putCost(t, s, 1, int(pair.stays.Size), pair.stays.Cost)
			putCost(t, s, 2, int(pair.goes.Size), pair.goes.Cost)
			l := s.(cache.Lister)
			// What comes then is worth more than the one, and less than the other.
			worthOf := func(m cache.Meta) float64 { return m.Cost.Seconds() / float64(m.Size) }
			cost := time.Duration(500_000 * math.Sqrt(worthOf(pair.stays)*worthOf(pair.goes)) * float64(time.Second))
			for n := 3; !l.Evicted(keyOf(2)); n++ {
				require.Less(t, n, 300, "nothing is dropped")
				require.False(t, l.Evicted(keyOf(1)))
				putCost(t, s, n, 500_000, cost)
			}
			requireMiss(t, s, 2)
			requireValue(t, s, 1, 1, int(pair.stays.Size))
			require.False(t, l.Evicted(keyOf(1)))
		})
	}
}

func TestDirDropsWhatWasNotUsedForLong(t *testing.T) {
	root := t.TempDir()
	s := openDir(t, root, cache.MaxBytes(10<<20))
	for n := range 8 {
		put(t, s, n, 1, 1<<20)
	}
	paths := files(t, root, "ac")
	for i, path := range append(paths, files(t, root, "cas")...) {
		age(t, path, time.Duration(i%8+1)*time.Hour+time.Minute)
	}
	// A hit counts as a use.
	requireValue(t, s, 7, 1, 1<<20)
	for n := 10; n < 16; n++ {
		put(t, s, n, 1, 1<<20)
	}
	requireValue(t, s, 7, 1, 1<<20)
	for n := 10; n < 16; n++ {
		requireValue(t, s, n, 1, 1<<20)
	}
}

func TestDirKeepsWhatIsExpensiveThroughAScan(t *testing.T) {
	scan := 3000
	if testing.Short() {
		scan = 600
	}
	s := openDir(t, quickDir(t), cache.MaxBytes(2<<20))
	for n := range 16 {
		putCost(t, s, n, 1000, time.Second)
	}
	for n := range scan {
		putCost(t, s, 100+n, 1000, time.Millisecond)
	}
	for n := range 16 {
		requireValue(t, s, n, 1, 1000)
	}
}

func TestDirForgetsWhatWasNotUsed(t *testing.T) {
	for _, length := range []int{100, 1 << 20} {
		root := t.TempDir()
		s := openDir(t, root, cache.MaxAge(48*time.Hour))
		put(t, s, 1, 1, length)
		record := oneFile(t, root, "ac")
		for range 3 { // Each hit makes it young again.
			age(t, record, 47*time.Hour)
			requireValue(t, s, 1, 1, length)
		}
		age(t, record, 49*time.Hour)
		requireMiss(t, s, 1)
		require.Empty(t, files(t, root, "ac"))
		require.True(t, s.(cache.Lister).Evicted(keyOf(1)))
		put(t, s, 1, 1, length)
		requireValue(t, s, 1, 1, length)
		require.False(t, s.(cache.Lister).Evicted(keyOf(1)))
	}
}

// What is old goes with the first Put of a process if nobody has looked for a day.
func TestDirDropsWhatIsOldOnceADay(t *testing.T) {
	root := t.TempDir()
	s := openDir(t, root)
	put(t, s, 1, 1, 100)
	put(t, s, 2, 1, 1<<20)
	put(t, s, 3, 1, 1<<20)
	for _, path := range append(files(t, root, "ac"), files(t, root, "cas")...) {
		age(t, path, 31*24*time.Hour)
	}
	put(t, openDir(t, root), 3, 1, 100)
	require.Len(t, files(t, root, "ac"), 3, "somebody has looked already")
	age(t, filepath.Join(root, "v1", "trimmed"), 25*time.Hour)
	put(t, openDir(t, root), 4, 1, 100)
	require.Len(t, files(t, root, "ac"), 2)
	require.Empty(t, files(t, root, "cas"))
	require.True(t, s.(cache.Lister).Evicted(keyOf(1)))
}

func TestDirRemovesFilesOfDeadWriters(t *testing.T) {
	root := t.TempDir()
	s := openDir(t, root)
	old, young := filepath.Join(root, "v1", "tmp", "old"), filepath.Join(root, "v1", "tmp", "young")
	for _, path := range []string{old, young} {
		require.NoError(t, os.WriteFile(path, []byte("half"), 0o666))
	}
	age(t, old, 61*time.Minute)
	cache.LookDir(s)
	require.NoFileExists(t, old)
	require.FileExists(t, young)
}

// Values whose records are gone go first.
func TestDirDropsValuesWithoutRecords(t *testing.T) {
	root := t.TempDir()
	s := openDir(t, root, cache.MaxBytes(16<<20))
	for n := range 12 {
		put(t, s, n, 1, 1<<20)
	}
	for _, path := range files(t, root, "cas") {
		age(t, path, 2*time.Minute)
	}
	require.NoError(t, os.RemoveAll(filepath.Join(root, "v1", "ac")))
	for n := 20; n < 30; n++ {
		put(t, s, n, 1, 1<<20)
	}
	for n := 20; n < 30; n++ {
		requireValue(t, s, n, 1, 1<<20)
	}
	require.Len(t, files(t, root, "cas"), 10)
}

// A young value without a record may be one whose record is about to be written.
func TestDirKeepsYoungValuesWithoutRecords(t *testing.T) {
	root := quickDir(t)
	s := openDir(t, root, cache.MaxBytes(8<<20))
	put(t, s, 0, 1, 1<<20)
	value := oneFile(t, root, "cas")
	require.NoError(t, os.Remove(oneFile(t, root, "ac")))
	for n := 1; !s.(cache.Lister).Evicted(keyOf(1)); n++ {
		require.Less(t, n, 100, "nothing is dropped")
		putCost(t, s, n, 1<<20, time.Duration(n)*time.Millisecond)
	}
	require.FileExists(t, value)
}

// An entry that was dropped leaves a value that another one has used since.
func TestDirKeepsValuesThatOthersUse(t *testing.T) {
	root := t.TempDir()
	s := openDir(t, root, cache.MaxBytes(8<<20))
	value := valueOf(0, 0, 1<<20)
	entry := func(n int) cache.Entry {
		return cache.NewEntry(&cache.Meta{Key: keyOf(n), Cost: time.Duration(n) * time.Second}, value)
	}
	require.NoError(t, s.Put(t.Context(), entry(1), bytesCodec{}))
	age(t, oneFile(t, root, "ac"), time.Hour)
	require.NoError(t, s.Put(t.Context(), entry(2), bytesCodec{}))
	l := s.(cache.Lister)
	for n := 10; !l.Evicted(keyOf(1)); n++ {
		require.Less(t, n, 100, "nothing is dropped")
		putCost(t, s, n, 1<<20, time.Second+time.Millisecond)
	}
	v, err := get(t, s, 2)
	require.NoError(t, err)
	require.Equal(t, value, v)
}

// A store with more entries than one Put looks at is brought down by and by.
func TestDirWithMoreThanOneLookSees(t *testing.T) {
	const entries, budget = 1200, 300 * block
	root := quickDir(t)
	s := openDir(t, root)
	for n := range entries {
		put(t, s, n, 1, 1000)
	}
	s = openDir(t, root, cache.MaxBytes(budget))
	cache.LimitDir(s, 100, 40, 100)
	before := len(files(t, root, "ac"))
	cache.LookDir(s)
	after := len(files(t, root, "ac"))
	require.Less(t, after, before)
	require.GreaterOrEqual(t, after, before-100, "one look has done too much")
	// Each look drops some 30, and comes after 9 at most.
	for n := range 600 {
		put(t, s, entries+n, 1, 1000)
	}
	// What is kept is known by a sample of 100 files only.
	require.Less(t, roomOf(t, root), int64(budget+budget/2))
}

func TestDirForgetsWhatItDroppedLongAgo(t *testing.T) {
	root := t.TempDir()
	s := openDir(t, root, cache.MaxAge(time.Hour))
	list := filepath.Join(root, "v1", "evicted")
	require.NoError(t, os.WriteFile(list, make([]byte, 16*32_000), 0o666))
	put(t, s, 1, 1, 10)
	age(t, oneFile(t, root, "ac"), 2*time.Hour)
	requireMiss(t, s, 1)
	info, err := os.Stat(list)
	require.NoError(t, err)
	require.EqualValues(t, 16*16_000, info.Size())
	require.True(t, s.(cache.Lister).Evicted(keyOf(1)))
	require.Empty(t, files(t, root, "tmp"))

	// A list that was cut short is begun anew.
	require.NoError(t, os.WriteFile(list, make([]byte, 15), 0o666))
	put(t, s, 2, 1, 10)
	age(t, oneFile(t, root, "ac"), 2*time.Hour)
	requireMiss(t, s, 2)
	put(t, s, 3, 1, 10)
	age(t, oneFile(t, root, "ac"), 2*time.Hour)
	requireMiss(t, s, 3)
	require.True(t, s.(cache.Lister).Evicted(keyOf(3)))
}

// Several stores in one folder are what several processes have.
func TestDirTrimsWhileOthersReadAndWrite(t *testing.T) {
	const budget, stores = 2 << 20, 3
	rounds := 300
	if testing.Short() {
		rounds = 80
	}
	root := quickDir(t)
	problems := make(chan error, 2*stores)
	var all sync.WaitGroup
	for i := range stores {
		s := openDir(t, root, cache.MaxBytes(budget))
		for j := range 2 {
			all.Go(func() { problems <- mixDir(t.Context(), s, 2*i+j, rounds) })
		}
	}
	all.Wait()
	for range 2 * stores {
		require.NoError(t, <-problems)
	}
	// Each store may put a 32nd, and one entry, before it looks, and others while one looks.
	require.LessOrEqual(t, roomOf(t, root), int64(budget+budget/2))
	cache.LookDir(openDir(t, root, cache.MaxBytes(budget)))
	require.LessOrEqual(t, roomOf(t, root), int64(budget))
}

// mixDir puts and gets keys that others put and get, too, and returns the first thing that is wrong.
func mixDir(ctx context.Context, s cache.Store, seed, rounds int) error {
	for i := range rounds {
		n := (i*7 + seed*13) % 200
		length := []int{100, 5000, 40_000, 100_000}[n%4]
		if err := s.Put(ctx, entryOf(n, 1, length), bytesCodec{}); err != nil {
			return err
		}
		for _, n := range []int{n, (n + i) % 200} {
			v, err := getWith(ctx, s, n, bytesCodec{})
			if errors.Is(err, cache.ErrMiss) {
				continue
			}
			if err != nil {
				return err
			}
			if want := valueOf(n, 1, []int{100, 5000, 40_000, 100_000}[n%4]); string(v) != string(want) {
				return fmt.Errorf("key %d has a value that is not its own", n)
			}
		}
	}
	return nil
}
