// Package graph holds the shape of a computation: plans, their order, snapshots and the questions one asks of them.
// It knows no function, no value and no goroutine.
//
// A [Snapshot] is a picture of recorded calls at one moment: plain data that can be kept, compared, drawn (package
// viz) or handed to gonum through [Snapshot.Directed]. A [Plan] is the flat form in which a run is planned and
// executed: calls numbered so that every call comes after its inputs, edges in compressed rows.
//
// Edges go from input to user: if call b takes the value of call a, then a is an input of b, b is a user of a, and
// the edge is a → b.
package graph
