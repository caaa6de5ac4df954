package cache

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// How the store bounds itself. A Put looks how much is kept if this process has put a 32nd of the limit since the last
// look. The first look of a process is due at a random point of that, so that many processes which put little each look
// as often as one that puts all. If the store is above 15/16 of its limit, entries are dropped until it is below 7/8.
//
// Everything here works on a part of a large store: keys and sums are spread evenly over 256 folders, so some folders,
// in random order, stand for all. That bounds how long the one Put takes on which the look falls.
const (
	// lookRecords and lookBlobs are after how many files a look goes by what it has seen. A look at a file takes
	// about 2 µs. Values differ in length much more than records, so more of them are needed.
	lookRecords = 1 << 14
	lookBlobs   = 1 << 17
	// batchMin is among how many records those to drop are chosen, dropReads how many are read for one Put. To read
	// the head of one takes about 6 µs.
	batchMin  = 1 << 12
	dropReads = 1 << 14

	// dirBlock is the unit in which files take room.
	dirBlock = 4 << 10
	// tempAge is how long a temporary file is left alone since it was written to last.
	tempAge = time.Hour
	// lookAge is after which time a look is due though little was put, for what has become old.
	lookAge = 24 * time.Hour
	// orphanAge is how old a value's file is at least when its record must be there, unless room is short.
	orphanAge = time.Minute
)

// roomOf returns how much a file of size bytes takes on the disk.
func roomOf(size int64) int64 { return (size + dirBlock - 1) &^ (dirBlock - 1) }

// dirTrim says when a look at how much is kept is due.
type dirTrim struct {
	// left is how much may be put until the next look, in bytes; clock when the age of the last look of all processes
	// is to be found out, in seconds since 1970.
	left, clock atomic.Int64
	// mu is held during a look. Others do not wait for it.
	mu sync.Mutex
}

func (t *dirTrim) start(s *dirStore) { t.left.Store(rand.Int64N(s.lookEvery() + 1)) }

// lookEvery is after how many bytes put a look is due.
func (s *dirStore) lookEvery() int64 { return s.bytesMax / 32 }

// makeRoom drops entries, if it is time to, so that room bytes more may be kept.
func (s *dirStore) makeRoom(room int64) {
	now := time.Now()
	due := s.trim.left.Add(-room) < 0
	if clock := s.trim.clock.Load(); now.Unix() >= clock && s.trim.clock.CompareAndSwap(clock, now.Add(time.Hour).Unix()) {
		info, err := os.Stat(s.trimmed)
		due = due || err == nil && now.Sub(info.ModTime()) > min(lookAge, s.ageMax/4)
	}
	if !due || !s.trim.mu.TryLock() {
		return
	}
	defer s.trim.mu.Unlock()
	// Other processes need not look now for what is old.
	_ = os.Chtimes(s.trimmed, now, now)
	s.trim.left.Store(s.look(now, room))
}

// look finds out how much is kept, drops what is too old, and what is too much if room bytes come in addition. It
// returns after how many more bytes the next look is due.
func (s *dirStore) look(now time.Time, room int64) int64 {
	s.dropTemps(now)
	total := s.measure(s.records, now, lookRecords) + s.measure(s.blobs, now, lookBlobs)
	if total+room <= s.bytesMax-s.bytesMax/16 {
		return s.lookEvery()
	}
	d := dropper{store: s, now: now, excess: total + room - (s.bytesMax - s.bytesMax/8)}
	d.run()
	if d.excess > 0 && d.freed > 0 {
		// There was too much to do. Half of what this look has freed may come before the next, so they get there.
		return min(s.lookEvery(), d.freed/2)
	}
	return s.lookEvery()
}

// dropTemps removes temporary files of processes that have died.
func (s *dirStore) dropTemps(now time.Time) {
	for _, file := range readFolder(s.temps) {
		if info, err := file.Info(); err == nil && now.Sub(info.ModTime()) > tempAge {
			_ = os.Remove(filepath.Join(s.temps, file.Name()))
		}
	}
}

// measure returns how much room the files take that are in the folders of folder, going by those of some folders when
// these have filesMax files. It removes the files among them that were not used for too long.
func (s *dirStore) measure(folder string, now time.Time, filesMax int) int64 {
	shards := shuffled(folder)
	var room int64
	var dropped []Key
	defer func() { s.remember(dropped) }()
	files := 0
	for i, shard := range shards {
		if files >= filesMax {
			return int64(float64(room) / float64(i) * float64(len(shards)))
		}
		for _, file := range readFolder(filepath.Join(folder, shard)) {
			files++
			info, err := file.Info()
			if err != nil {
				continue // It has gone.
			}
			if now.Sub(info.ModTime()) > s.ageMax {
				if os.Remove(filepath.Join(folder, shard, file.Name())) == nil {
					if key, ok := parseHash(shard, file.Name()); ok && folder == s.records {
						dropped = append(dropped, key)
					}
					continue
				}
			}
			room += roomOf(info.Size())
		}
	}
	return room
}

// shuffled returns the names of the folders in a folder, in random order.
func shuffled(folder string) []string {
	var names []string
	for _, entry := range readFolder(folder) {
		if entry.IsDir() && len(entry.Name()) == 2 {
			names = append(names, entry.Name())
		}
	}
	rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return names
}

// readFolder returns what is in a folder, in no order; what can be read of it, if there are errors.
func readFolder(path string) []fs.DirEntry {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	entries, _ := f.ReadDir(-1)
	return entries
}
