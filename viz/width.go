package viz

import (
	"strings"
	"unicode"
)

// face is a weight and size of the font stack, which begins with DejaVu Sans and Verdana: among the widest fonts in use,
// so that whatever a reader has instead is narrower than the measure here.
type face struct {
	widths *[95]int16 // of ' ' to '~', in thousandths of the size
	size   float64
}

var (
	faceTitle = &face{&bold, 15}
	faceName  = &face{&bold, 13}
	faceTimes = &face{&regular, 13}
	faceSmall = &face{&regular, 11}
)

// Advance widths, measured with Chromium: for each character the larger of DejaVu Sans and Liberation Sans.
var regular = [95]int16{
	318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636, 636,
	636, 636, 337, 337, 838, 838, 838, 556, 1015, 684, 686, 722, 770, 667, 611, 778, 752, 295, 500, 667, 557, 863, 748, 787,
	667, 787, 722, 667, 611, 732, 684, 989, 685, 667, 685, 390, 337, 390, 838, 556, 500, 613, 635, 550, 635, 615, 352, 635,
	634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
}

var bold = [95]int16{
	348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696, 696, 696, 696,
	696, 696, 400, 400, 838, 838, 838, 611, 1015, 774, 762, 734, 830, 683, 683, 821, 837, 372, 556, 775, 637, 995, 837, 850,
	733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838, 556, 500, 675, 716, 593, 716, 678, 435, 716,
	712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
}

// ranges gives upper bounds for everything else, again over several fonts and both weights. Scripts that are not here
// get the widest bound of those that are: a card that is too wide is a blemish, one that is too narrow a mistake.
var ranges = []struct {
	last  rune
	width float64
}{
	{0x24f, 0.92},
	{0x2ff, 1.25},
	{0x36f, 0.6},
	{0x3ff, 1.1},
	{0x45f, 1.33},
	{0x52f, 1.45},
	{0x58f, 1.1},
	{0x5ff, 0.85},
	{0x77f, 1.4},
	{0x10ff, 1.6},
	{0x11ff, 1.1},
	{0x1dff, 1.6},
	{0x1eff, 1.15},
	{0x1fff, 1.25},
	{0x202f, 1.0},
	{0x203f, 1.9},
	{0x206f, 1.05},
	{0x218f, 1.7},
	{0x21ff, 1.05},
	{0x23ff, 1.45},
	{0x243f, 0.85},
	{0x25ff, 1.15},
	{0x2e39, 1.6},
	{0x2e7f, 3.1},
	{0xa4cf, 1.05},
	{0xabff, 2},
	{0xd7a3, 1.05},
	{0xf8ff, 1.6},
	{0xfaff, 1.05},
	{0xfdef, 1.75},
	{0xfdff, 9},
	{0xfeff, 1.6},
	{0xffff, 1.15},
	{0x11fff, 2},
	{0x1239f, 4},
	{0x1efff, 2},
	{0x1ffff, 1.65},
	{0x3ffff, 1.05},
	{unicode.MaxRune, 2},
}

// latinWide are the letters and signs below U+0250 that are wider than their range.
const latinWide = "¼½¾ÆæŒœŴŵƓƜƢǄǅǆǇǈǉǊǋǌǢǣǱǲǳǶǼǽȸȹ©®"

func (f *face) rune(r rune) float64 {
	switch {
	case ' ' <= r && r <= '~':
		return float64(f.widths[r-' ']) * f.size / 1000
	case r == 0x2068 || r == 0x2069: // our own isolates; clean lets no others pass
		return 0
	case r < 0x250 && strings.ContainsRune(latinWide, r):
		return 1.6 * f.size
	}
	lo, hi := 0, len(ranges)-1
	for lo < hi {
		if mid := (lo + hi) / 2; ranges[mid].last < r {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return ranges[lo].width * f.size
}

// width is an upper bound for the width of s in pixels.
func (f *face) width(s string) float64 {
	w := 0.0
	for _, r := range s {
		w += f.rune(r)
	}
	return w
}

// cut returns s if it is no wider than most pixels, else as much of it as fits with an ellipsis, and the width.
func (f *face) cut(s string, most float64) (string, float64) {
	room, fits := most-f.rune('…'), 0
	w, wFits := 0.0, 0.0
	for i, r := range s {
		if w <= room {
			fits, wFits = i, w
		}
		if w += f.rune(r); w > most {
			return strings.TrimRight(s[:fits], " ") + "…", wFits + f.rune('…')
		}
	}
	return s, w
}
