// Package content turns values of any Go type into contents: short descriptions that are the same in all processes and on
// all machines, and differ for values that differ. They are what the keys of kept results are made of.
//
// # Rules
//
// The content of a value is its encoding, if that has at most 40 bytes, else the SHA-256 of it. The encoding is the shape
// of the type – kinds and lengths, no names – and then the data, which under a known shape delimits itself. So contents
// differ where shapes do: an int differs from an int64, a pointer from what it points to, [0]int{} from []int{}.
//
//   - Numbers are little endian, int and uint 64 bits wide everywhere. Floats count by their bits: -0 differs from +0, and
//     a NaN from one with other bits.
//   - Structs count by all their fields, unexported ones too, except for blank ones (_) and padding. Names of types and
//     fields are no part of it: [Walker.Fingerprint] is what tells types apart.
//   - Pointers are followed. Where two of them point does not count, only at what: a value that is shared is the same as
//     two equal ones. nil differs from everything else, also for slices and maps.
//   - Maps count as the set of their entries; those with NaN keys as a multiset.
//   - What an interface holds counts with its type, by fingerprint. Two types of one package that have the same name,
//     because they were declared inside functions, and the same fields, are not told apart.
//   - A [time.Time] counts as its instant with the name and offset of its zone then, and the name of its location; its
//     monotonic reading is dropped.
//   - A [reflect.Type] counts by its fingerprint.
//
// A type may say itself what its values come to, by a method CacheKey() []byte, on the value or the pointer. One that a
// struct only inherits from an embedded field does not count, for it leaves out the other fields. Whoever makes a keyer may
// give rules for other types, see [By]. Other methods, such as MarshalBinary, are never called: what they leave out would
// make different values equal.
//
// # What is refused
//
// A type that has, anywhere outside of interfaces and outside of types with a rule of their own, a func, chan,
// unsafe.Pointer, uintptr (but not syscall.Errno), anything of packages sync and sync/atomic, a context, a [time.Location]
// or a struct with unexported fields from one of the packages whose values stand for something outside of them – os, net,
// reflect, runtime and the like – is refused as a whole, even if the field is nil. What an interface holds is refused when
// it is met. So are values that contain themselves, and values nested deeper than 100,000 levels. Zero-length arrays hold
// nothing, so they are not looked into.
//
// What is met twice is walked twice. A value in which parts are shared on many levels, each time by two others, takes twice
// the time for each level: give its type a CacheKey. After 67 million pointers, slices and maps, which takes seconds, a
// value is refused.
//
// A value must not be changed while it is walked. If it is, its content is that of no value in particular.
package content
