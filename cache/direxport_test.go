package cache

import "time"

// LookDir makes a store in a directory look how much it keeps, and drop what is too much, now.
func LookDir(s Store) {
	d := s.(*dirStore)
	d.trim.mu.Lock()
	defer d.trim.mu.Unlock()
	d.look(time.Now(), 0)
}

// LimitDir makes a store in a directory do no more than this for one Put.
func LimitDir(s Store, look, batch, reads int) {
	s.(*dirStore).limits = dirLimits{lookRecords: look, lookBlobs: look, dropBatch: batch, dropReads: reads}
}
