package live

import "sync"

// frameLog has the latest events, encoded, by number. A client is nothing but a number: it reads at its own pace, and
// nobody waits for it. If it falls so far behind that its number is gone, it has to begin again with a key.
type frameLog struct {
	mu     sync.Mutex
	frames [][]byte      // Guarded by mu. Never written again
	first  uint64        // Guarded by mu. Number of frames[0]
	bytes  int           // Guarded by mu.
	more   chan struct{} // Guarded by mu. Closed at the next frame; nil if nobody waits
}

// logMax bounds the bytes of a log: some 200,000 spans.
const logMax = 8 << 20

// add appends a frame and lets go of the oldest.
func (l *frameLog) add(frame []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frames = append(l.frames, frame)
	l.bytes += len(frame)
	drop := 0
	for l.bytes > logMax && drop < len(l.frames)-1 {
		l.bytes -= len(l.frames[drop])
		l.frames[drop] = nil
		drop++
	}
	l.frames = l.frames[drop:]
	l.first += uint64(drop)
	if l.more != nil {
		close(l.more)
		l.more = nil
	}
}

// clear lets go of all frames.
func (l *frameLog) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.first += uint64(len(l.frames))
	l.frames, l.bytes = nil, 0
}

// end is the number of the next frame.
func (l *frameLog) end() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.first + uint64(len(l.frames))
}

// has reports whether all frames from number from on are there.
func (l *frameLog) has(from uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hasLocked(from)
}

// hasLocked is has. It needs mu.
func (l *frameLog) hasLocked(from uint64) bool {
	return l.first <= from && from <= l.first+uint64(len(l.frames))
}

// read returns the frames from number from on, a few at a time, or, if there are none yet, a channel that is closed when
// there are. ok is false if some are gone.
func (l *frameLog) read(from uint64) (frames [][]byte, more <-chan struct{}, ok bool) {
	const few = 16
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.hasLocked(from) {
		return nil, nil, false
	}
	frames = l.frames[from-l.first:]
	if len(frames) == 0 {
		if l.more == nil {
			l.more = make(chan struct{})
		}
		return nil, l.more, true
	}
	return append([][]byte(nil), frames[:min(few, len(frames))]...), nil, true
}
