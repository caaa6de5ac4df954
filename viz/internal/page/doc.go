// Package page writes the HTML page that shows a graph and what ran: as a file that carries its data and needs no
// network, or as the live page that gets them from the server that sent it.
//
// The smallest use:
//
//	err := page.Write(w, "word count", func(w io.Writer) error { return writeJSON(w) })
//
// [Write] puts the HTML, the style sheet and the script of this package together with the data. The script has no
// dependencies and no build step: its parts, in the order of [parts], share one scope.
//
//	base.js      elements, numbers and times as text, states, themes
//	data.js      the data in typed arrays, counts that follow each change of a state
//	lanes.js     spans sorted into lanes, for the timeline
//	view.js      zoom, pan, click and hover of a drawing, by pointer and by key
//	search.js    which calls match the search field
//	head.js      title, bar of states, numbers, legend, facts
//	cards.js     the collapsed picture: a card a group
//	cells.js     every node: a block of cells a group
//	timeline.js  a lane a worker
//	tables.js    functions, failures, runs
//	list.js      the calls of a function or group, of which only the rows in sight exist
//	details.js   all about one call
//	live.js      the events of the server
//	main.js      keys, and one drawing a frame
//
// Rules that the script keeps. Text from outside becomes text nodes, never markup. What is drawn is what changed: an
// event only changes the data and marks what is to be drawn, and the next frame draws it. There is no element per call,
// so that 100,000 calls cost what 100 do: cells are texels of a picture, spans are binned to a column a pixel, lists
// have the rows that are in sight. A colour never stands alone: states have glyphs, failures are hatched.
//
// What it costs: the page without data is 135 KB. With 100,030 calls, 6.5 MB of data, it opens in 0.25 to 0.55 s in
// Chromium on two busy cores; the timeline of 100,000 spans is drawn in 2.4 ms (median); with ten events a second, 95 of
// 100 frames take at most 17 ms, or two of the screen's beats, 33 ms, when the machine is busy.
//
// When not to use it: for less than a page, package viz draws an SVG that needs no script.
package page
