package cache

import (
	"cmp"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// dropper drops entries to make room. It reads the heads of some records, and of these it drops the half that is worth
// least, until there is room: what is worth little in a random part of the store is so in all of it.
type dropper struct {
	store *dirStore
	now   time.Time
	// excess is how much is still to be freed, in bytes, freed how much was.
	excess, freed int64
	// reads counts heads that were read.
	reads int
	// sums are those of the values that records have, as far as they were read.
	sums map[[len(Key{})]byte]struct{}
	// dropped are the keys of the entries dropped.
	dropped []Key
}

// victim is an entry that may be dropped.
type victim struct {
	key  Key
	path string
	// room is what the record takes.
	room int64
	blob bool
	// sum and size are those of the value's file.
	sum  [len(Key{})]byte
	size int64
	used time.Time
	// worth is the time that keeping the entry saves, as a measure to compare: see worthOf.
	worth float64
}

// run drops entries until there is room, but reads only dropReads heads, about: a larger store is brought down by and by.
func (d *dropper) run() {
	// If half of all was not enough, the rest goes in the same order.
	for round, orphans := range []time.Duration{orphanAge, 0} {
		d.sums = make(map[[len(Key{})]byte]struct{})
		d.round(round > 0, orphans)
		if d.excess <= 0 || d.reads >= dropReads {
			break
		}
	}
	d.store.remember(d.dropped)
}

// round goes through the store until there is room: all says that there is no half to be left.
func (d *dropper) round(all bool, orphans time.Duration) {
	var batch []victim
	shards := shuffled(d.store.records)
	for i, shard := range shards {
		batch = d.read(batch, shard)
		last := i == len(shards)-1
		if len(batch) < batchMin && !last {
			continue
		}
		whole := len(batch) == d.reads && last
		if last {
			d.dropOrphans(orphans)
		}
		d.dropLeast(batch, all || whole)
		batch = batch[:0]
		if d.excess <= 0 || d.reads >= dropReads {
			return
		}
	}
	if len(shards) == 0 {
		d.dropOrphans(orphans)
	}
}

// read appends the entries of a folder to batch.
func (d *dropper) read(batch []victim, shard string) []victim {
	folder := filepath.Join(d.store.records, shard)
	for _, file := range readFolder(folder) {
		key, ok := parseHash(shard, file.Name())
		info, err := file.Info()
		if !ok || err != nil {
			continue
		}
		d.reads++
		v := victim{
			key: key, path: filepath.Join(folder, file.Name()), room: roomOf(info.Size()), used: info.ModTime(), worth: -1,
		}
		// What cannot be read, or is damaged, is worth nothing.
		if head, err := readHead(v.path); err == nil {
			v.blob, v.sum, v.size = head.blob, head.sum, head.size
			v.worth = d.worthOf(head, v)
			if v.blob {
				d.sums[v.sum] = struct{}{}
			}
		}
		batch = append(batch, v)
	}
	return batch
}

// readHead reads the head of a record.
func readHead(path string) (recordHead, error) {
	f, err := os.Open(path)
	if err != nil {
		return recordHead{}, err
	}
	defer f.Close()
	var b [headLen]byte
	n, err := io.ReadFull(f, b[:])
	if err != nil && err != io.ErrUnexpectedEOF {
		return recordHead{}, err
	}
	head, ok := parseHead(b[:n])
	if !ok {
		return recordHead{}, corrupt("not a record of this format")
	}
	return head, nil
}

// worthOf returns how much time it saves to keep an entry, for each byte and each hour since its last use: how often it
// will be used is judged by how long ago that was, as uses are not counted. An entry that was used later than when it
// was made has shown that it is, and counts twice.
func (d *dropper) worthOf(head recordHead, v victim) float64 {
	room := v.room
	if v.blob {
		room += roomOf(head.size)
	}
	idle := max(d.now.Sub(v.used), 0) + time.Hour
	worth := float64(max(head.cost, time.Microsecond)) / float64(room) / idle.Hours()
	if v.used.Sub(head.created) > d.store.touchAfter {
		worth *= 2
	}
	return worth
}

// dropLeast drops the entries that are worth least, up to half of them or all, until there is room.
func (d *dropper) dropLeast(batch []victim, all bool) {
	slices.SortFunc(batch, func(a, b victim) int { return cmp.Compare(a.worth, b.worth) })
	if !all {
		batch = batch[:len(batch)/2]
	}
	for _, v := range batch {
		if d.excess <= 0 {
			return
		}
		d.drop(v)
	}
}

func (d *dropper) drop(v victim) {
	if os.Remove(v.path) != nil {
		return
	}
	d.free(v.room)
	if v.blob && (blobInUse{path: d.store.blobPath(v.sum), used: v.used}).drop() {
		d.free(roomOf(v.size))
	}
	if v.worth >= 0 {
		d.dropped = append(d.dropped, v.key)
	}
}

func (d *dropper) free(room int64) { d.excess, d.freed = d.excess-room, d.freed+room }

// dropOrphans removes the values' files that no record has, if they are older than age: a younger one may be on its way
// to get one. All records must have been read.
func (d *dropper) dropOrphans(age time.Duration) {
	for _, shard := range shuffled(d.store.blobs) {
		folder := filepath.Join(d.store.blobs, shard)
		for _, file := range readFolder(folder) {
			sum, ok := parseHash(shard, file.Name())
			if _, known := d.sums[sum]; known || !ok {
				continue
			}
			info, err := file.Info()
			if err != nil || d.now.Sub(info.ModTime()) < age {
				continue
			}
			if os.Remove(filepath.Join(folder, file.Name())) == nil {
				d.free(roomOf(info.Size()))
			}
		}
	}
}
