package codec

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/kept"
)

func TestTimes(t *testing.T) {
	now := time.Now()
	require.Equal(t, now.Round(0), through(t, now), "the monotonic reading is left out")
	require.Equal(t, time.Time{}, through(t, time.Time{}))
	for _, v := range []time.Time{
		time.Unix(1<<62, 999_999_999).UTC(),
		time.Unix(-1<<62, 0).UTC(),
		time.Unix(0, 0).In(time.FixedZone("CET", 3600)),
		time.Unix(0, 0).In(time.FixedZone("", -7)),
		time.Unix(0, 0).In(time.FixedZone("Europe/Berlin", 3600)),
	} {
		got := through(t, v)
		require.Equal(t, v, got)
		require.Equal(t, v.AddDate(0, 6, 0).String(), got.AddDate(0, 6, 0).String())
	}
}

func TestNamedZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zones on this machine: ", err)
	}
	winter := time.Date(2026, 1, 2, 3, 4, 5, 6, berlin)
	got := through(t, []time.Time{winter, winter.AddDate(0, 6, 0)})
	for i, v := range []time.Time{winter, winter.AddDate(0, 6, 0)} {
		require.Equal(t, v.String(), got[i].String())
		require.Equal(t, "Europe/Berlin", got[i].Location().String())
		require.Equal(t, v.AddDate(0, 6, 0).String(), got[i].AddDate(0, 6, 0).String())
	}
}

// TestZoneOfAnotherName: a location that cannot be loaded by its name, or is another then, stays in the process.
func TestZoneOfAnotherName(t *testing.T) {
	c, err := For[time.Time]()
	require.NoError(t, err)
	for _, name := range []string{"Nowhere/AtAll", "America/New_York", "UTC"} {
		loc, err := time.LoadLocationFromTZData(name, zoneData())
		require.NoError(t, err)
		require.ErrorIs(t, c.Encode(io.Discard, time.Unix(1_700_000_000, 0).In(loc)), kept.ErrStays, name)
	}
}

// zoneData is a file of time zone data, version 1: AAA, an hour from UTC, and from 2001-09-09 on BBB, two hours.
func zoneData() []byte {
	var b bytes.Buffer
	b.WriteString("TZif")
	b.Write(make([]byte, 16))
	for _, n := range []byte{0, 0, 0, 1, 2, 8} { // counts: UTC, standard, leap seconds, transitions, zones, characters
		b.Write([]byte{0, 0, 0, n})
	}
	b.Write([]byte{0x3b, 0x9a, 0xca, 0x00, 1})
	b.Write([]byte{0, 0, 0x0e, 0x10, 0, 0})
	b.Write([]byte{0, 0, 0x1c, 0x20, 0, 4})
	b.WriteString("AAA\x00BBB\x00")
	return b.Bytes()
}

// TestTimesAsKeys: times are equal as keys only if their locations are one, which those that are made are not.
func TestTimesAsKeys(t *testing.T) {
	c, err := For[map[pair[time.Time, int]][]time.Time]()
	require.NoError(t, err)
	for _, at := range []time.Time{time.Unix(5, 0).UTC(), time.Unix(5, 0).Local()} {
		v := map[pair[time.Time, int]][]time.Time{{at, 1}: {time.Now()}}
		got, err := c.Decode(bytes.NewReader(encoded(t, c, v)))
		require.NoError(t, err)
		require.Contains(t, got, pair[time.Time, int]{at, 1})
	}
	for _, at := range []time.Time{time.Now(), time.Unix(5, 0).In(time.FixedZone("CET", 3600))} {
		v := map[pair[time.Time, int]][]time.Time{{at, 1}: nil}
		require.ErrorIs(t, c.Encode(io.Discard, v), kept.ErrStays)
	}
}

func TestTimesRefused(t *testing.T) {
	c, err := For[time.Time]()
	require.NoError(t, err)
	h := c.(*structural).header
	instant := make([]byte, 12)
	for _, b := range [][]byte{
		append([]byte{8: 0, 9: 0, 10: 0, 11: 0xff}, zoneUTC), // more nanoseconds than a second has
		append(instant[:12:12], zoneNamed+1),
		append(instant[:12:12], zoneLocal, 77, 1, '?'),                       // not the zone here
		append(instant[:12:12], zoneNamed, 0, 1, 'A', 4, '.', '.', '/', 'x'), // not a name
	} {
		_, err := c.Decode(bytes.NewReader(append(h[:], b...)))
		require.Error(t, err, "%v", b)
	}
}
