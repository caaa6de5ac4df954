package comm

import (
	"context"
	"reflect"
	"strconv"
)

// Transport is one rank's way to the others. Local has one for ranks that are goroutines of this process; New makes a
// Comm of any other. Comm checks ranks, tags and roots before it calls a Transport, and never calls two methods at
// once. Values pass as they are where ranks share memory; a Transport that leaves the process writes them out, and
// knows by Type what to read.
//
// A wait that can never end has to be an error, not a hang, as far as the Transport can tell.
type Transport interface {
	// Rank, Size and Name are what Comm's methods of these names return. They never change.
	Rank() int
	Size() int
	Name() string

	// Send hands m to rank to and does not wait for it to be received. Messages with the same From, to and Tag are
	// received in the order of sending.
	Send(ctx context.Context, to int, m Message) error

	// Recv waits for the oldest message that w matches, and takes it. One that matches but that w refuses is an error,
	// and stays where it is.
	Recv(ctx context.Context, w Want) (Message, error)

	// Meet is this rank's part in a collective operation: it gives v and returns what it gets, once that is there. All
	// ranks must call Meet with the same ops in the same order; another op is an error at every rank. The caller does
	// not write to what it is returned.
	Meet(ctx context.Context, op Op, v any) ([]any, error)
}

// Message is a value on its way from one rank to another.
type Message struct {
	Envelope

	// Type is what the value was sent as. Value's own type differs if that is an interface.
	Type reflect.Type

	// Len is the number of elements if Type is a slice, or else 0.
	Len int

	Value any
}

// Want is what a receive waits for.
type Want struct {
	// From is a rank or AnySource, Tag a tag or AnyTag. A message has to match both.
	From, Tag int

	// Type is what the message must have been sent as, or else it is refused.
	Type reflect.Type

	// LenMax is how many elements a slice may have, or else it is refused. Negative: any number.
	LenMax int
}

// Op is a collective operation: which ranks give a value to Meet, and which get what.
//
//	Root        Out    Split   gives            gets
//	NoRoot                     every rank one   every rank all of them, by rank (Barrier, AllGather)
//	a rank      false          every rank one   the root all of them, by rank; others nothing, at once (Gather)
//	a rank      true   false   the root one     every rank that one (Broadcast)
//	a rank      true   true    the root []any   every rank its own of the elements (Scatter)
//
// A Split of a length other than Size is an error at every rank.
type Op struct {
	// Name is that of the function that was called. Number counts the rank's collective operations from 1; AllReduce
	// is two Ops of one Number. Both are for messages: what all ranks must agree on is the whole Op.
	Name   string
	Number int

	// Type is what the values are given as, nil for Barrier.
	Type reflect.Type

	Root       int
	Out, Split bool
}

// NoRoot is the Root of an Op that has none.
const NoRoot = -1

// waits tells whether rank has to wait for others before it gets what it gets: for all of them, or only for the root.
func (op Op) waits(rank int) (waits, forAll bool) {
	switch {
	case op.Root == NoRoot:
		return true, true
	case op.Out:
		return rank != op.Root, false
	}
	return rank == op.Root, true
}

// String returns the likes of "Broadcast #3 of int with root 0".
func (op Op) String() string {
	s := op.Name + " #" + strconv.Itoa(op.Number)
	if op.Type != nil {
		s += " of " + op.Type.String()
	}
	if op.Root != NoRoot && op.Name != "AllReduce" {
		s += " with root " + strconv.Itoa(op.Root)
	}
	return s
}
