package codec

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/dally-go/dally/internal/kept"
)

// A time is written as its instant, 12 bytes, and one of these, followed by the zone's offset and abbreviation at that
// instant for all but UTC, and by the location's name for zoneNamed. The reading of the monotonic clock is left out: it
// means nothing in another process.
const (
	zoneUTC = iota
	zoneLocal
	zoneFixed // of time.FixedZone, or the same as such a one at all times
	zoneNamed // of time.LoadLocation
)

// zones remembers locations, also from one value to the next.
type zones map[zone]*time.Location

// kept returns what of zs is worth keeping: all, or nothing if there are too many.
func (zs zones) kept() zones {
	if len(zs) > 64 {
		return nil
	}
	return zs
}

// zone is a location: a loaded one has no offset here.
type zone struct {
	kind   uint64
	name   string
	offset int
}

// get returns the location of z, made once: loading one takes tens of microseconds.
func (zs *zones) get(z zone) (*time.Location, error) {
	if loc := (*zs)[z]; loc != nil {
		return loc, nil
	}
	loc, err := time.FixedZone(z.name, z.offset), error(nil)
	if z.kind == zoneNamed {
		if loc, err = time.LoadLocation(z.name); err != nil {
			return nil, err
		}
	}
	if *zs == nil {
		*zs = make(zones)
	}
	(*zs)[z] = loc
	return loc, nil
}

func (e *encoder) time(t time.Time) {
	var b [13]byte
	binary.LittleEndian.PutUint64(b[:], uint64(t.Unix()))
	binary.LittleEndian.PutUint32(b[8:], uint32(t.Nanosecond()))
	kind := zoneKind(t)
	if e.inKey && (kind > zoneLocal || t != t.Round(0)) {
		e.fail(fmt.Errorf("codec: a key %v, which another time with its zone is not equal to: %w", t, kept.ErrStays))
	}
	b[12] = byte(kind)
	e.bytes(b[:])
	if kind == zoneUTC {
		return
	}
	abbreviation, offset := t.Zone()
	e.uvarint(uint64(offset))
	e.string(abbreviation)
	if kind == zoneNamed {
		name := t.Location().String()
		loc, err := e.zones.get(zone{kind: zoneNamed, name: name})
		if err != nil || !sameZone(t, t.In(loc)) {
			e.fail(fmt.Errorf("codec: a time in zone %q, which cannot be loaded by its name: %w", name, kept.ErrStays))
			return
		}
		e.string(name)
	}
}

func zoneKind(t time.Time) uint64 {
	switch t.Location() {
	case time.UTC:
		return zoneUTC
	case time.Local:
		return zoneLocal
	}
	name, _ := t.Zone()
	if start, end := t.ZoneBounds(); start.IsZero() && end.IsZero() && name == t.Location().String() {
		return zoneFixed
	}
	return zoneNamed
}

// sameZone reports whether the zone of a and b, the same instant, is the same around it.
func sameZone(a, b time.Time) bool {
	aName, aOffset := a.Zone()
	bName, bOffset := b.Zone()
	aStart, aEnd := a.ZoneBounds()
	bStart, bEnd := b.ZoneBounds()
	return aName == bName && aOffset == bOffset && aStart.Equal(bStart) && aEnd.Equal(bEnd)
}

func (d *decoder) time() (time.Time, error) {
	var b [13]byte
	if err := d.full(b[:]); err != nil {
		return time.Time{}, err
	}
	nsec := binary.LittleEndian.Uint32(b[8:])
	if nsec >= 1e9 || b[12] > zoneNamed {
		return time.Time{}, corrupt("not a time")
	}
	t := time.Unix(int64(binary.LittleEndian.Uint64(b[:])), int64(nsec)).UTC()
	if b[12] == zoneUTC {
		return t, nil
	}
	return d.timeIn(t, uint64(b[12]))
}

// timeIn reads the zone, and returns t in it. If time.Local or a named zone is not here what it was where the time was
// written, the time cannot be had.
func (d *decoder) timeIn(t time.Time, kind uint64) (time.Time, error) {
	x, err := d.uvarint()
	if err != nil {
		return t, err
	}
	z := zone{kind: kind, offset: int(x)}
	if z.name, err = d.string(); err != nil {
		return t, err
	}
	abbreviation, offset := z.name, z.offset
	loc := time.Local
	switch kind {
	case zoneNamed:
		z.offset = 0
		if z.name, err = d.string(); err != nil {
			return t, err
		}
		fallthrough
	case zoneFixed:
		if loc, err = d.zones.get(z); err != nil {
			return t, fmt.Errorf("codec: zone %q: %w", z.name, err)
		}
	}
	t = t.In(loc)
	if gotName, gotOffset := t.Zone(); gotName != abbreviation || gotOffset != offset {
		return t, fmt.Errorf("codec: the zone of a time is %s%+d here, and was %s%+d where it was written", gotName,
			gotOffset, abbreviation, offset)
	}
	return t, nil
}
